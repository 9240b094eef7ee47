using Grid.Domain.Cusips;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;
using Grid.Storage.Postgres;
using Grid.Storage.Postgres.Committing;

namespace Grid.Storage.Tests.Postgres.Committing;

public sealed class GrainLoadingTests(CommitServer server) : IClassFixture<CommitServer>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Events_of_every_kind_come_back_as_they_were_in_the_order_of_their_commits()
    {
        await using var rig = await CommitRig.StartAsync(server);
        var grain = (await rig.LoadAsync("G")).Claim;
        var trade = CommitServer.Trade(grain, rig.Names, ulong.MaxValue - 5) with
        {
            EventTime = new UnixNanos(1_714_564_800_123_456_789), ReceiveTime = new UnixNanos(-1), Channel = new ChannelId((uint)rig.Names.Channels.GetOrAdd("C")),
        };
        var quote = trade with { Kind = EventKind.Quote, Flags = EventFlags.BidSet | EventFlags.AskCleared, F0 = -5, F1 = 6, F2 = 0, F3 = 0 };
        var ask = quote with { Flags = EventFlags.AskSet | EventFlags.Suspicious, F0 = 0, F1 = 0, F2 = long.MaxValue, F3 = 1, EventTime = new UnixNanos(1_714_000_000_000_000_001) };
        var correct = trade with { Kind = EventKind.Correct, F3 = -6, Venue = default };
        var cancel = trade with { Kind = EventKind.Cancel, F0 = 0, F1 = 0, F3 = 9, Conditions = uint.MaxValue };
        var run = quote with { Kind = EventKind.Run, Flags = EventFlags.BidSet | EventFlags.AskSet, F2 = 7, F3 = 8 };
        var detail = new RunDetail(Cusip.Parse("912828YB0"), 120, RunDetail.Absent, -3, RunDetail.Absent, default);
        var slice = grain.NewSlice("P", 1, 1);
        slice.Add(in trade, Outcome.Accepted);
        slice.Add(in quote, Outcome.Flag(RejectReason.PriceNotPositive));
        slice.Add(in run, Outcome.Accepted, in detail, 20240501);
        slice.Reject(in trade, Outcome.Reject(RejectReason.PriceNotPositive));
        slice.Add(in ask, Outcome.Accepted);
        await await rig.HandOverAsync(slice);
        slice = grain.NewSlice("P", 1, 2);
        slice.Add(in correct, Outcome.Accepted);
        slice.Add(in cancel, Outcome.Accepted);
        await await rig.HandOverAsync(slice);

        var loaded = await rig.LoadAsync("G");

        var (first, second) = ((ulong)1, (ulong)2);
        Assert.Equal(
            [
                new TickRow(trade, Outcome.Accepted, first, 0), new TickRow(quote, Outcome.Flag(RejectReason.PriceNotPositive), first, 1),
                new TickRow(ask, Outcome.Accepted, first, 4), new TickRow(correct, Outcome.Accepted, second, 0), new TickRow(cancel, Outcome.Accepted, second, 1),
            ],
            loaded.Ticks);
        Assert.Equal([new RunRow(new TickRow(run, Outcome.Accepted, first, 2), detail, 20240501)], loaded.Runs);
        Assert.Equal((1L, 2L), (await rig.CountAsync("grid.quarantine WHERE lsn = 1 AND frame_row = 3"), loaded.Claim.Epoch));

        // Another process has other numbers for the same names.
        var names = new GridNames();
        names.Sources.GetOrAdd("other");
        names.Instruments.GetOrAdd("X");
        await using var other = await CommitServer.OpenAsync(rig.Database, "silo-2", names);
        var there = (await other.ClaimAsync(grain.Key, Cancel)).Ticks[0].Event;
        Assert.Equal(("S", "G", "XNYS", "C"), (names.Sources.Text(there.Source.Value), names.Symbol(there.Instrument), names.Venues.Text(there.Venue.Value), names.Channels.Text((int)there.Channel.Value)));
    }

    [Fact]
    public async Task Snapshot_stands_for_what_was_handed_over_before_it_also_within_one_commit()
    {
        await using var rig = await CommitRig.StartAsync(server);
        var grains = await rig.ClaimAsync(3);
        var commits = new List<Task>();
        await using (await rig.HoldAsync())
        {
            foreach (var grain in grains)
            {
                commits.Add(await rig.HandOverAsync(rig.SliceOf(grain, 1)));
            }

            commits.Add(rig.Committer.SaveAsync(grains[0], [1, 2, 3]));
            commits.Add(rig.Committer.SaveAsync(grains[1], []));
            await Assert.ThrowsAsync<InvalidOperationException>(() => rig.Committer.SaveAsync(grains[1], []));
            commits.Add(await rig.HandOverAsync(rig.SliceOf(grains[0], 2)));
            commits.Add(await rig.HandOverAsync(rig.SliceOf(grains[2], 2)));
        }

        await Task.WhenAll(commits);
        Assert.Equal(2, rig.Committer.Counts.Commits);
        await rig.Committer.SaveAsync(grains[1], [9]);
        await rig.CommitAsync(grains[1], 3);
        await rig.Committer.SaveAsync(grains[2], new byte[100_000]);

        var loaded = await Task.WhenAll(grains.Select(g => rig.LoadAsync(g.Key.Name)));
        Assert.Equal("010203", Convert.ToHexString(loaded[0].Snapshot!.State));
        Assert.Equal([2000UL, 2001UL, 2002UL], loaded[0].Ticks.Select(t => t.Event.Sequence));
        Assert.Equal("09", Convert.ToHexString(loaded[1].Snapshot!.State));
        Assert.Equal([3000UL, 3001UL, 3002UL], loaded[1].Ticks.Select(t => t.Event.Sequence));
        Assert.Equal((100_000, 0), (loaded[2].Snapshot!.State.Length, loaded[2].Ticks.Count));
        Assert.True(loaded[1].Snapshot!.At.Commit > loaded[0].Snapshot!.At.Commit);
        Assert.Equal(["G2"], await rig.Database.RowsAsync("SELECT key::text FROM grid.grain WHERE tail_from IS NULL AND key <> 'HOLD'"));
    }

    [Fact]
    public async Task Definitions_come_back_whole_with_every_activation()
    {
        await using var rig = await CommitRig.StartAsync(server);
        var grain = (await rig.LoadAsync("G")).Claim;
        var e = CommitServer.Trade(grain, rig.Names, 7) with
        {
            Kind = EventKind.Definition, Venue = default, Conditions = 0, F0 = 0, F1 = 0, Channel = new ChannelId((uint)rig.Names.Channels.GetOrAdd("C")),
        };

        // No row has when a definition was received.
        e.ReceiveTime = e.EventTime;
        var definition = new InstrumentDefinition
        {
            Class = "bond", TickSize = Price.Parse("0.01"), LotSize = Quantity.Parse("100"), Currency = "USD", Calendar = "west", Cusip = Cusip.Parse("912828YB0"),
            ValidFrom = new UnixNanos(1_714_564_800_123_456_789),
        };
        var slice = grain.NewSlice("P", 1, 1);
        slice.Add(in e, Outcome.Accepted, new InstrumentDefinition(), new InstrumentDefinition());
        slice.Add(in e, Outcome.Accepted, definition, definition);
        await await rig.HandOverAsync(slice);
        await rig.Committer.SaveAsync(grain, [1]);

        for (var i = 0; i < 2; i++)
        {
            var loaded = await rig.LoadAsync("G");
            Assert.Equal(
                [new DefinitionRow(new TickRow(e, Outcome.Accepted, 1, 0), new InstrumentDefinition()), new DefinitionRow(new TickRow(e, Outcome.Accepted, 1, 1), definition)],
                loaded.Definitions);
            Assert.Empty(loaded.Ticks);
        }

        Assert.Equal(["bond|912828YB0"], await rig.Database.RowsAsync("SELECT class, cusip FROM grid.instrument WHERE symbol = 'G'"));
    }

    [Fact]
    public async Task A_source_is_declared_once_by_whichever_silo_comes_first()
    {
        await using var rig = await CommitRig.StartAsync(server);
        await using var other = await CommitServer.OpenAsync(rig.Database, "silo-2", new GridNames());
        await rig.CommitAsync((await rig.LoadAsync("G")).Claim, 1);
        Assert.Empty(await other.Sources.FindAsync(["S", "X"], Cancel));
        var declarations = Enumerable.Range(0, 8).Select(i => new SourceDeclaration
        {
            Name = "S", Policy = (DedupPolicy)(i % 4), IsContiguous = i < 4, UnknownInstrument = UnknownInstrumentAction.Flag, NotLastConditions = uint.MaxValue, NotVolumeConditions = (uint)i,
        }).ToList();

        var declared = await Task.WhenAll(declarations.Select((d, i) => (i % 2 == 0 ? rig.Committer : other).Sources.DeclareAsync(d, Cancel)));

        var known = Assert.Single(declared.Distinct());
        Assert.Contains(known, declarations);
        Assert.Equal([known], await other.Sources.FindAsync(["S", "X"], Cancel));
    }

    [Fact]
    public async Task Late_events_behind_a_snapshot_are_found()
    {
        await using var rig = await CommitRig.StartAsync(server);
        var grain = (await rig.LoadAsync("G")).Claim;
        await rig.CommitAsync(grain, 5);
        await rig.Committer.SaveAsync(grain, [5]);
        await rig.CommitAsync(grain, 6);
        var late = grain.NewSlice("P", 1, 7);
        late.Add(CommitServer.Trade(grain, rig.Names, 1) with { EventTime = new UnixNanos(CommitServer.Start.Value - (400 * UnixNanos.PerDay)) }, Outcome.Accepted);
        await await rig.HandOverAsync(late);

        Assert.Equal([6000UL, 6001UL, 6002UL, 1UL], (await rig.LoadAsync("G")).Ticks.Select(t => t.Event.Sequence));
    }

    [Fact]
    public async Task Snapshot_of_a_stale_activation_is_refused()
    {
        await using var rig = await CommitRig.StartAsync(server);
        var stale = (await rig.LoadAsync("G")).Claim;
        var valid = (await rig.LoadAsync("G")).Claim;
        await rig.Committer.SaveAsync(valid, [2]);

        Assert.Equal(CommitRefusal.StaleGrain, (await Assert.ThrowsAsync<CommitRefusedException>(() => rig.Committer.SaveAsync(stale, [1]))).Reason);
        Assert.Equal("02", Convert.ToHexString((await rig.LoadAsync("G")).Snapshot!.State));
    }

    [Fact]
    public async Task Activations_that_are_asked_for_together_each_get_an_epoch_and_only_the_last_may_commit()
    {
        await using var rig = await CommitRig.StartAsync(server);
        var cusip = new GrainKey(GrainKind.Cusip, "912828YB0");
        var loading = Enumerable.Range(0, 40).Select(i => rig.Committer.ClaimAsync(i % 4 == 3 ? cusip : new GrainKey(GrainKind.Instrument, $"G{i % 4}"), Cancel)).ToList();
        var loaded = await Task.WhenAll(loading);

        foreach (var group in loaded.GroupBy(g => g.Claim.Key))
        {
            Assert.Equal(Enumerable.Range(1, 10).Select(i => (long)i), group.Select(g => g.Claim.Epoch).Order());
        }

        Assert.Equal(4, await rig.CountAsync("grid.grain WHERE epoch = 10 AND silo_id = 1"));
        var commits = loaded.Select(g => rig.CommitAsync(g.Claim, (ulong)g.Claim.Epoch, g.Claim.Key == cusip ? 0 : 2)).ToList();
        await Task.WhenAll(commits.Select(c => c.ContinueWith(_ => { }, Cancel, TaskContinuationOptions.None, TaskScheduler.Default)));
        Assert.All(loaded.Zip(commits), pair => Assert.Equal(pair.First.Claim.Epoch == 10, pair.Second.IsCompletedSuccessfully));
        Assert.Equal(6, await rig.CountAsync("grid.tick"));
    }

    [Theory]
    [InlineData(GrainKind.Instrument, "", "this is no key of a grain: a name is empty; it must have 1 to 64 printable ASCII bytes")]
    [InlineData(GrainKind.Cusip, "a b", "this is no key of a grain: name 'a b' has byte 0x20 at position 1; only printable ASCII without spaces (0x21 to 0x7E) is allowed")]
    [InlineData((GrainKind)5, "A", "a grain is an instrument (1), a CUSIP (2), a source (3) or a producer (4), not 5")]
    public async Task Keys_that_no_grain_can_have_are_refused(GrainKind kind, string name, string message)
    {
        await using var rig = await CommitRig.StartAsync(server);
        Assert.Equal(message, (await Assert.ThrowsAsync<ArgumentException>(() => rig.Committer.ClaimAsync(new GrainKey(kind, name), Cancel))).Message);
    }

    [Fact]
    public async Task Event_of_another_instrument_is_refused()
    {
        await using var rig = await CommitRig.StartAsync(server);
        var grains = await rig.ClaimAsync(2);
        var slice = grains[0].NewSlice("P", 1, 1);
        Assert.Throws<ArgumentException>(() => slice.Add(CommitServer.Trade(grains[1], rig.Names, 1), Outcome.Accepted));
        Assert.Equal(0, slice.Rows);
    }
}
