using Grid.Runtime.Recovery;
using Grid.Storage;
using Grid.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using static Grid.Testing.TestMarket;

namespace Grid.Runtime.Tests.Embedded;

public sealed class ReadinessTests : IAsyncDisposable
{
    private readonly FaultyDisk _disk = new(seed: 2);
    private readonly ManualTime _time = new(RandomMarket.ReceivedAt);
    private readonly EmbeddedGridOptions _options = new() { DataFolder = Path.GetTempPath(), DiskFreeBytesMin = 0, Shards = 1 };
    private readonly GridEngine _engine;
    private readonly Readiness _readiness;

    public ReadinessTests()
    {
        var data = new DataFolder(_disk.Root, null);
        _engine = new GridEngine(data, GridRecovery.Open(data, _options, _time, new MemoryHistoryStores()), _options, _time, NullLoggerFactory.Instance);
        _readiness = new Readiness(_engine, _options);
    }

    public ValueTask DisposeAsync() => _engine.DisposeAsync();

    [Fact]
    public async Task Grid_that_runs_is_ready_however_long_it_is_idle()
    {
        await using var feed = await OpenFeedAsync();
        await feed.SendAsync(Trade(1, "10:00:00", "10"));
        _time.Advance(TimeSpan.FromHours(1));

        Assert.Empty(_readiness.FindTroubles());
    }

    [Fact]
    public async Task Grid_that_is_stopping_says_so()
    {
        await _engine.DisposeAsync();

        Assert.Equal(["the grid is stopping"], _readiness.FindTroubles());
    }

    [Fact]
    public void Disk_without_room_is_named_with_the_option()
    {
        _options.DiskFreeBytesMin = long.MaxValue;

        Assert.Matches(
            @"^the disk of '.+' has \d+ bytes left; at least 9223372036854775807 are wanted \(option DiskFreeBytesMin\)$",
            Assert.Single(_readiness.FindTroubles()));
    }

    [Fact]
    public async Task Queue_that_does_not_move_is_told_once_it_stands_for_too_long()
    {
        await using var feed = await OpenFeedAsync();
        using var goOn = new ManualResetEventSlim();
        var stands = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await feed.AnnounceAsync(Trade(1, "10:00:00", "10"));
        var pause = _engine.PauseAsync(() =>
        {
            stands.SetResult();
            goOn.Wait();
            return true;
        });
        await stands.Task;
        var number = await feed.SubmitAsync(Trade(1, "10:00:00", "10"));
        _time.Advance(_options.StuckAfter);
        Assert.Empty(_readiness.FindTroubles());

        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(["1 batches are queued and none was finished for 11 s; the limit is 10 s (option StuckAfter)"], _readiness.FindTroubles());
        goOn.Set();
        await pause;
        await feed.AcknowledgedAsync(number);
        Assert.Empty(_readiness.FindTroubles());
    }

    [Fact]
    public async Task Cause_of_a_grid_that_stopped_by_itself_is_the_reason()
    {
        await using var feed = await OpenFeedAsync();
        _disk.FailFlush(1);
        await feed.SubmitAsync(Trade(1, "10:00:00", "10"));
        var cause = await Assert.ThrowsAsync<GridStorageException>(() => _engine.Failure);

        Assert.Contains($"the grid stopped: {cause.Message}", _readiness.FindTroubles());
    }

    private Task<FeedDriver> OpenFeedAsync() =>
        FeedDriver.OpenAsync((hello, listener) => ValueTask.FromResult<IFeed>(_engine.Intake.Open(hello, listener)), Names);
}
