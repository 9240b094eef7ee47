using Grid.Runtime.Backup;
using Grid.Storage;
using Grid.Storage.Archive;
using Grid.Testing;
using static Grid.Testing.TestMarket;

namespace Grid.Runtime.Tests.Backup;

/// <summary>Backups of a grid that archives, and the archives that are restored.</summary>
public sealed class BackupArchiveTests : IAsyncDisposable
{
    private readonly BackupRig _rig = new();

    public BackupArchiveTests() => _rig.Folder.Options.Archive = new ArchiveOptions { PublishAfter = TimeSpan.FromSeconds(1) };

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task Archive_is_in_the_backup_and_a_restored_grid_goes_on_with_it()
    {
        var (grid, backup, _) = await FeedAsync();
        await grid.DisposeAsync();
        await _rig.RestoreAsync(backup.Path);
        Assert.Equal(2, Rows(_rig.NewestRestored));
        var restored = await _rig.OpenRestoredAsync(_rig.NewestRestored);
        await ArchivedAsync(restored, 3);
        await restored.DisposeAsync();
        Assert.Equal(3, Rows(_rig.NewestRestored));
    }

    [Fact]
    public async Task Point_in_time_leaves_out_what_was_archived_later()
    {
        var (_, backup, until) = await FeedAsync();
        await _rig.RestoreAsync(backup.Path, until: until);
        Assert.Equal(1, Rows(_rig.NewestRestored));
        var restored = await _rig.OpenRestoredAsync(_rig.NewestRestored);
        Assert.Equal(1, restored.GetStatus().Archive!.Rows);
        await restored.DisposeAsync();
    }

    [Fact]
    public async Task File_of_the_archive_that_is_missing_or_damaged_is_found()
    {
        var (_, backup, _) = await FeedAsync();
        var part = Directory.GetFiles(Path.Combine(backup.Path, "archive"), "*.parquet", SearchOption.AllDirectories)[0];
        var bytes = await File.ReadAllBytesAsync(part, TestContext.Current.CancellationToken);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(part, bytes, TestContext.Current.CancellationToken);
        var damaged = await Assert.ThrowsAsync<GridStorageException>(() => _rig.RestoreAsync(backup.Path));
        Assert.Contains(".parquet' is damaged: its SHA-256 is ", damaged.Message, StringComparison.Ordinal);
        File.Delete(Directory.GetFiles(_rig.Folder.PathOf("archive", "trade"), "*.parquet", SearchOption.AllDirectories)[0]);
        var missing = await Assert.ThrowsAsync<GridStorageException>(() => _rig.BackupAsync());
        Assert.Contains("' is missing; grid archive verify says what else is", missing.Message, StringComparison.Ordinal);
    }

    // Two publications of a trade each, a backup, and between the two a moment. A third trade is in the journal only.
    private async Task<(EmbeddedGrid Grid, BackupReport Backup, DateTimeOffset Between)> FeedAsync()
    {
        var grid = await _rig.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        await feed.SendAsync(Trade(1, "10:00:00", "10"));
        await ArchivedAsync(grid, 1);
        var between = _rig.Time.GetUtcNow();
        _rig.Time.Advance(TimeSpan.FromMinutes(1));
        await feed.SendAsync(Trade(2, "10:00:01", "11"));
        await ArchivedAsync(grid, 2);
        await feed.SendAsync(Trade(3, "10:00:02", "12"));
        return (grid, await _rig.BackupAsync(), between);
    }

    private async Task ArchivedAsync(EmbeddedGrid grid, long rows)
    {
        while (grid.GetStatus().Archive!.Rows < rows)
        {
            _rig.Time.Advance(await _rig.Time.NextTimerAsync(TestContext.Current.CancellationToken));
        }
    }

    private static long Rows(string dataFolder)
    {
        var report = ArchiveVerifier.Verify(dataFolder);
        Assert.Empty(report.Problems);
        return report.Manifests.Sum(m => m.Rows);
    }
}
