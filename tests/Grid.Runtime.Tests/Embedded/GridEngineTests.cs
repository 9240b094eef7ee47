using Grid.Domain;
using Grid.Domain.Instruments;
using Grid.Runtime.Recovery;
using Grid.Runtime.Shards;
using Grid.Runtime.Tests.Simulation;
using Grid.Storage;
using Grid.Storage.Journal;
using Grid.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using static Grid.Testing.TestMarket;

namespace Grid.Runtime.Tests.Embedded;

/// <summary>The engine over a disk that can fail.</summary>
public sealed class GridEngineTests : IAsyncDisposable
{
    private readonly FaultyDisk _disk = new(seed: 1);
    private readonly ManualTime _time = new(RandomMarket.ReceivedAt);
    private readonly List<GridEngine> _engines = [];

    public async ValueTask DisposeAsync()
    {
        foreach (var engine in _engines)
        {
            await engine.DisposeAsync();
        }
    }

    [Fact]
    public async Task Failed_flush_stops_the_grid_and_nothing_waits_for_ever()
    {
        var engine = Open(new MemoryHistoryStores());
        await using var feed = await OpenFeedAsync(engine);
        await feed.SendAsync(Trade(1, "10:00:00", "10"));
        _disk.FailFlush(1);
        var number = await feed.SubmitAsync(Trade(2, "10:00:01", "11"));
        var cause = await Assert.ThrowsAsync<GridStorageException>(() => engine.Failure);
        Assert.Equal(GridErrorCode.StorageFailed, (await feed.Closed).Code);
        Assert.Equal(GridErrorCode.StorageFailed, (await Assert.ThrowsAsync<GridException>(() => feed.AcknowledgedAsync(number))).Code);
        Assert.Equal(GridErrorCode.StorageFailed, (await Assert.ThrowsAsync<GridException>(() => feed.SubmitAsync(Trade(3, "10:00:02", "12")))).Code);
        var refusal = await Assert.ThrowsAsync<GridException>(() => OpenFeedAsync(engine));
        Assert.Equal($"the grid stopped: {cause.Message}; it takes no more events", refusal.Message);
        Assert.Equal(GridErrorCode.StorageFailed, (await Assert.ThrowsAsync<GridException>(() => engine.PauseAsync(() => true))).Code);
        Assert.Equal(GridErrorCode.StorageFailed, (await Assert.ThrowsAsync<GridException>(engine.SnapshotAsync)).Code);
        Assert.Equal(2UL, await engine.AskAsync(new(1), _ => engine.Image.Instruments[new(1)]!.Version));
        await engine.DisposeAsync();
    }

    [Fact]
    public async Task What_was_acknowledged_before_a_failed_flush_is_there_after_it()
    {
        var engine = Open(new MemoryHistoryStores());
        await using var feed = await OpenFeedAsync(engine);
        await feed.SendAsync(Trade(1, "10:00:00", "10"));
        _disk.FailFlush(1);
        await feed.SubmitAsync(Trade(2, "10:00:01", "11"));
        await Assert.ThrowsAsync<GridStorageException>(() => engine.Failure);
        await engine.DisposeAsync();
        _disk.Crash();
        var reopened = Open(new MemoryHistoryStores());
        Assert.InRange(reopened.Image.Instruments[new(1)]!.Version, 1UL, 2UL);
    }

    [Fact]
    public async Task Shard_that_fails_stops_the_grid()
    {
        var engine = Open(new FailingHistoryStores());
        await using var feed = await OpenFeedAsync(engine);
        await feed.SubmitAsync(Trade(1, "10:00:00", "10"));
        await Assert.ThrowsAsync<GridStorageException>(() => engine.Failure);
        Assert.Equal(GridErrorCode.StorageFailed, (await feed.Closed).Code);
        Assert.Equal(GridErrorCode.StorageFailed, (await Assert.ThrowsAsync<GridException>(() => engine.PauseAsync(() => true))).Code);
        Assert.Equal(GridErrorCode.Stopping, (await Assert.ThrowsAsync<GridException>(() => engine.AskAsync(new(1), _ => true))).Code);
        await engine.DisposeAsync();
    }

    [Fact]
    public async Task Snapshot_that_fails_costs_nothing_and_the_next_is_whole()
    {
        var engine = Open(new MemoryHistoryStores());
        await using var feed = await OpenFeedAsync(engine);
        await feed.SendAsync(Trade(1, "10:00:00", "10"), Trade(1, "10:00:00", "10", instrument: Msft));
        _disk.FailFlush(1);
        await engine.SnapshotAsync();
        Assert.Equal(0UL, engine.SnapshotLsn);
        await feed.SendAsync(Trade(2, "10:00:01", "11"));
        await engine.SnapshotAsync();
        Assert.True(engine.SnapshotLsn > 0);
        var before = StateHash.Of(engine.Image);
        await engine.DisposeAsync();
        _disk.Crash();
        Assert.Equal(before, StateHash.Of(Open(new MemoryHistoryStores()).Image));
    }

    [Fact]
    public async Task Grid_that_failed_closes_nothing_while_a_snapshot_still_writes()
    {
        using var goOn = new ManualResetEventSlim();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var isWriting = false;
        var stores = new MemoryHistoryStores();
        var engine = Open(stores, root: new WatchedDirectory(_disk.Root, "", (folder, _, operation, _) =>
        {
            if (folder == "snapshots" && operation == DiskOperation.Create)
            {
                (isWriting, _) = (true, begun.TrySetResult());
                goOn.Wait();
                isWriting = false;
            }
        }));
        var feed = await OpenFeedAsync(engine);
        await feed.SendAsync(Trade(1, "10:00:00", "10"));
        var snapshot = engine.SnapshotAsync();
        await begun.Task;
        _disk.FailFlush(1);
        await feed.SubmitAsync(Trade(2, "10:00:01", "11"));
        await Assert.ThrowsAsync<GridStorageException>(() => engine.Failure);
        await Assert.ThrowsAsync<GridException>(() => snapshot);
        var stopping = engine.DisposeAsync();
        Assert.True(isWriting);
        Assert.False(stopping.IsCompleted, "the grid closed while the snapshot was being written");
        goOn.Set();
        await stopping;
        Assert.False(isWriting);
    }

    [Fact]
    public async Task Full_pool_makes_feeds_wait_and_nothing_is_dropped()
    {
        var engine = Open(new MemoryHistoryStores(), batchesMax: 4);
        await using var feed = await OpenFeedAsync(engine);
        await feed.SendAsync(Trade(1, "10:00:00", "10"));
        using var goOn = new ManualResetEventSlim();
        var paused = engine.PauseAsync(() =>
        {
            goOn.Wait();
            return true;
        });
        for (var i = 0; i < 4; i++)
        {
            await feed.SubmitAsync(Trade((ulong)i + 2, "10:00:01", "11"));
        }

        var waiting = feed.SubmitAsync(Trade(6, "10:00:02", "12"));
        Assert.False(waiting.IsCompleted);
        goOn.Set();
        await paused;
        await feed.AcknowledgedAsync(await waiting);
        Assert.Equal(6UL, engine.Image.Instruments[new(1)]!.Version);
    }

    [Fact]
    public async Task Feed_that_waits_for_room_is_told_when_the_grid_stops()
    {
        var engine = Open(new MemoryHistoryStores(), batchesMax: 4);
        await using var feed = await OpenFeedAsync(engine);
        await feed.SendAsync(Trade(1, "10:00:00", "10"));
        using var goOn = new ManualResetEventSlim();
        _ = engine.PauseAsync(() =>
        {
            goOn.Wait();
            return true;
        });
        for (var i = 0; i < 4; i++)
        {
            await feed.SubmitAsync(Trade((ulong)i + 2, "10:00:01", "11"));
        }

        var waiting = feed.SubmitAsync(Trade(6, "10:00:02", "12"));
        var stopping = engine.DisposeAsync();
        Assert.Equal(GridErrorCode.Stopping, (await Assert.ThrowsAsync<GridException>(() => waiting)).Code);
        goOn.Set();
        await stopping;
        _disk.Restart();
        Assert.Equal(5UL, Open(new MemoryHistoryStores()).Image.Instruments[new(1)]!.Version);
    }

    [Fact]
    public async Task Rules_that_are_in_force_are_journaled_when_they_change()
    {
        await Open(new MemoryHistoryStores()).DisposeAsync();
        await Open(new MemoryHistoryStores(), rules: new RuleBook([new("default", new ClassRules { PriceBandBasisPoints = 1 })], [])).DisposeAsync();
        var texts = new List<string>();
        using var reader = new JournalReader(_disk.Root.Subdirectory(JournalFormat.FolderName));
        while (reader.TryRead(out var frame))
        {
            Assert.Equal(JournalFrameType.Configuration, frame.Type);
            texts.Add(System.Text.Encoding.UTF8.GetString(frame.Payload));
        }

        Assert.Equal(2, texts.Count);
        Assert.Equal(RuleBook.BuiltIn.Version, RuleBook.Parse(texts[0]).Version);
        Assert.Equal(1, RuleBook.Parse(texts[1])["default"].PriceBandBasisPoints);
    }

    private GridEngine Open(IHistoryStores stores, int batchesMax = 16, RuleBook? rules = null, IJournalDirectory? root = null)
    {
        var options = new EmbeddedGridOptions
        {
            DataFolder = "/disk",
            Shards = 2,
            BatchesInFlightMax = batchesMax,
            Rules = rules ?? RuleBook.BuiltIn,
            Journal = new JournalOptions { SegmentBytesMax = JournalOptions.SegmentBytesMaxLowest, BufferBytes = JournalOptions.BufferBytesLowest },
        };
        var data = new DataFolder(root ?? _disk.Root, null);
        var engine = new GridEngine(data, GridRecovery.Open(data, options, _time, stores), options, _time, NullLoggerFactory.Instance);
        _engines.Add(engine);
        return engine;
    }

    private static Task<FeedDriver> OpenFeedAsync(GridEngine engine) =>
        FeedDriver.OpenAsync((hello, listener) => ValueTask.FromResult<IFeed>(engine.Intake.Open(hello, listener)), Names);

    private sealed class FailingHistoryStores : IHistoryStores
    {
        public HistoryStore Open(int shard, int shards, ReadOnlySpan<byte> checkpoint) => new FailingStore();

        private sealed class FailingStore : HistoryStore
        {
            public override long Bytes => 0;

            public override InstrumentHistory Create() => throw new GridStorageException("the hot store is full");

            public override void BeginCheckpoint(StateWriter writer)
            {
            }

            public override void FlushCheckpoint()
            {
            }

            protected override void Dispose(bool disposing)
            {
            }
        }
    }
}
