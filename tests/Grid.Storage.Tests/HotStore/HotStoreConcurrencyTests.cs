using Grid.Domain.Identifiers;
using Grid.Storage.HotStore;

namespace Grid.Storage.Tests.HotStore;

public sealed class HotStoreConcurrencyTests : IDisposable
{
    private const int Rounds = 300;
    private const int TicksPerRound = 100;

    private readonly HotStoreFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Readers_see_exactly_what_was_appended_when_their_copy_was_made(int seed)
    {
        using var store = _folder.Open(extents: 3);
        var source = new TickSource(seed, 1);
        var appended = 0;
        var published = new View(default, 0);
        var isDone = false;

        // Whoever reads checks against a model that was finished before anybody could see the copy.
        var ticks = Enumerable.Range(0, Rounds * TicksPerRound).Select(_ => source.Next()).ToArray();
        var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(Read)).ToArray();
        var chain = default(HotTickChain);
        for (var round = 0; round < Rounds; round++)
        {
            for (var i = 0; i < TicksPerRound; i++)
            {
                HotStoreFolder.Append(store, ref chain, ticks[appended++]);
            }

            Volatile.Write(ref published, new View(chain, appended));
        }

        Volatile.Write(ref isDone, true);
        Assert.All(await Task.WhenAll(readers), reads => Assert.True(reads > 0));
        Assert.True(store.Position.Offset > 4 * HotStoreFolder.ExtentBytes, "nothing was dropped");

        int Read()
        {
            var count = 0;
            bool isLast;
            do
            {
                isLast = Volatile.Read(ref isDone);
                var view = Volatile.Read(ref published);
                using var reader = store.ReadTicks(in view.Chain, new UnixNanos(long.MinValue), new UnixNanos(long.MaxValue));
                var read = new List<HotTick>();
                while (reader.Read())
                {
                    read.Add(reader.Tick);
                }

                // Dropping takes the oldest only.
                Assert.Equal(ticks[(view.Count - read.Count)..view.Count], read);
                Assert.Equal(reader.IsComplete, read.Count == view.Count);
                count++;
            }
            while (!isLast);
            return count;
        }
    }

    [Fact]
    public void A_reader_finishes_what_is_dropped_under_it()
    {
        using var store = _folder.Open(extents: 2);
        var source = new TickSource(seed: 5, instrument: 1);
        var chain = default(HotTickChain);
        var ticks = new List<HotTick>();
        for (var i = 0; i < 500; i++)
        {
            ticks.Add(source.Next());
            HotStoreFolder.Append(store, ref chain, ticks[^1]);
        }

        var copy = chain;
        using var reader = store.ReadTicks(in copy, new UnixNanos(long.MinValue), new UnixNanos(long.MaxValue));
        Assert.True(reader.Read());
        var read = new List<HotTick> { reader.Tick };
        var other = default(HotTickChain);
        while (_folder.Files()[0] == 0)
        {
            HotStoreFolder.Append(store, ref other, source.Next());
        }

        while (reader.Read())
        {
            read.Add(reader.Tick);
        }

        Assert.Equal(ticks, read);
        Assert.True(reader.IsComplete);
        Assert.Empty(HotStoreFolder.All(store, in copy));
    }

    [Fact]
    public void A_reader_outlives_its_store()
    {
        var store = _folder.Open();
        var chain = default(HotTickChain);
        var tick = new TickSource(seed: 6, instrument: 1).Next();
        HotStoreFolder.Append(store, ref chain, tick);
        using var reader = store.ReadTicks(in chain, new UnixNanos(long.MinValue), new UnixNanos(long.MaxValue));
        store.Dispose();

        Assert.True(reader.Read());
        Assert.Equal(tick.Event, reader.Event);
        Assert.Throws<ObjectDisposedException>(() => store.AppendTick(ref chain, tick.Event, tick.Outcome));
    }

    private sealed class View(HotTickChain chain, int count)
    {
        public readonly HotTickChain Chain = chain;

        public int Count => count;
    }
}
