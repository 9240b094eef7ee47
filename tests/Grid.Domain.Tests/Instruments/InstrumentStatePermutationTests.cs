using Grid.Testing;

namespace Grid.Domain.Tests.Instruments;

/// <summary>The state of an instrument is a function of the set of its events, not of their order.</summary>
public sealed class InstrumentStatePermutationTests
{
    [Fact]
    public void Every_order_of_a_few_events_gives_the_same_market()
    {
        for (var seed = 0; seed < 3_000; seed++)
        {
            var market = new SmallMarket(seed, events: 5);
            var expected = new NaiveMarket(SmallMarket.Names, market.Lines).Picture();
            foreach (var order in SmallMarket.Orders(market.Lines.Count))
            {
                var instrument = new OneInstrument(SmallMarket.Names);
                foreach (var at in order)
                {
                    instrument.Apply(market.Lines[at].Event);
                }

                Check(seed, order, expected, instrument.Picture());
            }
        }
    }

    [Fact]
    public void Any_order_of_more_events_with_repeats_and_a_restart_gives_the_same_market()
    {
        for (var seed = 0; seed < 5_000; seed++)
        {
            var random = new Random(seed);
            var market = new SmallMarket(seed, events: random.Next(6, 25));
            var expected = new NaiveMarket(SmallMarket.Names, market.Lines).Picture();
            var order = Enumerable.Range(0, market.Lines.Count).Concat(Enumerable.Range(0, random.Next(market.Lines.Count))).ToArray();
            random.Shuffle(order);
            var instrument = new OneInstrument(SmallMarket.Names);
            var restart = random.Next(order.Length);
            for (var i = 0; i < order.Length; i++)
            {
                instrument.Apply(market.Lines[order[i]].Event);
                if (i == restart)
                {
                    instrument.SaveAndLoad();
                }
            }

            Check(seed, order, expected, instrument.Picture());
        }
    }

    private static void Check(int seed, int[] order, List<string> expected, List<string> actual)
    {
        try
        {
            MarketPicture.AssertSame(expected, actual);
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"seed {seed}, order {string.Join(' ', order)}: {failure.Message}", failure);
        }
    }
}
