using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;
using Grid.Storage.HotStore;
using Store = Grid.Storage.HotStore.HotStore;

namespace Grid.Storage.Tests.HotStore;

/// <summary>What is in the files after a checkpoint, wherever it was appended, and what is in memory beside them.</summary>
public sealed class HotStoreWritingTests : IDisposable
{
    private const int Slow = 300;
    private const int Extents = 8;

    private readonly HotStoreFolder _folder = new();
    private readonly HotTickChain[] _slow = new HotTickChain[Slow];
    private readonly List<HotTick>[] _ticks = [.. Enumerable.Range(0, Slow).Select(_ => new List<HotTick>())];
    private readonly TickSource _source = new(seed: 3, instrument: 1);
    private HotTickChain _busy;
    private int _appended;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Ticks_in_old_blocks_of_every_kind_of_extent_are_there_after_a_crash()
    {
        var store = _folder.Open(extents: Extents);
        AppendSlowly(store, 0, 100);
        Fill(store, extents: 4);
        Save(ref store);

        // In an extent that was opened, in one that was given back, in full ones in memory, and in the newest.
        Fill(store, extents: 1);
        AppendSlowly(store, 100, 200);
        store.Checkpoint();
        Fill(store, extents: 2);
        AppendSlowly(store, 200, Slow);
        store.Checkpoint();
        AppendSlowly(store, 0, Slow);
        Save(ref store);
        AppendSlowly(store, 0, Slow);
        AppendSlowly(store, 0, Slow);
        Save(ref store);
        store.Dispose();
    }

    [Fact]
    public void What_was_appended_after_the_checkpoint_is_in_no_file()
    {
        using var store = _folder.Open();
        AppendSlowly(store, 0, Slow);
        store.Checkpoint();
        var files = _folder.Files().ToDictionary(f => f, f => Convert.ToHexString(File.ReadAllBytes(_folder.FileOf(f))));
        AppendSlowly(store, 0, Slow);
        Assert.Equal(files, _folder.Files().ToDictionary(f => f, f => Convert.ToHexString(File.ReadAllBytes(_folder.FileOf(f)))));
        store.Checkpoint();
        Assert.NotEqual(files, _folder.Files().ToDictionary(f => f, f => Convert.ToHexString(File.ReadAllBytes(_folder.FileOf(f)))));
    }

    [Fact]
    public async Task Ticks_that_come_while_a_checkpoint_is_flushed_are_the_next_ones()
    {
        var store = _folder.Open(extents: Extents);
        var random = new Random(4);
        for (var round = 0; round < 100; round++)
        {
            var checkpoint = store.BeginCheckpoint();
            var flushed = Task.Run(checkpoint.Flush);
            do
            {
                var first = random.Next(Slow);
                AppendSlowly(store, first, Math.Min(Slow, first + 20));
            }
            while (!flushed.IsCompleted && !IsNearlyFull(store));
            await flushed;
            if (round % 20 == 19)
            {
                Save(ref store);
            }
        }

        Assert.True(_appended > 100, "nothing was appended meanwhile");
        store.Dispose();
    }

    [Fact]
    public async Task Memory_is_given_back_while_readers_read_and_the_writer_appends()
    {
        using var store = _folder.Open(extents: Extents);
        AppendSlowly(store, 0, Slow);
        var copies = _slow.ToArray();
        var expected = _ticks.Select(t => t.ToArray()).ToArray();
        var isDone = false;
        var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(Read)).ToArray();
        while (store.Position.Offset < (Extents - 1) * HotStoreFolder.ExtentBytes)
        {
            AppendSlowly(store, 0, Slow);
            Append(store, 100);
        }

        store.Checkpoint();
        Append(store, 100);
        Volatile.Write(ref isDone, true);
        Assert.All(await Task.WhenAll(readers), reads => Assert.True(reads > 0));
        Check(store);

        int Read()
        {
            var reads = 0;
            for (var isLast = false; !isLast; reads++)
            {
                isLast = Volatile.Read(ref isDone);
                for (var i = 0; i < Slow; i++)
                {
                    Assert.Equal(expected[i], HotStoreFolder.All(store, in copies[i]));
                }
            }

            return reads;
        }
    }

    [Fact]
    public void Memory_beyond_its_limit_is_given_back_once_it_is_written()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only Linux takes the pages of a mapping back");
        using var store = _folder.Open(extents: Extents);
        for (var extent = 0; extent < 4 * Extents; extent++)
        {
            Fill(store, extents: 1);
            store.Checkpoint();
            Assert.InRange(store.MemoryBytes, HotStoreFolder.ExtentBytes, 4 * HotStoreFolder.ExtentBytes);
        }
    }

    [Fact]
    public void Opening_takes_no_memory_but_for_what_is_changed()
    {
        var store = _folder.Open(extents: Extents);
        AppendSlowly(store, 0, 1);
        Fill(store, extents: 3);
        Save(ref store);
        Assert.Equal(0, store.MemoryBytes);
        AppendSlowly(store, 0, 1);
        store.BeginCheckpoint().Dispose();
        Assert.Equal(Environment.SystemPageSize, store.MemoryBytes);
        store.Dispose();
    }

    [Fact]
    public void A_closed_store_writes_nothing_more()
    {
        var store = _folder.Open();
        AppendSlowly(store, 0, 1);
        var checkpoint = store.BeginCheckpoint();
        store.Dispose();
        Assert.Throws<ObjectDisposedException>(checkpoint.Flush);
        var bytes = File.ReadAllBytes(_folder.FileOf(0));
        Assert.All(bytes[HotExtentHeader.Bytes..], b => Assert.Equal(0, b));
    }

    // Room for what the test appends: nothing may be dropped.
    private static bool IsNearlyFull(Store store) => store.Position.Offset > (Extents - 2) * HotStoreFolder.ExtentBytes;

    private void AppendSlowly(Store store, int from, int to)
    {
        for (var i = from; i < to; i++)
        {
            var tick = Plain();
            HotStoreFolder.Append(store, ref _slow[i], tick);
            _ticks[i].Add(tick);
        }
    }

    private void Append(Store store, int count)
    {
        for (var i = 0; i < count; i++)
        {
            HotStoreFolder.Append(store, ref _busy, _source.Next());
        }
    }

    private void Fill(Store store, int extents)
    {
        var until = (store.Position.Offset / HotStoreFolder.ExtentBytes) + extents;
        while (store.Position.Offset <= until * HotStoreFolder.ExtentBytes)
        {
            Append(store, 1);
        }
    }

    private void Save(ref Store store)
    {
        var position = store.Checkpoint();
        store.Dispose();
        store = _folder.Open(position, extents: Extents);
        Check(store);
    }

    private void Check(Store store)
    {
        for (var i = 0; i < Slow; i++)
        {
            Assert.Equal(_ticks[i], HotStoreFolder.All(store, in _slow[i]));
        }
    }

    // Small, so that blocks take some.
    private HotTick Plain()
    {
        var e = new MarketEvent
        {
            Kind = EventKind.Trade,
            Instrument = new InstrumentId(1),
            Source = new SourceId(1),
            Sequence = (ulong)++_appended,
            EventTime = new UnixNanos(1_700_000_000_000_000_000 + _appended),
            F0 = _appended,
            F1 = 7,
        };
        return new HotTick(e, Outcome.Accepted, null);
    }
}
