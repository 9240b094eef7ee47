using Grid.Storage.Journal;
using Grid.Storage.Snapshots;
using Grid.Testing;

namespace Grid.Storage.Tests.Snapshots;

public sealed class SnapshotCatalogTests
{
    private readonly IJournalDirectory _directory = new FaultyDisk(seed: 1).Root;

    [Fact]
    public void A_folder_without_snapshots_has_no_newest()
    {
        Assert.Null(new SnapshotCatalog(_directory).FindNewest(out var damaged));
        Assert.Empty(damaged);
    }

    [Fact]
    public void The_newest_is_the_one_with_the_highest_position()
    {
        var catalog = Taken(3, 0x20, 0x100);
        Assert.Equal([0x100ul, 0x20, 3], catalog.List());
        Assert.Equal(0x100ul, catalog.FindNewest(out _));
    }

    [Fact]
    public void A_damaged_newest_is_reported_and_the_one_before_is_taken()
    {
        var catalog = Taken(1, 2, 3, 4);
        Damage(3);
        Damage(4);
        Assert.Equal(2ul, catalog.FindNewest(out var damaged));
        Assert.Equal([4ul, 3], damaged.Select(d => d.Lsn));
        Assert.All(damaged, d => Assert.Contains("is damaged at offset", d.Reason, StringComparison.Ordinal));
        Assert.Equal(4, _directory.List().Count);
    }

    [Fact]
    public void The_newest_two_are_kept()
    {
        var catalog = Taken(1, 2, 3, 4);
        Assert.Equal([4ul, 3], catalog.DeleteOlder());
        Assert.Equal([4ul, 3], catalog.List());
    }

    [Fact]
    public void A_damaged_one_is_none_of_the_two()
    {
        var catalog = Taken(1, 2, 3, 4);
        Damage(4);
        Assert.Equal(3ul, catalog.FindNewest(out _));
        Take(catalog, 5);
        Assert.Equal([5ul, 3], catalog.DeleteOlder());
        Assert.Equal([5ul, 3], catalog.List());
    }

    [Fact]
    public void A_damaged_one_that_is_taken_again_counts()
    {
        var catalog = Taken(1, 2, 3);
        Damage(3);
        Assert.Equal(2ul, catalog.FindNewest(out _));
        Take(catalog, 3);
        Assert.Equal([3ul, 2], catalog.DeleteOlder());
        Assert.Equal(3ul, catalog.FindNewest(out var damaged));
        Assert.Empty(damaged);
    }

    [Fact]
    public void Files_that_are_no_snapshots_are_left_alone()
    {
        _directory.Replace("notes.txt", "x"u8);
        _directory.Replace("12.snapshot", "x"u8);
        var catalog = Taken(1);
        _directory.Create("0000000000000009.snapshot.new").Dispose();
        Assert.Equal([1ul], catalog.List());
        catalog.DeleteOlder();
        Assert.Equal(["0000000000000001.snapshot", "12.snapshot", "notes.txt"], _directory.List());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_power_failure_at_any_moment_leaves_whole_snapshots_only(int seed)
    {
        for (var moment = 1; ; moment++)
        {
            var disk = new FaultyDisk((seed * 1000) + moment);
            Take(new SnapshotCatalog(disk.Root), 1);
            disk.FailPowerAfter(moment);
            var isDone = false;
            try
            {
                var catalog = new SnapshotCatalog(disk.Root);
                Take(catalog, 2);
                Take(catalog, 3);
                catalog.DeleteOlder();
                isDone = true;
            }
            catch (GridStorageException)
            {
                // The power failed.
            }

            disk.Crash();
            var after = new SnapshotCatalog(disk.Root);
            var newest = after.FindNewest(out var damaged);
            Assert.Empty(damaged);
            Assert.NotNull(newest);
            Assert.True(!isDone || newest == 3, $"seed {seed}, moment {moment}: what was published is gone");
            Take(after, 4);
            Assert.Equal([4ul, newest.Value], after.DeleteOlder());
            Assert.DoesNotContain(disk.Root.List(), name => name.EndsWith(".new", StringComparison.Ordinal));
            if (isDone)
            {
                return;
            }
        }
    }

    [Fact]
    public void A_full_disk_is_told_of_and_costs_nothing()
    {
        var disk = new FaultyDisk(seed: 7);
        var catalog = new SnapshotCatalog(disk.Root);
        Take(catalog, 1);
        disk.BytesMax = 5000;
        var told = Assert.Throws<GridStorageException>(() => Take(catalog, 2, bytes: 10_000));
        Assert.Matches("^cannot write snapshot '0000000000000002.snapshot' in '/disk' after [0-9]+ bytes: No space left on device", told.Message);
        Assert.Equal(["0000000000000001.snapshot"], disk.Root.List());
        Assert.Equal(1ul, catalog.FindNewest(out _));
    }

    [Fact]
    public void A_flush_that_fails_publishes_nothing()
    {
        var disk = new FaultyDisk(seed: 8);
        var catalog = new SnapshotCatalog(disk.Root);
        disk.FailFlush(1);
        Assert.Throws<GridStorageException>(() => Take(catalog, 1));
        Assert.Empty(disk.Root.List());
    }

    private static void Take(SnapshotCatalog catalog, ulong lsn, int bytes = 1000)
    {
        using var writer = catalog.Begin(lsn, SnapshotImage.Created);
        writer.BeginSection(1);
        writer.Write(new byte[bytes]);
        writer.BeginSection(2);
        writer.Write([1, 2, 3]);
        writer.Publish();
    }

    private SnapshotCatalog Taken(params ulong[] lsns)
    {
        var catalog = new SnapshotCatalog(_directory);
        foreach (var lsn in lsns)
        {
            Take(catalog, lsn);
        }

        return catalog;
    }

    private void Damage(ulong lsn)
    {
        var bytes = _directory.Bytes(lsn);
        bytes[bytes.Length / 2] ^= 0x10;
        _directory.Replace(SnapshotFormat.NameOf(lsn), bytes);
    }
}
