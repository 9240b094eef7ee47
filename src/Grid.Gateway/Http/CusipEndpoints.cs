using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Grid.Domain;
using Grid.Domain.Cusips;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Gateway.Http.Routes;
using Grid.Gateway.Http.Rows;
using Grid.Runtime;
using Microsoft.AspNetCore.Http;

namespace Grid.Gateway.Http;

/// <summary>What dealers show for a CUSIP: best bid and ask over them, and the most recent run of each.</summary>
internal sealed class CusipEndpoints(IGrid grid)
{
    private const string Prefix = "/v1/runs/";

    private static readonly ApiArgument Date = new("date", """{"type":"string"}""", "2013-10-07", "The session date, as 2013-10-07 or 20131007; the newest that is known unless given.");

    private static readonly RowShape Runs = new(
        Column.Text("dealer", "dealer-a", "The source that sent it."),
        Column.Text("instrument", "UST-10Y", "The instrument it was sent for."),
        Column.Time("time", "When it was made, by the dealer."),
        Column.Decimal("bid", "99.5", "Its bid.").OrNull(),
        Column.Decimal("bid_size", "1000000", "Its size.").OrNull(),
        Column.Decimal("ask", "99.75", "Its ask.").OrNull(),
        Column.Decimal("ask_size", "1000000", "Its size.").OrNull(),
        Column.Decimal("bid_spread", "120.5", "In basis points over the benchmark.").OrNull(),
        Column.Decimal("ask_spread", "118", "In basis points over the benchmark.").OrNull(),
        Column.Decimal("bid_yield", "5.125", "In percent.").OrNull(),
        Column.Decimal("ask_yield", "5.05", "In percent.").OrNull(),
        Column.Text("benchmark", "912828YK0", "The CUSIP it is compared to.").OrNull());

    private static readonly RowShape Market = new(
        Column.Text("cusip", "037833100", "The CUSIP."),
        Column.Number("date", "20131007", "The session date."),
        Column.Decimal("bid", "99.5", "Highest bid over dealers, and over sources that quote an instrument of the CUSIP.").OrNull(),
        Column.Decimal("bid_size", "1000000", "Its size.").OrNull(),
        Column.Text("bid_dealer", "dealer-a", "Who shows it.").OrNull(),
        Column.Decimal("ask", "99.75", "Lowest ask, likewise.").OrNull(),
        Column.Decimal("ask_size", "1000000", "Its size.").OrNull(),
        Column.Text("ask_dealer", "dealer-b", "Who shows it.").OrNull(),
        Column.Decimal("mid", "99.625", "Halfway between bid and ask, rounded half to even.").OrNull(),
        Column.Decimal("spread", "0.25", "Ask less bid; negative if they cross.").OrNull(),
        Column.Number("dealers", "2", "Dealers and sources that show a bid or an ask."),
        Column.List("runs", Runs, "The most recent run of each dealer, in the order of their names."));

    public IEnumerable<ApiRoute> Routes() =>
    [
        new("GET", Prefix + "{cusip}", "What dealers show for a CUSIP", RunsAsync)
        {
            Description = "Of one session date; the newest dates are kept. In CSV and NDJSON there are the runs only.",
            Arguments = [ApiArgument.Cusip, Date, ApiArgument.Format],
            Answer = new ApiAnswer(AnswerKind.Object, Market) { InRows = Runs },
            Errors = [GridErrorCode.NotFound, GridErrorCode.BadArgument],
        },
    ];

    private async Task RunsAsync(HttpContext context)
    {
        var arguments = new QueryArguments(context);
        var format = arguments.Format();
        var text = QueryArguments.Symbol(context, Prefix);
        if (!Cusip.TryParse(text, out var cusip))
        {
            throw new GridException(GridErrorCode.BadArgument, Cusip.Explain(text));
        }

        var date = DateOf(arguments);
        var found = await grid.GetRunsAsync(cusip, date, context.RequestAborted).ConfigureAwait(false)
            ?? throw new GridException(GridErrorCode.NotFound, $"no dealer ever showed anything for CUSIP {cusip}");
        if (found.Market.Date == 0)
        {
            throw new GridException(GridErrorCode.NotFound, $"nothing is kept of CUSIP {cusip} on {date}; the dates kept are {string.Join(", ", found.Dates)}");
        }

        using var body = new RowBody(context, format, Runs, opening: format == RowFormat.Json ? Opening(found) : default);
        foreach (var run in found.Runs)
        {
            Add(body, in run);
            await body.EndRowAsync().ConfigureAwait(false);
        }

        await body.EndAsync().ConfigureAwait(false);
    }

    private static uint? DateOf(QueryArguments arguments)
    {
        var text = arguments.Text("date");
        return text is null ? null
            : DateOnly.TryParseExact(text, ["yyyy-MM-dd", "yyyyMMdd"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var date)
                ? (uint)((date.Year * 10_000) + (date.Month * 100) + date.Day)
                : throw QueryArguments.Bad("date", text, "a date such as 2013-10-07 or 20131007");
    }

    // The object up to its runs.
    private ReadOnlyMemory<byte> Opening(CusipRuns found)
    {
        var target = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(target, new JsonWriterOptions { SkipValidation = true }))
        {
            json.WriteStartObject();
            json.WriteString("cusip", found.Cusip.ToString());
            json.WriteNumber("date", found.Market.Date);
            Write(json, "bid", found.Market.Bid);
            Write(json, "ask", found.Market.Ask);
            json.WriteString("mid", found.Market.Mid?.ToString());
            json.WriteString("spread", found.Market.Spread?.ToString());
            json.WriteNumber("dealers", found.Market.DealerCount);
            json.WritePropertyName("runs");
        }

        return target.WrittenMemory;
    }

    private void Write(Utf8JsonWriter json, string name, in Side side)
    {
        json.WriteString(name, side.IsSet ? side.Price.ToString() : null);
        json.WriteString($"{name}_size", side.IsSet ? side.Size.ToString() : null);
        json.WriteString($"{name}_dealer", side.IsSet ? grid.Names.Sources.Text(side.Source.Value) : null);
    }

    private void Add(RowBody row, in DealerRun run)
    {
        var e = run.Event;
        row.Name(grid.Names.Sources[e.Source.Value]);
        row.Name(grid.Names.Instruments[(int)e.Instrument.Value]);
        row.Time(e.EventTime);
        SideCells.Add(row, new Side(e.Has(EventFlags.BidSet), e.BidPrice, e.BidSize, e.EventTime, e.Source));
        SideCells.Add(row, new Side(e.Has(EventFlags.AskSet), e.AskPrice, e.AskSize, e.EventTime, e.Source));
        foreach (var number in (ReadOnlySpan<long>)[run.Detail.BidSpread, run.Detail.AskSpread, run.Detail.BidYield, run.Detail.AskYield])
        {
            if (number == RunDetail.Absent)
            {
                row.Null();
            }
            else
            {
                row.Decimal(number, Price.Scale);
            }
        }

        row.Text(run.Detail.Benchmark.IsNone ? null : run.Detail.Benchmark.ToString());
    }
}
