using Grid.Runtime.Shards;
using Grid.Testing;

namespace Grid.Runtime.Tests.Markets;

/// <summary>Whatever the order of arrival, and however often sources that tell repeats repeat themselves, the market is one.</summary>
public sealed class MarketPermutationTests
{
    private const int Seeds = 400;
    private const int PermutationsPerSeed = 4;

    [Fact]
    public void Any_order_and_any_repetition_give_the_market_hash_of_the_order_in_time()
    {
        for (var seed = 0; seed < Seeds; seed++)
        {
            var market = new RandomMarket(seed, eventsPerSource: 40);
            var expected = new NaiveMarket(market.Names, market.All, RandomMarket.Rules).Picture();
            var (inOrder, _) = Run(seed, market, expected, market.All, shards: 1);
            var random = new Random(seed);
            for (var i = 0; i < PermutationsPerSeed; i++)
            {
                var lines = Disordered(market, random, whole: i % 2 == 0);
                Assert.Equal(inOrder, Run(seed, market, expected, lines, shards: 1 << random.Next(3)).Market);
            }
        }
    }

    [Fact]
    public void The_same_order_gives_the_same_full_hash_whatever_the_batches_and_shards()
    {
        for (var seed = 0; seed < 40; seed++)
        {
            var market = new RandomMarket(seed, eventsPerSource: 30);
            var expected = new NaiveMarket(market.Names, market.All, RandomMarket.Rules).Picture();
            var lines = Disordered(market, new Random(seed), whole: true);
            var once = Run(seed, market, expected, lines, shards: 1, batchLines: 7);
            Assert.Equal(once, Run(seed, market, expected, lines, shards: 4, batchLines: 100));
        }
    }

    [Fact]
    public void Histories_in_the_hot_store_and_in_memory_give_the_same_hashes()
    {
        for (var seed = 0; seed < 30; seed++)
        {
            using var folder = new TempFolder();
            var market = new RandomMarket(seed, eventsPerSource: 150);
            var expected = new NaiveMarket(market.Names, market.All, RandomMarket.Rules).Picture();
            var lines = Disordered(market, new Random(seed), whole: seed % 2 == 0);
            var inMemory = Run(seed, market, expected, lines, shards: 2);
            Assert.Equal(inMemory, Run(seed, market, expected, lines, shards: 2, stores: new HotHistoryStores(folder.Path, 8 << 20, 8 << 20, readOnly: false)));
        }
    }

    private static List<MarketLine> Disordered(RandomMarket market, Random random, bool whole)
    {
        var lines = market.All.ToList();
        var tellsRepeats = lines.Where(l => l.Event.Source.Value is not (MarketSource.Dealer or MarketSource.Tape)).ToList();
        for (var repeats = random.Next(30); repeats > 0; repeats--)
        {
            lines.Add(tellsRepeats[random.Next(tellsRepeats.Count)]);
        }

        // All at random, or each a little away from its place.
        var reach = whole ? lines.Count : 12;
        return [.. lines.Select((line, i) => (line, At: i + random.Next(reach))).OrderBy(l => l.At).Select(l => l.line)];
    }

    private static (string Market, string Full) Run(
        int seed, RandomMarket market, List<string> expected, IReadOnlyList<MarketLine> lines, int shards, int batchLines = 20, IHistoryStores? stores = null)
    {
        using var grid = new PlainGrid(market.Names, shards, stores);
        foreach (var batch in lines.Chunk(batchLines))
        {
            grid.Apply(batch);
        }

        try
        {
            MarketPicture.AssertSame(expected, MarketPicture.Of(grid.Image));
            Assert.Equal(NaiveMarket.Gaps(market.Names, lines), MarketPicture.Gaps(grid.Image));
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"seed {seed}: {failure.Message}", failure);
        }

        return grid.Hash();
    }
}
