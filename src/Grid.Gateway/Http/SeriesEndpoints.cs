using System.Buffers.Binary;
using Grid.Domain;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Gateway.Http.Paging;
using Grid.Gateway.Http.Routes;
using Grid.Gateway.Http.Rows;
using Grid.Runtime;
using Microsoft.AspNetCore.Http;

namespace Grid.Gateway.Http;

/// <summary>Series of one instrument: ticks and bars, as JSON, CSV or NDJSON.</summary>
internal sealed class SeriesEndpoints(IGrid grid, GatewayOptions options)
{
    private const int RowsByDefault = 1000;
    private const string IntervalByDefault = "1m";

    private static readonly string Intervals = string.Join(", ", BarInterval.All.Select(i => i.Key));

    private static readonly ApiArgument Interval = new(
        "interval", $$"""{"type":"string","enum":[{{string.Join(',', BarInterval.All.Select(i => $"\"{i.Key}\""))}}],"default":"{{IntervalByDefault}}"}""", "5m", "Length of the bars.");

    private static readonly RowShape Ticks = new(EventCells.Columns);

    /// <summary>The columns of bars.</summary>
    public static readonly RowShape Bars = new(
        Column.Time("time", "Start of the bar."),
        Column.Decimal("open", "100.25", "First price.").OrNull(),
        Column.Decimal("high", "100.5", "Highest price.").OrNull(),
        Column.Decimal("low", "100.1", "Lowest price.").OrNull(),
        Column.Decimal("close", "100.3", "Last price.").OrNull(),
        Column.Decimal("volume", "12300", "Sum of sizes."),
        Column.Decimal("vwap", "100.271345", "Volume-weighted average price.").OrNull(),
        Column.Number("count", "87", "Prints that count for volume."),
        Column.Decimal("bid", "100.29", "Best bid in force at the end.").OrNull(),
        Column.Decimal("bid_size", "400", "Its size.").OrNull(),
        Column.Decimal("ask", "100.31", "Best ask in force at the end.").OrNull(),
        Column.Decimal("ask_size", "200", "Its size.").OrNull());

    public IEnumerable<ApiRoute> Routes() =>
    [
        new("GET", "/v1/ticks/{symbol}", "Events of an instrument", TicksAsync)
        {
            Description = "Trades, quotes, runs, cancels and corrections as they were applied, with their outcome, in event order: by event time, source name, session, sequence, then content. Pages follow that order: what was there when the first page was read comes exactly once, also among equal times and while more arrives; an event that arrives behind the last page read comes with a later page, one that arrives late, before it, does not.",
            Arguments = [ApiArgument.Symbol, ApiArgument.From, ApiArgument.To, ApiArgument.Limit, ApiArgument.Format, ApiArgument.Cursor],
            Answer = ApiAnswer.Rows(Ticks),
            Headers = [ApiHeader.Complete, ApiHeader.AmendmentPending, ApiHeader.Next, ApiHeader.Link],
            Errors = [GridErrorCode.InstrumentNotFound, GridErrorCode.BadArgument, GridErrorCode.Stopping],
        },
        new("GET", "/v1/bars/{symbol}", "Bars of an instrument", BarsAsync)
        {
            Description = "Open, high, low, close, volume, VWAP and closing quote of each interval in which something happened, the open one included. They are made again when a late event, a cancel or a correction falls into them.",
            Arguments = [ApiArgument.Symbol, Interval, ApiArgument.From, ApiArgument.To, ApiArgument.Limit, ApiArgument.Format, ApiArgument.Cursor],
            Answer = ApiAnswer.Rows(Bars),
            Headers = [ApiHeader.Complete, ApiHeader.Next, ApiHeader.Link],
            Errors = [GridErrorCode.InstrumentNotFound, GridErrorCode.BadArgument, GridErrorCode.Stopping],
        },
    ];

    private async Task TicksAsync(HttpContext context)
    {
        var arguments = new QueryArguments(context);
        var format = arguments.Format();
        var (from, to) = arguments.Range(new UnixNanos(long.MinValue));
        var cursor = new PageCursor(context);
        var instrument = arguments.Instrument(grid, "/v1/ticks/");
        var limit = arguments.Limit(RowsByDefault, options.RowsMax);
        TickPage page;
        if (cursor.Place is not { } place)
        {
            page = await grid.GetTicksAsync(instrument, from, to, limit, context.RequestAborted).ConfigureAwait(false);
        }
        else if (TickPlace.TryRead(place, grid.Names, out var after))
        {
            page = await grid.GetTicksAfterAsync(instrument, after, to, limit, context.RequestAborted).ConfigureAwait(false);
        }
        else
        {
            throw cursor.Refusal();
        }

        if (page.Next is { } next)
        {
            cursor.SetNext(TickPlace.Write(in next, grid.Names));
        }

        context.Response.Headers["Grid-Complete"] = page.IsComplete ? "true" : "false";
        context.Response.Headers["Grid-Amendment-Pending"] = page.AmendmentPending ? "true" : "false";
        using var body = new RowBody(context, format, Ticks);
        foreach (var tick in page.Ticks)
        {
            EventCells.Add(body, in tick, grid.Names);
            await body.EndRowAsync().ConfigureAwait(false);
        }

        await body.EndAsync().ConfigureAwait(false);
    }

    private async Task BarsAsync(HttpContext context)
    {
        var arguments = new QueryArguments(context);
        var format = arguments.Format();
        var interval = arguments.Text("interval") ?? IntervalByDefault;
        if (!BarInterval.TryParse(interval, out var intervalNs))
        {
            throw QueryArguments.Bad("interval", interval, $"one of {Intervals}");
        }

        // Not from the first moment there is: the start of its interval would lie before it.
        var (from, to) = arguments.Range(new UnixNanos(-UnixNanos.PerDay * 100_000));
        var cursor = new PageCursor(context);
        var limit = arguments.Limit(RowsByDefault, options.RowsMax);
        if (cursor.Place is { } place)
        {
            // A bar begins at least a nanosecond after the one before.
            from = place.Length == sizeof(long) ? new UnixNanos(BinaryPrimitives.ReadInt64LittleEndian(place) + 1) : throw cursor.Refusal();
        }

        var bars = await grid.GetBarsAsync(
            arguments.Instrument(grid, "/v1/bars/"), intervalNs, from, to, limit + 1, context.RequestAborted).ConfigureAwait(false);
        if (bars.Count > limit)
        {
            var last = new byte[sizeof(long)];
            BinaryPrimitives.WriteInt64LittleEndian(last, bars[limit - 1].Start.Value);
            cursor.SetNext(last);
        }

        context.Response.Headers["Grid-Complete"] = bars.Count > limit ? "false" : "true";
        using var body = new RowBody(context, format, Bars);
        foreach (var bar in bars.Take(limit))
        {
            Add(body, in bar);
            await body.EndRowAsync().ConfigureAwait(false);
        }

        await body.EndAsync().ConfigureAwait(false);
    }

    private static void Add(RowBody row, in Bar bar)
    {
        row.Time(bar.Start);
        foreach (var price in (ReadOnlySpan<Price>)[bar.Open, bar.High, bar.Low, bar.Close])
        {
            if (bar.HasPrices)
            {
                row.Price(price);
            }
            else
            {
                row.Null();
            }
        }

        row.Wide(bar.Volume, Quantity.Scale);
        if (bar.Volume != 0)
        {
            row.Price(bar.Vwap);
        }
        else
        {
            row.Null();
        }

        row.Number(bar.Count);
        SideCells.Add(row, bar.Bid);
        SideCells.Add(row, bar.Ask);
    }
}
