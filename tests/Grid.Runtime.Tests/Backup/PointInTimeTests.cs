using Grid.Domain.Identifiers;
using Grid.Runtime.Backup;
using Grid.Runtime.Sequencing;
using Grid.Storage;
using Grid.Storage.Journal;
using Grid.Testing;
using static Grid.Testing.TestMarket;

namespace Grid.Runtime.Tests.Backup;

/// <summary>Going back to a time, with the backup alone and with the journal that outlived.</summary>
public sealed class PointInTimeTests : IAsyncDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromMinutes(1);

    private readonly BackupRig _rig = new();
    private readonly List<(DateTimeOffset At, (string Market, string Full) Hash)> _points = [];
    private ulong _sequence;

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task Time_between_two_batches_gives_what_was_there_then()
    {
        var grid = await _rig.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        await SendAsync(grid, feed, 4);
        var backup = await _rig.BackupAsync();
        for (var i = 0; i < 4; i++)
        {
            // The moment itself belongs to it, and so does everything up to the next batch.
            await CheckAsync(backup.Path, _points[i].At, _points[i].Hash);
            await CheckAsync(backup.Path, _points[i].At + (Step / 2), _points[i].Hash);
        }

        var early = await Assert.ThrowsAsync<GridStorageException>(() => _rig.RestoreAsync(backup.Path, until: _points[0].At - TimeSpan.FromTicks(1)));
        Assert.StartsWith("nothing was received at or before 2024-03-0", early.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_rig.NewestRestored));
    }

    [Fact]
    public async Task Snapshot_is_used_if_it_is_older_and_left_out_if_it_is_not()
    {
        var grid = await _rig.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        await SendAsync(grid, feed, 2);
        await grid.SnapshotAsync();
        await SendAsync(grid, feed, 2);
        var backup = await _rig.BackupAsync();

        var before = await CheckAsync(backup.Path, _points[0].At, _points[0].Hash);
        Assert.Null(before.SnapshotLsn);
        Assert.Contains(before.Remarks, r => r.StartsWith("the snapshot was left out", StringComparison.Ordinal));
        Assert.Equal(backup.SnapshotLsn, (await CheckAsync(backup.Path, _points[1].At, _points[1].Hash)).SnapshotLsn);
        var after = await CheckAsync(backup.Path, _points[2].At, _points[2].Hash);
        Assert.Equal(backup.SnapshotLsn, after.SnapshotLsn);
        Assert.Empty(after.Remarks);
    }

    [Fact]
    public async Task Time_before_the_snapshot_is_refused_where_the_journal_does_not_reach_back()
    {
        _rig.Folder.Options.OwedBytesMax = 0;
        var grid = await _rig.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        await SendAsync(grid, feed, 2);
        while (grid.GetStatus().JournalBytes < 3 * JournalOptions.SegmentBytesMaxLowest)
        {
            await feed.SendAsync([.. Enumerable.Range(0, 500).Select(_ => Trade(++_sequence, "10:00:00", "10"))]);
        }

        await grid.SnapshotAsync();
        _rig.Time.Advance(Step);
        await SendAsync(grid, feed, 1);
        await grid.SnapshotAsync();
        var backup = await _rig.BackupAsync();
        Assert.True(backup.FirstLsn > 1);

        // The last batch but one is behind the segments that are gone, and before the newest snapshot.
        var refused = await Assert.ThrowsAsync<GridStorageException>(() => _rig.RestoreAsync(backup.Path, until: _points[^1].At - Step));
        Assert.EndsWith($"which begins with frame {backup.FirstLsn}, does not reach back to the beginning; use an earlier backup", refused.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_rig.NewestRestored));
    }

    [Fact]
    public async Task Journal_that_outlived_gives_what_came_after_the_backup()
    {
        await File.WriteAllTextAsync(Path.Combine(Directory.CreateDirectory(_rig.Folder.Options.DataFolder).FullName, "identity"), new string('b', 32) + "\n", TestContext.Current.CancellationToken);
        var grid = await _rig.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        await SendAsync(grid, feed, 2);
        await grid.SnapshotAsync();
        var backup = await _rig.BackupAsync();
        await SendAsync(grid, feed, 3);

        // The grid still runs.
        var data = _rig.Folder.Options.DataFolder;
        await CheckAsync(backup.Path, _points[3].At, _points[3].Hash, data);
        var whole = await CheckAsync(backup.Path, null, _points[4].Hash, Path.Combine(data, "journal"));
        Assert.Equal(new string('b', 32), (await File.ReadAllTextAsync(Path.Combine(whole.DataFolder, "identity"), TestContext.Current.CancellationToken)).Trim());
        var cut = await CheckAsync(backup.Path, _points[1].At, _points[1].Hash, data);
        Assert.NotEqual(new string('b', 32), (await File.ReadAllTextAsync(Path.Combine(cut.DataFolder, "identity"), TestContext.Current.CancellationToken)).Trim());

        // Started again since, so that another segment was begun.
        await feed.DisposeAsync();
        await grid.DisposeAsync();
        grid = await _rig.OpenAsync();
        await using var second = await FeedDriver.OpenAsync(grid, Names, "second");
        await SendAsync(grid, second, 2);
        await CheckAsync(backup.Path, null, _points[^1].Hash, data);
        await CheckAsync(backup.Path, _points[^2].At, _points[^2].Hash, data);
    }

    [Fact]
    public async Task Journal_of_another_grid_is_refused()
    {
        var grid = await _rig.OpenAsync();
        await using (var feed = await FeedDriver.OpenAsync(grid, Names))
        {
            await SendAsync(grid, feed, 2);
        }

        var backup = await _rig.BackupAsync();
        await grid.DisposeAsync();
        await using var other = new BackupRig();
        var foreign = await other.OpenAsync();
        await using (var feed = await FeedDriver.OpenAsync(foreign, Names))
        {
            await SendAsync(foreign, feed, 3);
        }

        var refused = await Assert.ThrowsAsync<GridStorageException>(() => _rig.RestoreAsync(backup.Path, journal: other.Folder.Options.DataFolder));
        Assert.Contains("is not the one that the backup was made of: '0000000000000001.journal' has other contents there from offset 0 on", refused.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_rig.NewestRestored));
        var missing = await Assert.ThrowsAsync<GridStorageException>(() => _rig.RestoreAsync(backup.Path, journal: _rig.File("nowhere")));
        Assert.EndsWith("does not exist", missing.Message, StringComparison.Ordinal);
    }

    // Batches are decided while later ones are journaled: what was said of a batch stands behind these, and is kept.
    [Fact]
    public void Decisions_that_were_journaled_behind_later_batches_are_kept()
    {
        var journal = new FaultyDisk(1).Root.Subdirectory("journal");
        using (var writer = JournalWriter.Open(journal, new JournalOptions { SegmentBytesMax = JournalOptions.SegmentBytesMaxLowest }, TimeProvider.System))
        {
            Input(writer, 10);
            Input(writer, 20);
            Input(writer, 30);
            foreach (var input in (ulong[])[1, 2, 3])
            {
                writer.Append(JournalFrameType.Outcomes, null, OutcomesOf(input));
            }

            writer.Close();
        }

        var point = PointInTime.Find(journal, new UnixNanos(29), TestContext.Current.CancellationToken);
        Assert.Equal((2UL, 20L, 3UL), (point.LastInput, point.ReceivedAt.Value, point.FirstGone));
        Assert.Equal(4UL, point.Cut(journal));

        using var reader = new JournalReader(journal);
        var frames = new List<string>();
        while (reader.TryRead(out var frame))
        {
            frames.Add(frame.Type == JournalFrameType.Outcomes ? $"{frame.Lsn} outcomes of {OutcomeFrame.InputLsn(frame.Payload, frame.Lsn)}" : $"{frame.Lsn} {frame.Type}");
        }

        Assert.Equal(["1 Input", "2 Input", "3 outcomes of 1", "4 outcomes of 2"], frames);
        Assert.Null(PointInTime.Find(journal, new UnixNanos(20), TestContext.Current.CancellationToken).FirstGone);
    }

    private async Task SendAsync(EmbeddedGrid grid, FeedDriver feed, int batches)
    {
        for (var i = 0; i < batches; i++)
        {
            await feed.SendAsync(
                Trade(++_sequence, "10:00:00", $"{10 + _sequence}"),
                Trade(_sequence, "10:00:00", $"{20 + _sequence}", instrument: Msft),
                Quote(_sequence, "10:00:01", "9", "11", source: ByNothing));
            _points.Add((_rig.Time.GetUtcNow(), await grid.HashAsync()));
            _rig.Time.Advance(Step);
        }
    }

    private async Task<RestoreReport> CheckAsync(string backup, DateTimeOffset? until, (string Market, string Full) hash, string? journal = null)
    {
        var restored = await _rig.RestoreAsync(backup, until, journal);
        Assert.Equal(hash, await _rig.HashAsync(restored.DataFolder));
        return restored;
    }

    private static void Input(JournalWriter writer, long receivedAt)
    {
        var head = new byte[InputFrame.HeadBytesMax];
        var length = InputFrame.WriteHead(head, 1, 1, new UnixNanos(receivedAt), "p"u8);
        writer.Append(JournalFrameType.Input, null, head.AsSpan(0, length));
    }

    private static byte[] OutcomesOf(ulong input)
    {
        var payload = new byte[OutcomeFrame.BytesMax(0)];
        return payload[..OutcomeFrame.Write(payload, input, [])];
    }
}
