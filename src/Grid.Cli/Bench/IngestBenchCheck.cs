using System.Globalization;
using System.Text.Json;
using Grid.Domain.Identifiers;

namespace Grid.Cli.Bench;

/// <summary>What must have come out of a benchmark's feeding.</summary>
/// <param name="Given">Events given.</param>
/// <param name="Duplicates">Of these, events given twice.</param>
/// <param name="Acknowledged">Events acknowledged.</param>
/// <param name="Outcomes">What the server said of them.</param>
/// <param name="Start">First event time.</param>
/// <param name="End">Last event time.</param>
/// <param name="Model">What must be known of each instrument.</param>
internal sealed record IngestExpectation(
    long Given,
    long Duplicates,
    long Acknowledged,
    IngestOutcomes Outcomes,
    UnixNanos Start,
    UnixNanos End,
    IReadOnlyList<(string Symbol, ExpectedInstrument Expected)> Model);

/// <summary>Compares what the server says, over HTTP, with what the market's own model says must have come out.</summary>
internal sealed class IngestBenchCheck(IngestExpectation fed)
{
    private const int InstrumentsAtOnce = 200;
    private const int DifferencesToldMax = 10;

    private readonly List<string> _differences = [];

    /// <summary>One sentence for each of the first differences; none if there is none.</summary>
    public async Task<List<string>> CompareAsync(BenchServer server, CancellationToken cancel)
    {
        var outcomes = (await server.GetAsync("/v1/status", cancel)).GetProperty("outcomes");
        Check("the events acknowledged", fed.Given, fed.Acknowledged);
        CheckOutcome("accepted", fed.Given - fed.Duplicates, fed.Outcomes.Accepted);
        CheckOutcome("duplicate", fed.Duplicates, fed.Outcomes.Duplicate);
        CheckOutcome("flagged", 0, fed.Outcomes.Flagged);
        CheckOutcome("rejected", 0, fed.Outcomes.Rejected);
        foreach (var some in fed.Model.Where(i => i.Expected.Trades + i.Expected.Quotes > 0).Chunk(InstrumentsAtOnce))
        {
            var found = await server.GetAsync($"/v1/latest?instruments={string.Join(',', some.Select(i => i.Symbol))}", cancel);
            foreach (var ((symbol, expected), latest) in some.Zip(found.EnumerateArray()))
            {
                CheckInstrument(symbol, in expected, latest);
            }

            Check("the instruments answered", some.Length, found.GetArrayLength());
        }

        return _differences;

        void CheckOutcome(string name, long expected, long acknowledged)
        {
            Check($"{name} in the acknowledgements", expected, acknowledged);
            Check($"{name} in the status", expected, outcomes.GetProperty(name).GetInt64());
        }
    }

    private void CheckInstrument(string symbol, in ExpectedInstrument expected, JsonElement latest)
    {
        Check("the instrument", symbol, Text(latest, "instrument"));
        if (expected.Trades > 0)
        {
            Check($"{symbol} price", expected.LastPrice.ToString(), Text(latest, "price"));
            Check($"{symbol} size", expected.LastSize.ToString(), Text(latest, "size"));
            Check($"{symbol} trade_time", expected.LastTime.ToString(), Text(latest, "trade_time"));
            CheckDay(symbol, in expected, latest.GetProperty("day"));
        }

        if (expected.Quotes > 0)
        {
            Check($"{symbol} bid", (expected.Bid.ToString(), expected.BidSize.ToString()), (Text(latest, "bid"), Text(latest, "bid_size")));
            Check($"{symbol} ask", (expected.Ask.ToString(), expected.AskSize.ToString()), (Text(latest, "ask"), Text(latest, "ask_size")));
        }
    }

    // The model is of the whole run; a day's statistics are the same only if the run did not go over midnight.
    private void CheckDay(string symbol, in ExpectedInstrument expected, JsonElement day)
    {
        if (fed.Start.Date != fed.End.Date)
        {
            return;
        }

        Check($"{symbol} day count", expected.Trades, day.GetProperty("count").GetInt64());
        Check($"{symbol} day volume", expected.VolumeUnits.ToString(CultureInfo.InvariantCulture), Text(day, "volume"));
        Check($"{symbol} day open", expected.Open.ToString(), Text(day, "open"));
        Check($"{symbol} day high", expected.High.ToString(), Text(day, "high"));
        Check($"{symbol} day low", expected.Low.ToString(), Text(day, "low"));
    }

    private void Check<T>(string what, T expected, T found)
    {
        if (_differences.Count < DifferencesToldMax && !EqualityComparer<T>.Default.Equals(expected, found))
        {
            _differences.Add($"{what} is {found}; the model says {expected}");
        }
    }

    private static string Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() ?? "null" : "absent";
}
