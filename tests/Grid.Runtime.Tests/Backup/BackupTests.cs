using Grid.Runtime.Backup;
using Grid.Storage;
using Grid.Storage.Journal;
using Grid.Testing;
using static Grid.Testing.TestMarket;

namespace Grid.Runtime.Tests.Backup;

/// <summary>Backups of a grid that runs, and what is made of them.</summary>
public sealed class BackupTests(ITestOutputHelper output) : IAsyncDisposable
{
    private readonly BackupRig _rig = new();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Theory]
    [InlineData(61)]
    [InlineData(62)]
    public async Task Backups_under_feed_and_snapshots_each_hold_exactly_their_part_of_the_journal(int seed)
    {
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var grid = await _rig.OpenAsync();
        var backups = new List<BackupReport>();
        var market = new RandomMarket(seed, eventsPerSource: 900, extraDefinitions: 200);
        await using (var feed = await FeedDriver.OpenAsync(grid, market.Names))
        {
            var feeding = Task.Run(async () =>
            {
                ulong last = 0;
                foreach (var batch in market.All.Chunk(9))
                {
                    last = await feed.SubmitAsync(batch);
                    if (random.Next(20) == 0)
                    {
                        await feed.AcknowledgedAsync(last);
                        await grid.SnapshotAsync();
                    }
                }

                await feed.AcknowledgedAsync(last);
            });
            do
            {
                backups.Add(await _rig.BackupAsync());
            }
            while (!feeding.IsCompleted);
            await feeding;
        }

        backups.Add(await _rig.BackupAsync());
        var whole = await grid.HashAsync();
        await grid.DisposeAsync();
        Assert.Equal(whole, await RestoredHashAsync(backups[^1]));

        // The rest against the journal alone, from its beginning to where the backup's ends: no snapshot and no hot store is in that.
        foreach (var backup in backups.SkipLast(1).Where((_, i) => i % Math.Max(1, backups.Count / 4) == 0))
        {
            Assert.Equal(await _rig.HashAsync(JournalUpTo(backup)), await RestoredHashAsync(backup));
        }

        output.WriteLine($"{backups.Count} backups, snapshots of frames {string.Join(", ", backups.Select(b => b.SnapshotLsn))}");
        Assert.Contains(backups, b => b.SnapshotLsn > 0);
    }

    [Fact]
    public async Task Segments_may_be_deleted_while_a_backup_is_made()
    {
        _rig.Folder.Options.OwedBytesMax = 0;
        _rig.Folder.Options.SnapshotJournalBytes = 1 << 20;
        var grid = await _rig.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        using var ended = new CancellationTokenSource();
        var feeding = Task.Run(async () =>
        {
            for (ulong i = 1; !ended.IsCancellationRequested; i += 2_000)
            {
                await feed.SendAsync([.. Enumerable.Range(0, 2_000).Select(n => Trade(i + (ulong)n, "10:00:00", $"{10 + (n % 7)}", source: ByNothing))]);
            }
        });
        try
        {
            var whole = 0;
            for (var i = 0; i < 200 && whole < 5; i++)
            {
                if ((await _rig.BackupAsync()).FirstLsn > 1)
                {
                    whole++;
                }
            }

            Assert.Equal(5, whole);
        }
        finally
        {
            await ended.CancelAsync();
            await feeding;
        }

        var last = await _rig.BackupAsync();
        Assert.Equal(await grid.HashAsync(), await RestoredHashAsync(last));
    }

    [Fact]
    public async Task Restored_grid_goes_on_and_knows_what_its_producers_sent()
    {
        var grid = await _rig.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names, epoch: 3);
        await feed.SendAsync(Trade(0, "10:00:00", "10", source: ByNothing));
        await grid.SnapshotAsync();
        await feed.SendAsync(Trade(0, "10:00:01", "11", source: ByNothing));
        var backup = await _rig.BackupAsync();
        await feed.SendAsync(Trade(0, "10:00:02", "12", source: ByNothing));

        var restored = await _rig.OpenRestoredAsync((await _rig.RestoreAsync(backup.Path)).DataFolder);
        await using var resumed = await FeedDriver.OpenAsync(restored, Names, epoch: 3);
        Assert.Equal(2UL, resumed.Feed.LastDurableBatch);
        await resumed.SubmitAsync(2, resumed.Encode(Trade(0, "10:00:01", "11", source: ByNothing)));
        await resumed.SendAsync(Trade(0, "10:00:02", "12", source: ByNothing));
        Assert.Equal(await grid.HashAsync(), await restored.HashAsync());
    }

    [Fact]
    public async Task Keys_and_configuration_are_in_it_for_their_owner_alone()
    {
        await (await _rig.OpenAsync()).DisposeAsync();
        await File.WriteAllTextAsync(_rig.Folder.PathOf("keys.json"), "{}", TestContext.Current.CancellationToken);
        var configuration = _rig.File("mine.json");
        await File.WriteAllTextAsync(configuration, """{ "Data": "data" }""", TestContext.Current.CancellationToken);
        var options = new BackupOptions { DataFolder = _rig.Folder.Options.DataFolder, Target = _rig.Backups, KeyFile = _rig.Folder.PathOf("keys.json"), Configuration = configuration };
        var backup = await GridBackup.CreateAsync(options, TimeProvider.System, TestContext.Current.CancellationToken);
        var restored = (await _rig.RestoreAsync(backup.Path)).DataFolder;

        Assert.Equal("{}", await File.ReadAllTextAsync(Path.Combine(restored, "keys.json"), TestContext.Current.CancellationToken));
        Assert.Equal("""{ "Data": "data" }""", await File.ReadAllTextAsync(Path.Combine(restored, "grid.json"), TestContext.Current.CancellationToken));
        foreach (var root in (string[])[backup.Path, restored])
        {
            if (OperatingSystem.IsWindows())
            {
                continue;
            }

            // That of the format is written last, by the code that every data folder's is, and tells nothing.
            foreach (var file in Directory.GetFiles(root, "*", SearchOption.AllDirectories).Where(f => root == backup.Path || Path.GetFileName(f) != "format"))
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
            }

            foreach (var folder in Directory.GetDirectories(root, "*", SearchOption.AllDirectories).Append(root))
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder));
            }
        }
    }

    [Fact]
    public async Task Damaged_snapshot_gives_way_to_the_one_before()
    {
        var grid = await _rig.OpenAsync();
        await using (var feed = await FeedDriver.OpenAsync(grid, Names))
        {
            await feed.SendAsync(Trade(1, "10:00:00", "10"));
            await grid.SnapshotAsync();
            await feed.SendAsync(Trade(2, "10:00:01", "11"));
            await grid.SnapshotAsync();
        }

        var hash = await grid.HashAsync();
        var newest = Directory.GetFiles(_rig.Folder.PathOf("snapshots")).Max(StringComparer.Ordinal)!;
        var bytes = await File.ReadAllBytesAsync(newest, TestContext.Current.CancellationToken);
        bytes[^30] ^= 4;
        await File.WriteAllBytesAsync(newest, bytes, TestContext.Current.CancellationToken);

        var backup = await _rig.BackupAsync();
        Assert.Contains("is damaged", Assert.Single(backup.Remarks), StringComparison.Ordinal);
        Assert.True(backup.SnapshotLsn > 0);
        Assert.Equal(hash, await RestoredHashAsync(backup));
    }

    [Fact]
    public async Task What_a_killed_backup_left_goes_with_the_next_and_two_at_once_are_refused()
    {
        await (await _rig.OpenAsync()).DisposeAsync();
        var left = Directory.CreateDirectory(Path.Combine(_rig.Backups, "grid-20240101T000000000Z.unfinished")).FullName;
        await File.WriteAllTextAsync(Path.Combine(left, "format"), "x", TestContext.Current.CancellationToken);
        using (new DiskDirectory(_rig.Backups).TryLock("backup.lock", "pid 1", out _))
        {
            var refused = await Assert.ThrowsAsync<GridStorageException>(() => _rig.BackupAsync());
            Assert.Equal($"another backup is being made in '{_rig.Backups}' by pid 1; wait for it, or name another folder", refused.Message);
            Assert.True(Directory.Exists(left));
        }

        var backup = await _rig.BackupAsync();
        Assert.Equal([backup.Path], Directory.GetDirectories(_rig.Backups));
    }

    [Fact]
    public async Task Folder_that_holds_no_grid_is_refused_and_left_as_it_is()
    {
        _rig.Folder.Options.DataFolder = Directory.CreateDirectory(_rig.File("nothing")).FullName;
        Assert.Contains("is no data folder of grid", (await Assert.ThrowsAsync<GridStorageException>(() => _rig.BackupAsync())).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_rig.Folder.Options.DataFolder));
        Assert.False(Directory.Exists(_rig.Backups));
    }

    [Fact]
    public async Task Target_that_cannot_be_written_is_told_in_one_line()
    {
        await (await _rig.OpenAsync()).DisposeAsync();
        await File.WriteAllTextAsync(_rig.Backups, "a file", TestContext.Current.CancellationToken);
        var failure = await Assert.ThrowsAsync<GridStorageException>(() => _rig.BackupAsync());
        Assert.StartsWith($"backup into '{_rig.Backups}' failed, and nothing of it is left: ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restore_wants_an_empty_folder_and_says_what_it_found()
    {
        await (await _rig.OpenAsync()).DisposeAsync();
        var backup = await _rig.BackupAsync();
        var target = Directory.CreateDirectory(_rig.File("target")).FullName;
        var options = new RestoreOptions { Backup = backup.Path, DataFolder = target };
        await File.WriteAllTextAsync(Path.Combine(target, "mine"), "", TestContext.Current.CancellationToken);
        var refused = await Assert.ThrowsAsync<GridStorageException>(() => GridRestore.RunAsync(options, TestContext.Current.CancellationToken));
        Assert.Equal($"'{target}' is not empty: it holds mine; a restore needs a new or empty folder", refused.Message);
        Assert.Equal(["mine"], Directory.GetFileSystemEntries(target).Select(Path.GetFileName));

        File.Delete(Path.Combine(target, "mine"));
        Directory.CreateDirectory(Path.Combine(target, "lost+found"));
        Assert.Equal(target, (await GridRestore.RunAsync(options, TestContext.Current.CancellationToken)).DataFolder);
        await _rig.OpenRestoredAsync(target);
    }

    [Fact]
    public async Task Grid_does_not_start_on_a_restore_that_was_cut_off()
    {
        await (await _rig.OpenAsync()).DisposeAsync();
        using (RestoreFolder.Begin(_rig.File("cut")))
        {
            var refused = await Assert.ThrowsAsync<GridStorageException>(() => _rig.OpenRestoredAsync(_rig.File("cut")));
            Assert.Contains("says 'a restore that was not finished; delete this folder'", refused.Message, StringComparison.Ordinal);
        }

        Assert.False(Directory.Exists(_rig.File("cut")));
    }

    private async Task<(string Market, string Full)> RestoredHashAsync(BackupReport backup) =>
        await _rig.HashAsync((await _rig.RestoreAsync(backup.Path)).DataFolder);

    // The grid's own segments, cut where those of the backup end.
    private string JournalUpTo(BackupReport backup)
    {
        var folder = _rig.File("from-the-journal-" + Path.GetFileName(backup.Path));
        Directory.CreateDirectory(Path.Combine(folder, "journal"));
        File.Copy(_rig.Folder.PathOf("format"), Path.Combine(folder, "format"));
        foreach (var segment in Directory.GetFiles(Path.Combine(backup.Path, "journal")))
        {
            var bytes = File.ReadAllBytes(_rig.Folder.PathOf("journal", Path.GetFileName(segment)));
            File.WriteAllBytes(Path.Combine(folder, "journal", Path.GetFileName(segment)), bytes[..(int)new FileInfo(segment).Length]);
        }

        return folder;
    }
}
