using Grid.Runtime.Recovery;
using Grid.Storage;
using Grid.Storage.Journal;
using Grid.Testing;
using static Grid.Testing.TestMarket;

namespace Grid.Runtime.Tests.Embedded;

public sealed class EmbeddedGridRestartTests : IAsyncDisposable
{
    private readonly GridFolder _folder = new();

    public ValueTask DisposeAsync() => _folder.DisposeAsync();

    [Fact]
    public async Task Killed_grid_comes_back_from_its_journal_alone()
    {
        var grid = await _folder.OpenAsync();
        var (market, before) = await FillAsync(grid, seed: 1);
        var reopened = await _folder.OpenAfterKillAsync();
        Assert.Equal(0UL, reopened.Recovery.SnapshotLsn);
        Assert.True(reopened.Recovery.Batches > 0);
        await CheckSameAsync(grid, reopened, market, before);
    }

    [Fact]
    public async Task Killed_grid_comes_back_from_a_snapshot_and_the_journal_behind_it()
    {
        var grid = await _folder.OpenAsync();
        await FillAsync(grid, seed: 2, producer: "first");
        await grid.SnapshotAsync();
        var snapshotLsn = grid.GetStatus().SnapshotLsn;
        Assert.True(snapshotLsn > 0);
        var (market, before) = await FillAsync(grid, seed: 2, producer: "second", sources: [MarketSource.Exchange, MarketSource.Venue]);
        var reopened = await _folder.OpenAfterKillAsync();
        Assert.Equal(snapshotLsn, reopened.Recovery.SnapshotLsn);
        Assert.True(reopened.Recovery.Batches > 0);
        await CheckSameAsync(grid, reopened, market, before);
    }

    [Fact]
    public async Task Stopped_grid_comes_back_from_its_last_snapshot_without_replaying()
    {
        var grid = await _folder.OpenAsync();
        var (_, before) = await FillAsync(grid, seed: 3);
        await grid.DisposeAsync();
        var reopened = await _folder.OpenAsync();
        Assert.Equal(0, reopened.Recovery.Batches);
        Assert.Equal(before, await reopened.HashAsync());
        await reopened.DisposeAsync();
        var again = await _folder.OpenAsync();
        Assert.Equal(before, await again.HashAsync());
    }

    [Fact]
    public async Task Damaged_snapshot_is_told_of_and_the_one_before_is_taken()
    {
        var grid = await _folder.OpenAsync();
        await FillAsync(grid, seed: 4, producer: "first");
        await grid.SnapshotAsync();
        var older = grid.GetStatus().SnapshotLsn;
        var (market, before) = await FillAsync(grid, seed: 4, producer: "second", sources: [MarketSource.Exchange]);
        await grid.SnapshotAsync();
        var newest = Directory.EnumerateFiles(_folder.PathOf("snapshots")).Order().Last();
        var bytes = await File.ReadAllBytesAsync(newest);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(newest, bytes);
        var reopened = await _folder.OpenAfterKillAsync();
        Assert.Equal(older, reopened.Recovery.SnapshotLsn);
        Assert.Contains("damaged", Assert.Single(reopened.Recovery.Remarks));
        await CheckSameAsync(grid, reopened, market, before);
    }

    [Fact]
    public async Task Journal_that_snapshots_cover_is_kept_while_no_archive_has_it()
    {
        var grid = await _folder.OpenAsync();
        for (var round = 0; round < 4; round++)
        {
            await FillAsync(grid, seed: 5, producer: $"round-{round}", extraDefinitions: 400);
            await grid.SnapshotAsync();
        }

        Assert.True(File.Exists(_folder.PathOf("journal", $"{1UL:x16}.journal")));
        var before = await grid.HashAsync();
        await grid.DisposeAsync();
        Directory.Delete(_folder.PathOf("snapshots"), recursive: true);
        Assert.Equal(before, await (await _folder.OpenAsync()).HashAsync());
    }

    [Fact]
    public async Task Journal_that_snapshots_cover_is_deleted_beyond_what_may_be_owed_and_the_rest_suffices()
    {
        _folder.Options.OwedBytesMax = 0;
        var grid = await _folder.OpenAsync();
        for (var round = 0; round < 4; round++)
        {
            await FillAsync(grid, seed: 5, producer: $"round-{round}", extraDefinitions: 400);
            await grid.SnapshotAsync();
        }

        Assert.False(File.Exists(_folder.PathOf("journal", $"{1UL:x16}.journal")));
        Assert.DoesNotContain(Directory.EnumerateFiles(_folder.PathOf("journal")), f => Path.GetFileName(f).StartsWith($"{1UL:x16}", StringComparison.Ordinal));
        Assert.Equal(2, Directory.EnumerateFiles(_folder.PathOf("snapshots")).Count());
        var before = await grid.HashAsync();
        var reopened = await _folder.OpenAfterKillAsync();
        Assert.Equal(before, await reopened.HashAsync());
    }

    [Fact]
    public async Task Snapshot_that_is_damaged_is_never_the_one_to_fall_back_on()
    {
        _folder.Options.OwedBytesMax = 0;
        var grid = await _folder.OpenAsync();
        for (var round = 0; round < 2; round++)
        {
            await FillAsync(grid, seed: 5, producer: $"round-{round}", extraDefinitions: 400);
            await grid.SnapshotAsync();
        }

        DamageNewestSnapshot();
        var again = await _folder.OpenAfterKillAsync();
        Assert.Single(again.Recovery.Remarks);
        await FillAsync(again, seed: 5, producer: "round-2", extraDefinitions: 400);
        await again.SnapshotAsync();
        var before = await again.HashAsync();

        DamageNewestSnapshot();
        var last = await _folder.OpenAfterKillAsync();
        Assert.Equal(before, await last.HashAsync());

        void DamageNewestSnapshot()
        {
            var newest = Directory.EnumerateFiles(_folder.PathOf("snapshots"), "*.snapshot").Order(StringComparer.Ordinal).Last();
            var bytes = File.ReadAllBytes(newest);
            bytes[bytes.Length / 2] ^= 1;
            File.WriteAllBytes(newest, bytes);
        }
    }

    [Theory]
    [InlineData(JournalFrameType.Input)]
    [InlineData(JournalFrameType.Outcomes)]
    [InlineData(JournalFrameType.Source)]
    public async Task Grid_starts_after_a_repair_and_has_all_that_could_be_saved(JournalFrameType lost)
    {
        var grid = await _folder.OpenAsync();
        await using (var feed = await FeedDriver.OpenAsync(grid, Names))
        {
            for (ulong i = 1; i <= 50; i++)
            {
                await feed.SendAsync(Trade((2 * i) - 1, "10:00:00", "10"), Trade(2 * i, "10:00:00", "10"));
            }
        }

        var again = await OpenRepairedAsync(lost);
        Assert.Contains("were lost before a repair", Assert.Single(again.Recovery.Remarks), StringComparison.Ordinal);
        Assert.Equal(lost == JournalFrameType.Input ? 98 : 100, again.GetStatus().Outcomes.Accepted);
        Assert.Equal(lost == JournalFrameType.Input ? 98 : 100, (await again.TicksAsync("AAPL")).Count);

        // And so it does the next time, and goes on.
        await using (var feed = await FeedDriver.OpenAsync(again, Names, epoch: 2))
        {
            await feed.SendAsync(Trade(1000, "10:00:01", "11"));
        }

        var before = await again.HashAsync();
        var last = await _folder.OpenAfterKillAsync();
        Assert.Equal(before, await last.HashAsync());
    }

    private async Task<EmbeddedGrid> OpenRepairedAsync(JournalFrameType lost)
    {
        _folder.PrepareAfterKill();
        var journal = new DiskDirectory(_folder.PathOf("journal"));
        var lsns = JournalFrames.Of(journal, lost);
        JournalFrames.Flip(_folder.PathOf("journal", $"{1UL:x16}.journal"), lost == JournalFrameType.Source ? lsns[0] : lsns[lsns.Count / 2]);
        await Assert.ThrowsAsync<GridStorageException>(_folder.OpenAsync);
        Assert.Single(JournalRepairer.Repair(journal).Losses);
        return await _folder.OpenAsync();
    }

    [Fact]
    public async Task Replay_of_a_folder_that_nobody_has_open_gives_the_hashes_of_the_grid()
    {
        var grid = await _folder.OpenAsync();
        var (_, before) = await FillAsync(grid, seed: 6);
        await grid.DisposeAsync();
        var replayed = await JournalReplay.HashAsync(_folder.Options);
        Assert.Equal(before, (replayed.Market, replayed.Full));
        Directory.Delete(_folder.PathOf("snapshots"), recursive: true);
        var whole = await JournalReplay.HashAsync(_folder.Options);
        Assert.Equal((before.Market, before.Full, 0UL), (whole.Market, whole.Full, whole.SnapshotLsn));
        Assert.Equal(before.Market, (await JournalReplay.HashAsync(_folder.Options, reevaluate: true)).Market);
    }

    [Fact]
    public async Task Producer_resumes_after_a_kill_behind_what_was_acknowledged()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names, epoch: 3);
        await feed.SendAsync(Trade(0, "10:00:00", "10", source: ByNothing));
        await feed.SendAsync(Trade(0, "10:00:01", "11", source: ByNothing));
        var reopened = await _folder.OpenAfterKillAsync();
        await using var resumed = await FeedDriver.OpenAsync(reopened, Names, epoch: 3);
        Assert.Equal(2UL, resumed.Feed.LastDurableBatch);
        await resumed.SubmitAsync(2, resumed.Encode(Trade(0, "10:00:01", "11", source: ByNothing)));
        await resumed.SendAsync(Trade(0, "10:00:02", "12", source: ByNothing));
        Assert.Equal(3, (await reopened.TicksAsync("AAPL")).Count);
    }

    [Fact]
    public async Task Data_folder_in_use_is_refused()
    {
        await _folder.OpenAsync();
        var inUse = await Assert.ThrowsAsync<GridStorageException>(_folder.OpenAsync);
        Assert.Contains($"is in use by pid {Environment.ProcessId}", inUse.Message);
        await Assert.ThrowsAsync<GridStorageException>(() => JournalReplay.HashAsync(_folder.Options));
    }

    [Fact]
    public async Task Data_folder_of_a_newer_format_is_refused()
    {
        var grid = await _folder.OpenAsync();
        await grid.DisposeAsync();
        await File.WriteAllTextAsync(_folder.PathOf("format"), "grid data format 2\n");
        var newer = await Assert.ThrowsAsync<GridStorageException>(_folder.OpenAsync);
        Assert.Contains("has format version 2; this grid reads up to version 1", newer.Message);
    }

    [Fact]
    public async Task Options_out_of_range_are_named_all_at_once()
    {
        var options = _folder.Options;
        (options.Shards, options.BatchesInFlightMax, options.HotStoreBytesMax, options.QuarantineListMax) = (3, 3, 1, -1);
        (options.DataFolder, options.SnapshotJournalBytes) = ("", 0);
        (options.StuckAfter, options.DiskFreeBytesMin) = (TimeSpan.Zero, -1);
        var wrong = await Assert.ThrowsAsync<ArgumentException>(_folder.OpenAsync);
        Assert.Equal(
            "DataFolder '' must name a folder; Shards 3 must be 0 or a power of two up to 64; BatchesInFlightMax 3 must be 4 to 4096; "
            + "SnapshotJournalBytes 0 must be 1 MB to 1 TB; HotStoreBytesMax 1 must be 64 MB to 1 TB; QuarantineListMax -1 must be 0 to 10000000; "
            + "StuckAfter 00:00:00 must be 00:00:01 to 00:10:00; DiskFreeBytesMin -1 must be 0 to 1 TB",
            wrong.Message);
    }

    [Fact]
    public async Task Hot_store_may_be_of_any_size_in_its_range()
    {
        _folder.Options.HotStoreBytesMax = 100_000_000;
        var grid = await _folder.OpenAsync();
        var (market, before) = await FillAsync(grid, seed: 7);
        await CheckSameAsync(grid, await _folder.OpenAfterKillAsync(), market, before);
    }

    private static async Task<(RandomMarket Market, (string Market, string Full) Hash)> FillAsync(
        EmbeddedGrid grid, int seed, string producer = "filler", int[]? sources = null, int extraDefinitions = 0)
    {
        var market = new RandomMarket(seed, eventsPerSource: 120, extraDefinitions);
        await using var feed = await FeedDriver.OpenAsync(grid, market.Names, producer);
        ulong last = 0;
        foreach (var batch in market.All.Where(l => sources is null || sources.Contains(l.Event.Source.Value)).Chunk(50))
        {
            last = await feed.SubmitAsync(batch);
        }

        await feed.AcknowledgedAsync(last);
        return (market, await grid.HashAsync());
    }

    private static async Task CheckSameAsync(EmbeddedGrid grid, EmbeddedGrid reopened, RandomMarket market, (string Market, string Full) before)
    {
        Assert.Equal(before, await reopened.HashAsync());
        Assert.Equal(grid.GetStatus().Outcomes.NonZero(), reopened.GetStatus().Outcomes.NonZero());
        Assert.Equal(grid.GetStatus().OpenGaps, reopened.GetStatus().OpenGaps);
        foreach (var symbol in market.Names.ByKind[Domain.Identifiers.NameKind.Instrument].Skip(1))
        {
            Assert.Equal((await grid.TicksAsync(symbol)).Select(Text), (await reopened.TicksAsync(symbol)).Select(Text));
            Assert.Equal((await grid.BarsAsync(symbol, "1h")).Select(b => (b.Start, b.Volume)), (await reopened.BarsAsync(symbol, "1h")).Select(b => (b.Start, b.Volume)));
        }

        static string Text(Tick t) => $"{t.Event.Kind} {t.Event.EventTime} {t.Event.Sequence} {t.Event.F0} {t.Event.F1} {t.Outcome}";
    }
}
