using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Runtime.Clustering;
using Grid.Testing;

namespace Grid.Runtime.Tests.Clustering;

public sealed class SourceGapsTests
{
    [Fact]
    public void Gaps_of_a_market_are_those_of_a_single_process_whatever_is_told_twice_or_loaded_again()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var market = new RandomMarket(seed, eventsPerSource: 40);
            var context = market.Names.ToContext();
            var gaps = new Dictionary<SourceId, SourceGaps>();
            var random = new Random(seed);
            var lines = market.All.Where(_ => random.Next(10) > 0).ToList();
            foreach (var some in lines.Chunk(15))
            {
                var events = some.Select(l => l.Event).ToArray();
                foreach (var (source, sightings) in SourceSightings.Of(events, context))
                {
                    gaps.TryAdd(source, new SourceGaps());
                    gaps[source].Observe(sightings);
                    Assert.False(gaps[source].Observe(sightings));
                    gaps[source] = Reloaded(gaps[source]);
                }
            }

            var found = gaps.SelectMany(g => g.Value.Open().Select(o =>
                $"{market.Names.Source(g.Key)} {context.Names.Channels.Find(o.Channel)} {o.Session} {o.FirstMissing}-{o.LastMissing}")).Order(StringComparer.Ordinal);
            Assert.Equal(NaiveMarket.Gaps(market.Names, lines), found);
        }
    }

    [Fact]
    public void Domains_heard_of_least_recently_are_forgotten()
    {
        var gaps = new SourceGaps(domainsMax: 2);
        gaps.Observe([Sighting("A", 1, 1, 3), Sighting("A", 2, 1, 3)]);
        gaps.Observe([Sighting("A", 1, 5)]);
        gaps.Observe([Sighting("B", 1, 7)]);

        Assert.Equal(1, gaps.Forgotten);
        Assert.Equal([new SourceGap("A", 1, 2, 2), new SourceGap("A", 1, 4, 4)], gaps.Open());
        Assert.Equal(1, Reloaded(gaps).Forgotten);
    }

    [Fact]
    public void Numbers_of_a_batch_become_ranges_whatever_their_order()
    {
        var context = TestMarket.Names.ToContext();
        MarketEvent[] events = [.. ((ulong[])[7, 5, 6, 9, 9, 0, ulong.MaxValue]).Select(s => TestMarket.Trade(s, "14:30:00", "1", source: TestMarket.Contiguous).Event), TestMarket.Trade(3, "14:30:00", "1").Event];

        var sighting = Assert.Single(Assert.Single(SourceSightings.Of(events, context)).Value);
        Assert.Equal([new SequenceRange(5, 7), new SequenceRange(9, 9), new SequenceRange(ulong.MaxValue, ulong.MaxValue)], sighting.Numbers);
    }

    private static SourceSighting Sighting(string channel, uint session, params ulong[] numbers) => new(channel, session, [.. numbers.Select(n => new SequenceRange(n, n))]);

    private static SourceGaps Reloaded(SourceGaps gaps)
    {
        var loaded = new SourceGaps(domainsMax: 2000);
        loaded.Load(gaps.Save());
        return loaded;
    }
}
