using Grid.Runtime.Tests.Embedded;
using Grid.Storage;
using Grid.Storage.Archive;
using Grid.Storage.Parquet;
using Grid.Testing;
using static Grid.Testing.TestMarket;

namespace Grid.Runtime.Tests.Archive;

public sealed class ArchiverTests : IAsyncDisposable
{
    private readonly GridFolder _folder = new();

    public ArchiverTests() => _folder.Options.Archive = new ArchiveOptions { PublishAfter = TimeSpan.FromMinutes(1) };

    public ValueTask DisposeAsync() => _folder.DisposeAsync();

    [Fact]
    public async Task What_is_flushed_is_archived_once_it_has_waited_long_enough()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        await feed.SendAsync(Trade(1, "10:00:00", "10"), Trade(2, "10:00:01", "11"), Trade(2, "10:00:01", "11"), Quote(3, "10:00:02", "12", "13"));
        await LookAsync();
        Assert.Equal((0L, 0UL), (Archive(grid).Rows, Archive(grid).ThroughFrame));
        await ArchivedAsync(grid, rows: 3);
        Assert.Equal([("trade/date=2024-03-01", 2L), ("quote/date=2024-03-01", 1L)], Parts().Select(p => (Path.GetDirectoryName(p.File), p.Rows)));
        Assert.Equal([1, 2], Sequences(Parts().First(p => p.Kind == ArchiveKind.Trade)));
        Assert.Empty(ArchiveVerifier.Verify(_folder.Options.DataFolder).Problems);
    }

    [Fact]
    public async Task Rejected_events_are_archived_whole_and_with_their_reason()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        await feed.SendAsync(Trade(1, "10:00:00", "10", source: Strict, instrument: 4));
        await ArchivedAsync(grid, rows: 1);
        var part = Assert.Single(Parts());
        Assert.Equal(ArchiveKind.Quarantine, part.Kind);
        Assert.Equal("UnknownInstrument", Text(part, "reason"));
        Assert.Equal("ZZZ", Text(part, "instrument"));
    }

    [Fact]
    public async Task Killed_and_started_again_it_goes_on_where_it_was()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        await feed.SendAsync(Trade(1, "10:00:00", "10"));
        await ArchivedAsync(grid, rows: 1);
        await feed.SendAsync(Trade(2, "10:00:01", "11"));
        var again = await _folder.OpenAfterKillAsync();
        await using var feedAgain = await FeedDriver.OpenAsync(again, Names);
        await feedAgain.SendAsync(Trade(3, "10:00:02", "12"));
        await ArchivedAsync(again, rows: 3);
        Assert.Equal([1, 2, 3], Parts().SelectMany(Sequences));
        Assert.Empty(ArchiveVerifier.Verify(_folder.Options.DataFolder).Problems);
    }

    [Fact]
    public async Task Journal_is_kept_until_the_archive_has_it_and_goes_then()
    {
        _folder.Options.SnapshotJournalBytes = 1 << 20;
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        var sequence = 0UL;
        while (Segments() < 5)
        {
            await SendManyAsync(feed);
        }

        await grid.DisposeAsync();
        Assert.Contains("0000000000000001", Directory.GetFiles(_folder.PathOf("journal")).Min()!, StringComparison.Ordinal);
        grid = await _folder.OpenAsync();
        await ArchivedAsync(grid, (long)sequence);

        // It goes with the next snapshot, up to the older of the two that are kept.
        await using (var more = await FeedDriver.OpenAsync(grid, Names))
        {
            more.Next = feed.Next;
            await more.SendAsync(Trade(++sequence, "11:00:00", "10"));
        }

        await ArchivedAsync(grid, (long)sequence);
        await grid.DisposeAsync();
        Assert.InRange(Segments(), 1, 2);
        Assert.Equal(Enumerable.Range(1, (int)sequence), Parts().SelectMany(Sequences).Order());

        Task SendManyAsync(FeedDriver to) => to.SendAsync([.. Enumerable.Range(0, 2_000).Select(i => Trade(++sequence, $"10:{i / 60 % 60:00}:{i % 60:00}", $"{10 + (i % 7)}"))]);
    }

    [Fact]
    public async Task Disk_that_refuses_is_tried_again_and_nothing_is_lost()
    {
        var grid = await _folder.OpenAsync();
        var obstacle = _folder.PathOf("archive", "trade");
        await File.WriteAllTextAsync(obstacle, "in the way", TestContext.Current.CancellationToken);
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        await feed.SendAsync(Trade(1, "10:00:00", "10"));
        while (Archive(grid).Failures == 0)
        {
            await LookAsync();
        }

        Assert.StartsWith("cannot publish in '", Archive(grid).LastError, StringComparison.Ordinal);
        File.Delete(obstacle);
        await ArchivedAsync(grid, rows: 1);
        Assert.Null(Archive(grid).LastError);
    }

    [Fact]
    public async Task Another_journals_archive_stops_the_start()
    {
        var grid = await _folder.OpenAsync();
        await using (var feed = await FeedDriver.OpenAsync(grid, Names))
        {
            await feed.SendAsync(Trade(1, "10:00:00", "10"));
            await ArchivedAsync(grid, rows: 1);
        }

        await grid.DisposeAsync();
        Directory.Delete(_folder.PathOf("journal"), recursive: true);
        Directory.Delete(_folder.PathOf("snapshots"), recursive: true);
        var refused = await Assert.ThrowsAsync<GridStorageException>(_folder.OpenAsync);
        Assert.StartsWith("the archive holds the journal up to frame ", refused.Message, StringComparison.Ordinal);
    }

    private static ArchiveStatus Archive(EmbeddedGrid grid) => grid.GetStatus().Archive!;

    // The archiver waits on the clock: it is moved whenever it does.
    private async Task LookAsync() => _folder.Time.Advance(await _folder.Time.NextTimerAsync(TestContext.Current.CancellationToken));

    private async Task ArchivedAsync(EmbeddedGrid grid, long rows)
    {
        while (Archive(grid).Rows < rows)
        {
            await LookAsync();
        }

        Assert.Equal(rows, Archive(grid).Rows);
    }

    private int Segments() => Directory.GetFiles(_folder.PathOf("journal")).Length;

    private List<ArchivePart> Parts() =>
    [
        .. ArchiveFolder.ReadManifests(_folder.Options.DataFolder)
            .SelectMany(m => m.Parts),
    ];

    private IEnumerable<int> Sequences(ArchivePart part)
    {
        using var file = ParquetFile.Open(_folder.PathOf("archive", part.File));
        var reader = file.Read(["sequence"]);
        while (reader.NextBatch())
        {
            for (var row = 0; row < reader.Rows; row++)
            {
                yield return (int)reader[0].Int64(row);
            }
        }
    }

    private string Text(ArchivePart part, string column)
    {
        using var file = ParquetFile.Open(_folder.PathOf("archive", part.File));
        var reader = file.Read([column]);
        Assert.True(reader.NextBatch());
        return System.Text.Encoding.UTF8.GetString(reader[0].Bytes(0));
    }
}
