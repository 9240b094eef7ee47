using System.Runtime.InteropServices;
using Grid.Domain;
using Grid.Domain.Cusips;
using Grid.Domain.Events;
using Grid.Domain.Instruments;
using Grid.Runtime.Recovery;
using Grid.Runtime.Snapshots;
using Grid.Runtime.Tests.Simulation;
using Grid.Storage.Journal;
using Grid.Storage.Snapshots;
using Grid.Testing;
using static Grid.Testing.TestMarket;

namespace Grid.Runtime.Tests.Snapshots;

/// <summary>What may happen between the moment of a snapshot and its publication, step by step.</summary>
public sealed class SnapshotTests : IDisposable
{
    private static readonly Cusip BondCusip = Cusip.Parse("037833100");
    private readonly FaultyDisk _disk = new(seed: 1);
    private readonly ManualTime _time = new(RandomMarket.ReceivedAt);
    private SteppedGrid _grid;
    private FeedDriver? _feed;

    public SnapshotTests() => _grid = Open();

    public void Dispose() => _grid.Dispose();

    [Fact]
    public async Task Shard_that_is_far_behind_the_others_is_in_the_snapshot()
    {
        await SendAsync(Trade(1, "10:00:00", "10"), Trade(1, "10:00:00", "20", instrument: Msft));
        _grid.BeginSnapshot();
        _grid.StepShard(1);
        _grid.ContinueSweep(1);
        CheckReopened();
    }

    [Fact]
    public async Task Instrument_that_changes_after_the_moment_is_in_the_snapshot_as_it_was()
    {
        await SendAsync(Trade(1, "10:00:00", "10"), Trade(1, "10:00:00", "20", instrument: Msft));
        BeginEverywhere();
        await SendAsync(Trade(2, "10:00:01", "11"), Trade(1, "10:00:01", "30", instrument: Bond));
        CheckReopened();
        Assert.True(_grid.SnapshotLsn < _grid.Journal.LastLsn);
    }

    [Fact]
    public async Task Dealer_and_bond_that_are_met_after_the_moment_do_not_spoil_the_snapshot()
    {
        await SendAsync(Trade(1, "10:00:00", "10"));
        BeginEverywhere();
        await SendAsync(Run(ByBatch, "10:00:00", "99", "101"), Run(ByContent, "10:00:01", "100", "102"));
        var market = _grid.Image.Cusips.Market(BondCusip);
        Assert.Equal(2, market!.Value.DealerCount);
        CheckReopened();
        Assert.Equal(market.Value.Bid.Price, _grid.Image.Cusips.Market(BondCusip)!.Value.Bid.Price);
    }

    [Fact]
    public async Task Events_rejected_after_the_moment_are_listed_once()
    {
        await SendAsync(Trade(1, "10:00:00", "-1"), Trade(1, "10:00:00", "-1", instrument: Msft));
        BeginEverywhere();
        await SendAsync(Trade(2, "10:00:01", "-2"), Trade(2, "10:00:01", "-2", instrument: Msft));
        var before = _grid.Image.Quarantine.After(0, 100);
        Assert.Equal(4, before.Count);
        CheckReopened();
        var after = _grid.Image.Quarantine.After(0, 100);
        Assert.Equal(before.Select(q => q.Event.F0), after.Select(q => q.Event.F0));
        Assert.Equal(4, after.Select(q => q.Id).Distinct().Count());
        await SendAsync(Trade(3, "10:00:02", "-3"));
        Assert.True(_grid.Image.Quarantine.After(after.Max(q => q.Id), 100).Count == 1);
    }

    [Fact]
    public async Task Snapshot_begun_again_while_shards_still_have_a_failed_one_before_them_is_whole()
    {
        await SendAsync(Trade(1, "10:00:00", "10"), Trade(1, "10:00:00", "20", instrument: Msft));
        _disk.FailWrite(1);
        _grid.BeginSnapshot();
        await SubmitAsync(Trade(2, "10:00:01", "11"));
        _grid.StepSequencer(flushAtOnce: true);
        _grid.BeginSnapshot();
        CheckReopened();
    }

    [Fact]
    public async Task Sections_are_small_whatever_there_is_of_a_kind()
    {
        const int Domains = 40_000;
        foreach (var sessions in Enumerable.Range(1, Domains).Chunk(GridLimits.BatchEventsMax))
        {
            await SendAsync([.. sessions.Select(s => InSession((uint)s))]);
        }

        BeginEverywhere();
        var quarantined = _grid.Image.Quarantine.After(0, int.MaxValue);
        CheckReopened();
        Assert.Equal(Domains, _grid.Image.Quarantine.After(0, int.MaxValue).Count);
        Assert.Equal(quarantined, _grid.Image.Quarantine.After(0, int.MaxValue));
        using var snapshot = new SnapshotCatalog(new DataFolder(_disk.Root, null).Snapshots).Open(_grid.SnapshotLsn);
        var sections = new Dictionary<SnapshotSection, int>();
        while (snapshot.NextSection())
        {
            Assert.InRange(snapshot.SectionLength, 1UL, 1_200_000UL);
            CollectionsMarshal.GetValueRefOrAddDefault(sections, (SnapshotSection)snapshot.SectionType, out _)++;
        }

        Assert.InRange(sections[SnapshotSection.Gaps], 2, 10);
        Assert.InRange(sections[SnapshotSection.QuarantinedEvents], 2, 10);

        // A price below zero, so that it is quarantined; the domain has heard of it nevertheless.
        static MarketLine InSession(uint session)
        {
            var trade = Trade(1, "10:00:00", "-1", source: Contiguous, instrument: 1 + (session % 2));
            return trade with { Event = trade.Event with { Session = session } };
        }
    }

    [Fact]
    public async Task Quarantined_run_and_definition_are_whole_after_a_restart()
    {
        var run = Run(ByBatch, "10:00:00", "-99", "101");
        var early = Define(1, "09:00:00", new InstrumentDefinition { Class = "bond", Currency = "USD" }, Bond);
        await SendAsync(run, early with { Event = early.Event with { EventTime = new(RandomMarket.ReceivedAt.ToUnixTimeMilliseconds() * 2_000_000) } });
        BeginEverywhere();
        CheckReopened();
        var events = _grid.Image.Quarantine.After(0, 10);
        Assert.Equal(2, events.Count);
        Assert.Equal(run.Run, events.Single(e => e.Event.Kind == EventKind.Run).Run);
        Assert.Equal(early.Definition, events.Single(e => e.Event.Kind == EventKind.Definition).Definition);
    }

    private static MarketLine Run(ushort dealer, string at, string bid, string ask)
    {
        var quote = Quote(0, at, bid, ask, dealer, Bond);
        return quote with { Event = quote.Event with { Kind = EventKind.Run }, Run = new(BondCusip, 1, 2, 3, 4, default) };
    }

    private void BeginEverywhere()
    {
        _grid.BeginSnapshot();
        _grid.StepShard(0);
        _grid.StepShard(1);
    }

    private async Task SendAsync(params MarketLine[] lines)
    {
        await SubmitAsync(lines);
        while (!_grid.IsIdle)
        {
            _grid.StepSequencer(flushAtOnce: true);
            _grid.StepShard(0);
            _grid.StepShard(1);
            _grid.Flush();
        }
    }

    private async Task SubmitAsync(params MarketLine[] lines)
    {
        _feed ??= await FeedDriver.OpenAsync((hello, listener) => ValueTask.FromResult<IFeed>(_grid.Intake.Open(hello, listener)), Names);
        var announced = _feed.AnnounceAsync(lines);
        while (!announced.IsCompleted)
        {
            _grid.StepSequencer(flushAtOnce: false);
            await Task.Yield();
        }

        await _feed.SubmitAsync(lines);
    }

    // Finishes the snapshot, and finds in it and in the journal behind it what was there before.
    private void CheckReopened()
    {
        _grid.Drain();
        Assert.True(_grid.SnapshotLsn > 0);
        var before = StateHash.Of(_grid.Image);
        _grid.Dispose();
        _disk.Crash();
        _feed = null;
        _grid = Open();
        Assert.Equal(before, StateHash.Of(_grid.Image));
        Assert.Equal(2, _grid.Shards);
    }

    private SteppedGrid Open()
    {
        var options = new EmbeddedGridOptions
        {
            BatchesInFlightMax = SteppedGrid.BatchesMax,
            DataFolder = "/disk",
            Shards = 2,
            OwedBytesMax = 0,
            Journal = new JournalOptions { SegmentBytesMax = JournalOptions.SegmentBytesMaxLowest, BufferBytes = JournalOptions.BufferBytesLowest },
        };
        var data = new DataFolder(_disk.Root, null);
        return new SteppedGrid(GridRecovery.Open(data, options, _time, new MemoryHistoryStores()), options, _time, new CrashPlan(_disk), static _ => { });
    }
}
