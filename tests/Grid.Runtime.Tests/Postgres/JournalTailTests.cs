using Grid.Domain.Identifiers;
using Grid.Runtime.Postgres;
using Grid.Runtime.Tests.Embedded;
using Grid.Storage;
using Grid.Storage.Journal;
using Grid.Testing;
using static Grid.Testing.TestMarket;

namespace Grid.Runtime.Tests.Postgres;

public sealed class JournalTailTests : IAsyncDisposable
{
    private readonly GridFolder _folder = new();

    public ValueTask DisposeAsync() => _folder.DisposeAsync();

    [Fact]
    public async Task Tail_beside_a_running_grid_gives_every_batch_once_decided_and_flushed()
    {
        var grid = await _folder.OpenAsync();
        using var tail = Tail(0);
        var seen = new List<string>();
        var market = new RandomMarket(seed: 31, eventsPerSource: 300, extraDefinitions: 1500);
        await using (var feed = await FeedDriver.OpenAsync(grid, market.Names))
        {
            foreach (var lines in market.All.Chunk(40))
            {
                await feed.SendAsync(lines);
                TakeAll(tail, grid.GetStatus().JournalFlushedLsn, seen);

                // What was acknowledged is flushed, so the tail has it.
                Assert.Equal((int)feed.Next - 1, seen.Count);
            }
        }

        Assert.True(Directory.EnumerateFiles(_folder.PathOf("journal")).Count() > 3);
        await grid.DisposeAsync();
        using var afterwards = Tail(0);
        var whole = new List<string>();
        TakeAll(afterwards, ulong.MaxValue, whole);
        Assert.Equal(whole, seen);
        Assert.Equal(afterwards.BytesRead, tail.BytesRead);
    }

    [Fact]
    public async Task Tail_gives_nothing_whose_outcomes_are_not_flushed()
    {
        var grid = await _folder.OpenAsync();
        await using (var feed = await FeedDriver.OpenAsync(grid, Names))
        {
            await feed.SendAsync(Trade(1, "10:00:00", "10"));
            await feed.SendAsync(Trade(2, "10:00:01", "11"));
        }

        var flushed = grid.GetStatus().JournalFlushedLsn;
        var seen = new List<string>();
        using var tail = Tail(0);
        TakeAll(tail, flushed - 1, seen);
        Assert.Single(seen);
        TakeAll(tail, flushed, seen);
        Assert.Equal(2, seen.Count);
    }

    [Fact]
    public async Task Tail_that_begins_behind_a_frame_gives_what_came_after_it()
    {
        var grid = await _folder.OpenAsync();
        var market = new RandomMarket(seed: 32, eventsPerSource: 100, extraDefinitions: 900);
        await using (var feed = await FeedDriver.OpenAsync(grid, market.Names))
        {
            foreach (var lines in market.All.Chunk(40))
            {
                await feed.SendAsync(lines);
            }
        }

        await grid.DisposeAsync();
        var lsns = new List<ulong>();
        var whole = new List<string>();
        using (var tail = Tail(0))
        {
            TakeAll(tail, ulong.MaxValue, whole, lsns);
        }

        for (var from = 0; from < lsns.Count; from += 7)
        {
            using var tail = Tail(lsns[from]);
            var rest = new List<string>();
            TakeAll(tail, ulong.MaxValue, rest);
            Assert.Equal(whole.Skip(from + 1), rest);
        }
    }

    [Fact]
    public async Task Batches_that_a_new_life_had_to_decide_come_with_its_outcomes()
    {
        var grid = await _folder.OpenAsync();
        await using (var feed = await FeedDriver.OpenAsync(grid, Names))
        {
            await feed.SendAsync(Trade(1, "10:00:00", "10"), Trade(1, "10:00:00", "10"));
        }

        // The outcomes of the only batch are cut off, as a crash before their flush does.
        _folder.PrepareAfterKill();
        var path = _folder.PathOf("journal", $"{1UL:x16}.journal");
        var bytes = await File.ReadAllBytesAsync(path);
        var at = JournalFrames.Find(bytes, grid.GetStatus().JournalFlushedLsn);
        bytes.AsSpan(at).Clear();
        await File.WriteAllBytesAsync(path, bytes);

        var again = await _folder.OpenAsync();
        using var tail = Tail(0);
        var seen = new List<string>();
        TakeAll(tail, again.GetStatus().JournalFlushedLsn, seen);
        Assert.EndsWith("Accepted,Duplicate AlreadySeen", Assert.Single(seen), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Inputs_whose_outcomes_a_repair_lost_are_given_undecided()
    {
        var grid = await _folder.OpenAsync();
        await using (var feed = await FeedDriver.OpenAsync(grid, Names))
        {
            for (ulong i = 1; i <= 20; i++)
            {
                await feed.SendAsync(Trade(i, "10:00:00", "10"));
            }
        }

        _folder.PrepareAfterKill();
        var journal = new DiskDirectory(_folder.PathOf("journal"));
        JournalFrames.Flip(_folder.PathOf("journal", $"{1UL:x16}.journal"), JournalFrames.Of(journal, JournalFrameType.Outcomes)[10]);
        Assert.Single(JournalRepairer.Repair(journal).Losses);
        await _folder.OpenAsync();

        using var tail = Tail(0);
        var seen = new List<string>();
        TakeAll(tail, ulong.MaxValue, seen);
        Assert.Equal(20, seen.Count);
        Assert.EndsWith("undecided", seen[10], StringComparison.Ordinal);
        Assert.Equal(19, seen.Count(s => s.EndsWith("Accepted", StringComparison.Ordinal)));
        Assert.Single(tail.Gaps);
    }

    [Fact]
    public async Task Tail_behind_frames_that_are_deleted_is_refused()
    {
        _folder.Options.OwedBytesMax = 0;
        var grid = await _folder.OpenAsync();
        for (var round = 0; round < 3; round++)
        {
            var market = new RandomMarket(seed: 33 + round, eventsPerSource: 50, extraDefinitions: 600);
            await using var feed = await FeedDriver.OpenAsync(grid, market.Names, $"round-{round}");
            await feed.SendAsync([.. market.All]);
            await grid.SnapshotAsync();
        }

        Assert.False(File.Exists(_folder.PathOf("journal", $"{1UL:x16}.journal")));
        var gone = Assert.Throws<GridStorageException>(() => Tail(1));
        Assert.Contains("the journal begins later", gone.Message, StringComparison.Ordinal);

        // Who has nothing yet takes what there is, although the inputs of its first outcomes are gone.
        using var tail = Tail(0);
        TakeAll(tail, grid.GetStatus().JournalFlushedLsn, []);
    }

    private JournalTail Tail(ulong afterLsn) => new(new DiskDirectory(_folder.PathOf("journal")), new GridNames(), afterLsn);

    private static void TakeAll(JournalTail tail, ulong flushedLsn, List<string> seen, List<ulong>? lsns = null)
    {
        while (tail.TryTake(flushedLsn, out var played))
        {
            var batch = played.Batch;
            Assert.True(batch.Lsn <= flushedLsn);
            lsns?.Add(batch.Lsn);
            seen.Add($"{batch.Lsn} {batch.Producer} {batch.Epoch} {batch.Number} {batch.Events.Count}: "
                + (played.IsDecided ? string.Join(',', batch.Outcomes.ToArray()) : "undecided"));
            tail.Return(played);
        }
    }
}
