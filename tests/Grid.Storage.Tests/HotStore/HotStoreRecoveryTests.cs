using Grid.Domain.Identifiers;
using Grid.Storage.HotStore;
using Store = Grid.Storage.HotStore.HotStore;

namespace Grid.Storage.Tests.HotStore;

public sealed class HotStoreRecoveryTests : IDisposable
{
    private readonly HotStoreFolder _folder = new();
    private readonly TickSource _source = new(seed: 1, instrument: 1);
    private HotTickChain _chain;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Opening_at_the_start_forgets_everything()
    {
        using (var store = _folder.Open())
        {
            Append(store, extents: 2);
        }

        using var again = _folder.Open();
        Assert.Empty(_folder.Files());
        Assert.Equal(HotStorePosition.Start, again.Position);
        Assert.Empty(HotStoreFolder.All(again, in _chain));
    }

    [Fact]
    public void Extents_begun_after_the_position_are_deleted()
    {
        HotStorePosition position;
        using (var store = _folder.Open())
        {
            Append(store, extents: 1);
            position = store.Checkpoint();
            Append(store, extents: 3);
        }

        using var again = _folder.Open(position);
        Assert.Equal([0], _folder.Files());
        Assert.Equal(1, again.LiveExtents);
        Assert.Equal(HotStoreFolder.ExtentBytes, again.LiveBytes);
    }

    [Fact]
    public void Files_that_a_snapshot_needs_are_kept_after_their_extents_are_dropped()
    {
        HotStorePosition first;
        HotStorePosition second;
        HotTickChain saved;
        List<HotTick> ticks;
        using (var store = _folder.Open(extents: 2, recoveryExtents: 8))
        {
            Append(store, extents: 2);
            first = store.Checkpoint();
            saved = _chain;
            ticks = HotStoreFolder.All(store, in _chain);
            store.Retain(first);
            Append(store, extents: 3);
            second = store.Checkpoint();
            Assert.Equal(0, _folder.Files()[0]);
            Assert.NotEqual(ticks[0], HotStoreFolder.All(store, in _chain)[0]);
        }

        using (var store = _folder.Open(first, extents: 2, recoveryExtents: 8))
        {
            Assert.Equal(0, store.MissingExtents);
            Assert.Equal(ticks, HotStoreFolder.All(store, in saved));
            _chain = saved;
            Append(store, extents: 3);
            store.Retain(second);
            Append(store, extents: 1);
            Assert.Equal(second.Offset / HotStoreFolder.ExtentBytes - 1, _folder.Files()[0]);
        }
    }

    [Fact]
    public void Files_kept_for_snapshots_are_bounded()
    {
        HotStorePosition position;
        HotTickChain saved;
        using (var store = _folder.Open(extents: 2, recoveryExtents: 1))
        {
            Append(store, extents: 2);
            position = store.Checkpoint();
            saved = _chain;
            store.Retain(position);
            Append(store, extents: 2);
            Assert.Equal(1, _folder.Files()[0]);
            Append(store, extents: 4);
        }

        Assert.True(_folder.Files().Length <= 2 + 1);

        // What the position needs is gone; the store begins behind it.
        using var again = _folder.Open(position, extents: 2, recoveryExtents: 1);
        Assert.Equal(2, again.MissingExtents);
        Assert.Equal(2 * HotStoreFolder.ExtentBytes, again.Position.Offset);
        Assert.Empty(HotStoreFolder.All(again, in saved));
        Assert.False(again.ReadTicks(in saved, new UnixNanos(0), new UnixNanos(long.MaxValue), []));
        _chain = saved;
        Append(again, extents: 1);
        Assert.Equal(2, _folder.Files()[0]);
        Assert.NotEmpty(HotStoreFolder.All(again, in _chain));
    }

    [Fact]
    public void A_checkpoint_flushed_later_keeps_its_position()
    {
        HotStorePosition position;
        HotTickChain saved;
        List<HotTick> ticks;
        using (var store = _folder.Open(extents: 2))
        {
            Append(store, extents: 1);
            using var checkpoint = store.BeginCheckpoint();
            position = checkpoint.Position;
            saved = _chain;
            ticks = HotStoreFolder.All(store, in saved);
            Append(store, extents: 1);
            checkpoint.Flush();
            Assert.Equal(position, checkpoint.Position);
        }

        using var again = _folder.Open(position, extents: 2);
        Assert.Equal(ticks, HotStoreFolder.All(again, in saved));
    }

    [Fact]
    public void A_checkpoint_that_is_given_up_leaves_what_it_owes_to_the_next()
    {
        using var store = _folder.Open();
        Append(store, extents: 2);
        store.BeginCheckpoint().Dispose();
        Assert.Equal([0L, 1], Owed(store));
        store.Checkpoint();
        Assert.Empty(Owed(store));
        Append(store, extents: 1);
        var first = store.BeginCheckpoint();
        first.Flush();
        HotStoreFolder.Append(store, ref _chain, _source.Next());
        var second = store.BeginCheckpoint();
        second.Dispose();
        Assert.Equal([2L], Owed(store));
    }

    [Fact]
    public void After_a_flush_that_failed_no_checkpoint_succeeds()
    {
        using var store = _folder.Open();
        Append(store, extents: 1);
        Directory.Delete(_folder.Path, recursive: true);
        var failed = Assert.Throws<GridStorageException>(() => store.Checkpoint());
        Assert.StartsWith($"cannot flush '{_folder.Path}' of the hot store: ", failed.Message, StringComparison.Ordinal);
        Directory.CreateDirectory(_folder.Path);
        var later = Assert.Throws<GridStorageException>(() => store.Checkpoint());
        Assert.Equal($"an earlier checkpoint failed, so that this one cannot be trusted: {failed.Message}", later.Message);
    }

    [Fact]
    public void A_store_keeps_the_extents_that_it_was_made_with()
    {
        HotStorePosition position;
        using (var store = _folder.Open())
        {
            Append(store, extents: 2);
            position = store.Checkpoint();
        }

        var larger = new HotStoreOptions { ExtentBytes = 4 * HotStoreFolder.ExtentBytes, BytesMax = 8 * HotStoreFolder.ExtentBytes };
        using (var store = Store.Open(_folder.Path, larger, position))
        {
            Append(store, extents: 1);
            Assert.All(_folder.Files(), f => Assert.Equal(HotStoreFolder.ExtentBytes, new FileInfo(_folder.FileOf(f)).Length));
        }

        using (var store = Store.Open(_folder.Path, larger, HotStorePosition.Start))
        {
            _chain = default;
            Append(store, extents: 1);
            Assert.Equal(4 * HotStoreFolder.ExtentBytes, new FileInfo(_folder.FileOf(0)).Length);
        }
    }

    [Fact]
    public void Reading_only_leaves_the_folder_as_it_is()
    {
        HotStorePosition position;
        HotTickChain saved;
        List<HotTick> ticks;
        using (var store = _folder.Open())
        {
            Append(store, extents: 2);
            position = store.Checkpoint();
            saved = _chain;
            ticks = HotStoreFolder.All(store, in saved);
            Append(store, extents: 1);
        }

        var before = _folder.Files().ToDictionary(f => f, f => Convert.ToHexString(File.ReadAllBytes(_folder.FileOf(f))));
        using (var store = _folder.Open(position, readOnly: true))
        {
            _chain = saved;
            Assert.Equal(ticks, HotStoreFolder.All(store, in _chain));
            ticks.AddRange(Append(store, extents: 1));
            Assert.Equal(ticks, HotStoreFolder.All(store, in _chain));
            store.Checkpoint();
            Append(store, extents: 5);
            Assert.NotEmpty(HotStoreFolder.All(store, in _chain));
        }

        Assert.Equal(before, _folder.Files().ToDictionary(f => f, f => Convert.ToHexString(File.ReadAllBytes(_folder.FileOf(f)))));
    }

    [Fact]
    public void Reading_only_needs_no_folder()
    {
        using var store = _folder.Open(readOnly: true);
        var ticks = Append(store, extents: 1);
        Assert.Equal(ticks, HotStoreFolder.All(store, in _chain));
        Assert.False(Directory.Exists(_folder.Path));
    }

    private static IEnumerable<long> Owed(Store store)
    {
        using var checkpoint = store.BeginCheckpoint();
        return checkpoint.Owed.ToArray();
    }

    // Appends to one chain until so many more extents have begun.
    private List<HotTick> Append(Store store, int extents)
    {
        var ticks = new List<HotTick>();
        var until = ((store.Position.Offset + HotStoreFolder.ExtentBytes - 1) / HotStoreFolder.ExtentBytes) + extents - 1;
        while (store.Position.Offset <= until * HotStoreFolder.ExtentBytes)
        {
            ticks.Add(_source.Next());
            HotStoreFolder.Append(store, ref _chain, ticks[^1]);
        }

        return ticks;
    }
}
