using Grid.Domain;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Gateway.Http.Paging;
using Grid.Gateway.Http.Routes;
using Grid.Gateway.Http.Rows;
using Grid.Runtime;
using Microsoft.AspNetCore.Http;

namespace Grid.Gateway.Http;

/// <summary>The market of instruments now: best bid and offer, what each source quotes, statistics of the day.</summary>
internal sealed class MarketEndpoints(IGrid grid, GatewayOptions options)
{
    private static readonly RowShape Bbo = new(
        Column.Text("instrument", "AAPL", "The instrument."),
        Column.Decimal("bid", "100.24", "Highest bid over sources; of equal ones the earlier.").OrNull(),
        Column.Decimal("bid_size", "500", "Its size.").OrNull(),
        Column.Time("bid_time", "When it was set.").OrNull(),
        Column.Text("bid_source", "sip", "Who set it.").OrNull(),
        Column.Decimal("ask", "100.26", "Lowest ask over sources; of equal ones the earlier.").OrNull(),
        Column.Decimal("ask_size", "200", "Its size.").OrNull(),
        Column.Time("ask_time", "When it was set.").OrNull(),
        Column.Text("ask_source", "direct", "Who set it.").OrNull());

    private static readonly RowShape Quotes = new(
        Column.Text("source", "sip", "The source."),
        Column.Text("bid_state", "set", "set, cleared (withdrawn) or absent (never said)."),
        Column.Decimal("bid", "100.24", "Its bid.").OrNull(),
        Column.Decimal("bid_size", "500", "Its size.").OrNull(),
        Column.Time("bid_time", "When the bid was set or withdrawn.").OrNull(),
        Column.Number("bid_session", "20131007", "The session of the event that did it.").OrNull(),
        Column.Number("bid_sequence", "4711", "The sequence number of that event; 0 if the source gives none.").OrNull(),
        Column.Text("ask_state", "cleared", "set, cleared (withdrawn) or absent (never said)."),
        Column.Decimal("ask", "100.26", "Its ask.").OrNull(),
        Column.Decimal("ask_size", "200", "Its size.").OrNull(),
        Column.Time("ask_time", "When the ask was set or withdrawn.").OrNull(),
        Column.Number("ask_session", "20131007", "The session of the event that did it.").OrNull(),
        Column.Number("ask_sequence", "4712", "The sequence number of that event; 0 if the source gives none.").OrNull());

    private static readonly RowShape Day = new(
        Column.Text("instrument", "AAPL", "The instrument."),
        Column.Number("date", "20131007", "The session date of the newest trade, by the calendar of the instrument's class.").OrNull(),
        Column.Decimal("open", "100", "First price that counts.").OrNull(),
        Column.Decimal("high", "101.5", "Highest price that counts.").OrNull(),
        Column.Decimal("low", "99.75", "Lowest price that counts.").OrNull(),
        Column.Decimal("last", "100.25", "Price of the last trade.").OrNull(),
        Column.Decimal("volume", "1234500", "Sum of sizes.").OrNull(),
        Column.Decimal("notional", "123758625.5", "Sum of price times size.").OrNull(),
        Column.Decimal("vwap", "100.25", "Volume-weighted average price: notional by volume.").OrNull(),
        Column.Number("count", "8123", "Prints that count for volume.").OrNull());

    private static readonly GridErrorCode[] Errors = [GridErrorCode.InstrumentNotFound, GridErrorCode.BadArgument];

    private readonly InstrumentList _list = new(grid, options);

    private delegate void AddCells(RowBody row, in Latest latest);

    public IEnumerable<ApiRoute> Routes() =>
    [
        Many("/v1/bbo", "Best bid and offer of instruments", Bbo, AddBbo),
        One("/v1/bbo/", "Best bid and offer of an instrument", Bbo, AddBbo),
        Many("/v1/day", "Statistics of the day of instruments", Day, AddDay),
        One("/v1/day/", "Statistics of the day of an instrument", Day, AddDay),
        new("GET", "/v1/quotes/{symbol}", "What each source quotes for an instrument", QuotesAsync)
        {
            Description = "In the order of the sources' names. Each side is versioned by its own time, session and sequence: a late quote never replaces a newer one.",
            Arguments = [ApiArgument.Symbol, ApiArgument.Format],
            Answer = ApiAnswer.Rows(Quotes),
            Errors = [.. Errors, GridErrorCode.Stopping],
        },
    ];

    private ApiRoute Many(string path, string summary, RowShape shape, AddCells add) => new("GET", path, summary, context => ManyAsync(context, shape, add))
    {
        Description = "Of some instruments, or of all that fit a pattern.",
        Arguments = [.. InstrumentList.NamesOrPattern, ApiArgument.Format],
        Answer = ApiAnswer.Rows(shape),
        Headers = [ApiHeader.Next, ApiHeader.Link],
        Errors = Errors,
    };

    private ApiRoute One(string prefix, string summary, RowShape shape, AddCells add) =>
        new("GET", prefix + "{symbol}", summary, context => OneAsync(context, prefix, shape, add))
        {
            Arguments = [ApiArgument.Symbol, ApiArgument.Format],
            Answer = ApiAnswer.Row(shape),
            Errors = Errors,
        };

    private async Task ManyAsync(HttpContext context, RowShape shape, AddCells add)
    {
        var format = new QueryArguments(context).Format();
        var ids = await _list.NamedOrFittingAsync(context).ConfigureAwait(false);
        using var body = new RowBody(context, format, shape);
        foreach (var id in ids)
        {
            if (grid.TryGetLatest(id, out var latest))
            {
                add(body, in latest);
                await body.EndRowAsync().ConfigureAwait(false);
            }
        }

        await body.EndAsync().ConfigureAwait(false);
    }

    private async Task OneAsync(HttpContext context, string prefix, RowShape shape, AddCells add)
    {
        var arguments = new QueryArguments(context);
        var format = arguments.Format();
        var id = arguments.Instrument(grid, prefix);
        if (!grid.TryGetLatest(id, out var latest))
        {
            throw new GridException(GridErrorCode.InstrumentNotFound, $"nothing is known of instrument '{grid.Names.Symbol(id)}'");
        }

        using var body = new RowBody(context, format, shape, isOne: true);
        add(body, in latest);
        await body.EndRowAsync().ConfigureAwait(false);
        await body.EndAsync().ConfigureAwait(false);
    }

    private async Task QuotesAsync(HttpContext context)
    {
        var arguments = new QueryArguments(context);
        var format = arguments.Format();
        var quotes = await grid.GetQuotesAsync(arguments.Instrument(grid, "/v1/quotes/"), context.RequestAborted).ConfigureAwait(false);
        using var body = new RowBody(context, format, Quotes);
        foreach (var quote in quotes)
        {
            body.Name(grid.Names.Sources[quote.Source.Value]);
            Add(body, quote.Bid);
            Add(body, quote.Ask);
            await body.EndRowAsync().ConfigureAwait(false);
        }

        await body.EndAsync().ConfigureAwait(false);
    }

    private void AddBbo(RowBody row, in Latest latest)
    {
        row.Name(grid.Names.Instruments[(int)latest.Instrument.Value]);
        SideCells.AddWhole(row, latest.Bid, grid.Names);
        SideCells.AddWhole(row, latest.Ask, grid.Names);
    }

    private void AddDay(RowBody row, in Latest latest)
    {
        row.Name(grid.Names.Instruments[(int)latest.Instrument.Value]);
        var day = latest.Day;
        if (day.Date == 0)
        {
            row.Nulls(9);
            return;
        }

        row.Number((long)day.Date);
        row.Price(day.Open);
        row.Price(day.High);
        row.Price(day.Low);
        if (latest.HasLast)
        {
            row.Price(latest.Last.Price);
        }
        else
        {
            row.Null();
        }

        row.Wide(day.Volume, Quantity.Scale);
        row.Wide(day.Notional, Price.Scale + Quantity.Scale);
        if (day.Volume != 0)
        {
            row.Price(day.Vwap);
        }
        else
        {
            row.Null();
        }

        row.Number(day.Count);
    }

    private static void Add(RowBody row, in SideMark mark)
    {
        row.Name(mark.State switch
        {
            SideState.Set => "set"u8,
            SideState.Cleared => "cleared"u8,
            _ => "absent"u8,
        });
        if (mark.State == SideState.Absent)
        {
            row.Nulls(5);
            return;
        }

        if (mark.State == SideState.Set)
        {
            row.Price(new Price(mark.Price));
            row.Size(new Quantity(mark.Size));
        }
        else
        {
            row.Nulls(2);
        }

        row.Time(mark.Time);
        row.Number((long)mark.Session);
        row.Number(mark.Sequence);
    }
}
