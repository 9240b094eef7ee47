using Grid.Cli.Bench;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;

namespace Grid.Cli.Tests.Bench;

public sealed class SyntheticMarketTests
{
    private static readonly UnixNanos Start = new(1_714_570_200_000_000_000);

    [Fact]
    public void Same_seed_gives_the_same_events() =>
        Assert.Equal(Take(Market(seed: 7), 10_000).Select(Shown), Take(Market(seed: 7), 10_000).Select(Shown));

    [Fact]
    public void Other_seed_gives_other_events() =>
        Assert.NotEqual(Take(Market(seed: 7), 100).Select(Shown), Take(Market(seed: 8), 100).Select(Shown));

    [Fact]
    public void Counts_say_what_was_given()
    {
        var market = Market();
        var events = Take(market, 200_000);

        Assert.Equal(events.Count, market.Given);
        Assert.Equal(events.Count, market.Trades + market.Quotes + market.Duplicates);
        Assert.Equal(events.Count - events.DistinctBy(e => e.Sequence).Count(), market.Duplicates);
        Assert.Equal(events.Select(e => e.Sequence).Distinct().Order(), Enumerable.Range(1, (int)(market.Trades + market.Quotes)).Select(n => (ulong)n));
        Assert.InRange(market.Duplicates, 800, 1_200);
        Assert.InRange(market.Late, 1_600, 2_400);
        Assert.InRange(market.Trades, 75_000, 85_000);
    }

    [Fact]
    public void Model_equals_what_a_plain_reading_of_the_events_gives()
    {
        var market = Market();
        var events = Take(market, 100_000);
        var once = events.DistinctBy(e => e.Sequence).ToList();

        foreach (var expected in market.Expected.ToArray())
        {
            var trades = once.Where(e => e.Instrument == expected.Number && e.Kind == EventKind.Trade).OrderBy(e => e.EventTime).ThenBy(e => e.Sequence).ToList();
            Assert.Equal(trades.Count, expected.Trades);
            Assert.Equal(trades.Aggregate(Int128.Zero, (sum, e) => sum + e.F1), expected.Volume);
            Assert.Equal(trades.Aggregate(Int128.Zero, (sum, e) => sum + ((Int128)e.F0 * e.F1)), expected.Notional);
            if (trades.Count > 0)
            {
                Assert.Equal((trades[^1].Price, trades[^1].Size, trades[^1].Sequence, trades[^1].EventTime),
                    (expected.LastPrice, expected.LastSize, expected.LastSequence, expected.LastTime));
                Assert.Equal((trades[0].Price, trades.Max(t => t.Price), trades.Min(t => t.Price)), (expected.Open, expected.High, expected.Low));
            }

            var quotes = once.Where(e => e.Instrument == expected.Number && e.Kind == EventKind.Quote).OrderBy(e => e.EventTime).ThenBy(e => e.Sequence).ToList();
            Assert.Equal(quotes.Count, expected.Quotes);
            if (quotes.Count > 0)
            {
                Assert.Equal((quotes[^1].BidPrice, quotes[^1].BidSize, quotes[^1].AskPrice, quotes[^1].AskSize, quotes[^1].EventTime),
                    (expected.Bid, expected.BidSize, expected.Ask, expected.AskSize, expected.QuoteTime));
            }
        }
    }

    [Fact]
    public void Prices_are_positive_and_quotes_are_not_crossed() =>
        Assert.All(Take(Market(), 50_000), e => Assert.True(e.F0 > 0 && (e.Kind == EventKind.Trade || e.F2 > e.F0) && e.F1 > 0));

    [Fact]
    public void Symbols_come_by_Zipf()
    {
        var market = Market(instruments: 100);
        var counts = Take(market, 500_000).CountBy(e => (int)e.Instrument.Value - 1).ToDictionary();
        var total = Enumerable.Range(1, 100).Sum(i => 1.0 / i);

        foreach (var rank in new[] { 1, 2, 10, 50, 100 })
        {
            Assert.InRange(counts[rank - 1] / 500_000.0, 0.85 / (rank * total), 1.15 / (rank * total));
        }
    }

    [Fact]
    public void Late_events_stay_inside_what_a_window_can_tell()
    {
        var highest = 0ul;
        Assert.All(Take(Market(), 100_000), e =>
        {
            highest = Math.Max(highest, e.Sequence);
            Assert.True(highest - e.Sequence <= 600);
        });
    }

    [Fact]
    public void Making_events_allocates_nothing()
    {
        var market = Market();
        market.Next(out _);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100_000; i++)
        {
            market.Next(out _);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static SyntheticMarket Market(ulong seed = 1, int instruments = 200)
    {
        var names = new GridNames();
        return new SyntheticMarket(
            new SyntheticMarketOptions { Start = Start, Seed = seed, Instruments = instruments },
            (kind, name) => names[kind].GetOrAdd(name));
    }

    private static List<MarketEvent> Take(SyntheticMarket market, int count)
    {
        var events = new List<MarketEvent>();
        for (var i = 0; i < count; i++)
        {
            market.Next(out var e);
            events.Add(e);
        }

        while (market.TryDrain(out var e))
        {
            events.Add(e);
        }

        return events;
    }

    private static string Shown(MarketEvent e) => $"{e.Kind} {e.Instrument} {e.Sequence} {e.EventTime} {e.F0} {e.F1} {e.F2} {e.F3}";
}
