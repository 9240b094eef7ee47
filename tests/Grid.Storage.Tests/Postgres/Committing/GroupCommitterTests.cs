using Grid.Domain.Identifiers;
using Grid.Storage.Postgres.Committing;
using Grid.Testing.Postgres;

namespace Grid.Storage.Tests.Postgres.Committing;

public sealed class GroupCommitterTests(CommitServer server) : IClassFixture<CommitServer>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Slices_of_many_grains_are_committed_in_one_transaction()
    {
        await using var rig = await CommitRig.StartAsync(server);
        var grains = await rig.ClaimAsync(50);
        var hold = await rig.HoldAsync();

        var commits = new List<Task>();
        foreach (var grain in grains.Reverse())
        {
            commits.Add(await rig.HandOverAsync(rig.SliceOf(grain, 1)));
            commits.Add(await rig.HandOverAsync(rig.SliceOf(grain, 2)));
        }

        Assert.DoesNotContain(commits, c => c.IsCompleted);
        await hold.DisposeAsync();
        await Task.WhenAll(commits);

        Assert.Equal(["1|1|1|1|0|0", "2|1|100|300|0|0"], await rig.Database.RowsAsync("SELECT number, silo_epoch, slices, ticks, runs, rejected FROM grid.commit ORDER BY number"));
        Assert.Equal((300L, 300L), (await rig.CountAsync("grid.tick t JOIN grid.commit c ON c.id = t.lsn WHERE c.number = 2"), await rig.CountAsync("(SELECT DISTINCT lsn, frame_row FROM grid.tick WHERE lsn = 2) t")));
        Assert.Equal(["1|2|3"], await rig.Database.RowsAsync("SELECT DISTINCT producer_epoch, highest, seen FROM grid.slice WHERE highest = 2"));
        var counts = rig.Committer.Counts;
        Assert.Equal((2L, 101L, 301L, 0, 0L), (counts.Commits, counts.Slices, counts.Rows, counts.RowsWaiting, counts.Failures));
    }

    [Fact]
    public async Task Stale_grain_in_the_middle_of_a_group_is_left_out_with_its_ticks_and_learns_it()
    {
        await using var rig = await CommitRig.StartAsync(server);
        await using var other = await CommitServer.OpenAsync(rig.Database, "silo-2", new GridNames());
        var grains = await rig.ClaimAsync(9);
        await using (await rig.HoldAsync())
        {
            await Task.WhenAll(grains.Select(async g => await rig.HandOverAsync(rig.SliceOf(g, 1))));
        }

        await rig.CommitAsync(grains[0], 2);
        var hold = await rig.HoldAsync();
        var commits = await Task.WhenAll(grains.Select(g => rig.HandOverAsync(rig.SliceOf(g, 3))));
        var stolen = await other.ClaimAsync(grains[4].Key, Cancel);
        await hold.DisposeAsync();

        var refusal = await Assert.ThrowsAsync<CommitRefusedException>(() => commits[4]);
        await Task.WhenAll(commits.Where(c => c != commits[4]));
        Assert.Equal((CommitRefusal.StaleGrain, "instrument G4, activation 1 may not commit: activation 2 has claimed the grain"), (refusal.Reason, refusal.Message));
        Assert.Equal(24, await rig.CountAsync("grid.tick WHERE sequence BETWEEN 3000 AND 3999"));
        Assert.Equal(3, stolen.Ticks.Count);
        Assert.Equal(1, rig.Committer.Counts.StaleGrains);

        // And from then on without asking the database.
        Assert.Same(refusal, grains[4].Refusal);
        Assert.Same(refusal, await Assert.ThrowsAsync<CommitRefusedException>(() => rig.CommitAsync(grains[4], 4)));
        await rig.CommitAsync(grains[5], 4);
    }

    [Fact]
    public async Task Slice_that_is_committed_already_is_answered_and_not_written_again()
    {
        await using var rig = await CommitRig.StartAsync(server);
        var first = (await rig.LoadAsync("G")).Claim;
        await using (await rig.HoldAsync())
        {
            // Twice in one group.
            await rig.HandOverAsync(rig.SliceOf(first, 1));
            await rig.HandOverAsync(rig.SliceOf(first, 1));
        }

        await rig.CommitAsync(first, 1);
        var second = await rig.LoadAsync("G");
        Assert.Equal([new ProducerWindow("P", new SliceWindow(1, 1, 1))], second.Windows);
        await rig.CommitAsync(second.Claim, 1);
        await rig.CommitAsync(second.Claim, 2);

        Assert.Equal(
            ["1000|1", "1001|1", "1002|1", "2000|1", "2001|1", "2002|1"],
            await rig.Database.RowsAsync(
                "SELECT sequence, count(*) FROM grid.tick t JOIN grid.instrument i ON i.id = t.instrument_id WHERE i.symbol = 'G' GROUP BY 1 ORDER BY 1"));
        Assert.Equal(3, rig.Committer.Counts.SlicesKnown);
    }

    [Theory]
    [InlineData(CommitCut.Before)]
    [InlineData(CommitCut.After)]
    public async Task Commit_whose_answer_is_lost_is_found_by_its_row_and_never_made_twice(CommitCut cut)
    {
        await using var rig = await CommitRig.StartAsync(server);
        var grains = await rig.ClaimAsync(5);
        await using (await rig.HoldAsync())
        {
            await rig.HandOverAsync(rig.SliceOf(grains[0], 1));
        }

        // The second time there is nothing to commit of what is held, so that the group behind it is the next to send COMMIT.
        await rig.CommitAsync(grains[1], 1);
        await using (await rig.HoldAsync())
        {
            rig.Relay.CutNextCommit(cut);
            await Task.WhenAll(grains.Select(async g => await rig.HandOverAsync(rig.SliceOf(g, 2))));
        }

        await Task.WhenAll(grains.Select(g => rig.CommitAsync(g, 3)));

        Assert.Equal(1, rig.Relay.CommitsCut);
        Assert.Equal(1, rig.Committer.Counts.Failures);
        Assert.Equal((15L, 15L), (await rig.CountAsync("grid.tick WHERE sequence BETWEEN 2000 AND 2999"), await rig.CountAsync("grid.tick WHERE sequence BETWEEN 3000 AND 3999")));
        Assert.Empty(await rig.Database.RowsAsync("SELECT number FROM grid.commit GROUP BY number HAVING count(*) > 1"));
    }

    [Fact]
    public async Task Later_start_of_a_silo_shuts_the_earlier_one_out()
    {
        await using var rig = await CommitRig.StartAsync(server);
        var grain = (await rig.LoadAsync("G")).Claim;
        await rig.CommitAsync(grain, 1);
        await using var later = await CommitServer.OpenAsync(rig.Database, "silo-1", new GridNames());

        var refusal = await Assert.ThrowsAsync<CommitRefusedException>(() => rig.CommitAsync(grain, 2));
        Assert.Equal(CommitRefusal.StaleSilo, refusal.Reason);
        Assert.StartsWith("silo 'silo-1' was claimed by pid ", refusal.Message, StringComparison.Ordinal);
        Assert.Equal((1L, 2L), (rig.Committer.SiloEpoch, later.SiloEpoch));
        await rig.Committer.Completion;
        Assert.Equal(CommitRefusal.StaleSilo, (await Assert.ThrowsAsync<CommitRefusedException>(() => rig.LoadAsync("H"))).Reason);
        Assert.Equal(CommitRefusal.StaleSilo, (await Assert.ThrowsAsync<CommitRefusedException>(async () => await rig.Committer.ReserveAsync(1, Cancel))).Reason);

        // Its grain lives on, and the numbers of its commits too.
        var loaded = await later.ClaimAsync(grain.Key, Cancel);
        Assert.Equal((2L, 3), (loaded.Claim.Epoch, loaded.Ticks.Count));
        await later.CommitAsync(await later.ReserveAsync(0, Cancel), loaded.Claim.NewSlice("P", 1, 2));
        Assert.Equal(["1|1", "2|2"], await rig.Database.RowsAsync("SELECT number, silo_epoch FROM grid.commit ORDER BY number"));
    }

    [Fact]
    public async Task Row_that_the_database_does_not_take_fails_its_slice_alone()
    {
        await using var rig = await CommitRig.StartAsync(server);
        await rig.Database.ExecuteAsync("SELECT grid.make_partitions('2024-05-01', '2024-05-03'); ALTER TABLE grid.tick ADD CONSTRAINT unlucky CHECK (conditions <> 13 OR sequence % 1000 <> 2)");
        var grains = await rig.ClaimAsync(11);
        var hold = await rig.HoldAsync();
        var commits = new List<Task>();
        for (ulong batch = 1; batch <= 3; batch++)
        {
            foreach (var grain in grains)
            {
                commits.Add(await rig.HandOverAsync(rig.SliceOf(grain, batch, 4, batch == 2 && grain == grains[6] ? 13U : 0U)));
            }
        }

        await hold.DisposeAsync();

        var refusal = await Assert.ThrowsAsync<CommitRefusedException>(() => commits[11 + 6]);
        Assert.Equal(CommitRefusal.BadRow, refusal.Reason);
        Assert.StartsWith("the database does not take batch 2 of P for instrument G6, activation 1: ", refusal.Message, StringComparison.Ordinal);
        Assert.Equal([new RefusedRow(2, "new row for relation \"tick_20240501\" violates check constraint \"unlucky\" (23514)")], refusal.Rows);
        var behind = await Assert.ThrowsAsync<CommitRefusedException>(() => commits[22 + 6]);
        Assert.Equal(CommitRefusal.BehindRefused, behind.Reason);
        await Task.WhenAll(commits.Where((_, i) => i != 11 + 6 && i != 22 + 6));
        Assert.Equal(((11 * 3) - 2) * 4, await rig.CountAsync("grid.tick t JOIN grid.instrument i ON i.id = t.instrument_id WHERE i.symbol <> 'HOLD'"));

        // The next activation leaves the row to the quarantine.
        var again = await rig.LoadAsync("G6");
        Assert.Equal(4, again.Ticks.Count);
        var mended = again.Claim.NewSlice("P", 1, 2);
        mended.Reject(CommitServer.Trade(again.Claim, rig.Names, 2002, 13), default, message: refusal.Rows[0].Message);
        await await rig.HandOverAsync(mended);
        Assert.Equal(
            ["-1|0|2002|13|" + refusal.Rows[0].Message],
            await rig.Database.RowsAsync("SELECT reason, epoch, sequence, conditions, message FROM grid.quarantine"));
    }

    [Fact]
    public async Task Slices_that_windows_cannot_tell_of_are_refused()
    {
        await using var rig = await CommitRig.StartAsync(server);
        var grain = (await rig.LoadAsync("G")).Claim;
        await rig.CommitAsync(grain, 100);
        await rig.CommitAsync(grain, 37);
        var old = await Assert.ThrowsAsync<CommitRefusedException>(() => rig.CommitAsync(grain, 36));
        Assert.Equal(
            (CommitRefusal.TooOld, "batch 36 of P for instrument G, activation 1 is too old to tell whether it is in: the newest is batch 100, and 64 are told apart"),
            (old.Reason, old.Message));

        grain = (await rig.LoadAsync("G")).Claim;
        await await rig.HandOverAsync(CommitServer.SliceOf(grain, rig.Names, 1, 1, producerEpoch: 2));
        var earlier = await Assert.ThrowsAsync<CommitRefusedException>(() => rig.CommitAsync(grain, 101));
        Assert.Equal(
            (CommitRefusal.OldProducer, "batch 101 of P for instrument G, activation 2 is of the producer's life 1; life 2 has sent slices since"),
            (earlier.Reason, earlier.Message));
        Assert.Equal([new ProducerWindow("P", new SliceWindow(2, 1, 1))], (await rig.LoadAsync("G")).Windows);
    }

    [Fact]
    public async Task Database_of_a_grid_that_is_no_cluster_is_refused()
    {
        await using var database = await server.CreateAsync();
        await database.ExecuteAsync("INSERT INTO grid.watermark (grid, epoch, lsn) VALUES ('folder', 1, 7)");
        var refusal = await Assert.ThrowsAsync<GridStorageException>(() => CommitServer.OpenAsync(database, "silo-1", new GridNames()));
        Assert.Equal("the database belongs to the data folder 'folder' of a grid that is no cluster; use another database", refusal.Message);
    }

    [Fact]
    public async Task Slices_and_claims_wait_while_the_server_is_away()
    {
        await using var own = new CommitServer();
        await own.InitializeAsync();
        await using var rig = await CommitRig.StartAsync(own);
        var grains = await rig.ClaimAsync(3);
        await Task.WhenAll(grains.Select(g => rig.CommitAsync(g, 1)));
        await rig.Database.Server.StopAsync();

        var commits = await Task.WhenAll(grains.Select(g => rig.HandOverAsync(rig.SliceOf(g, 2))));
        var claim = rig.LoadAsync("G0");
        while (rig.Committer.Counts.Failures == 0)
        {
            await Task.Yield();
        }

        Assert.DoesNotContain(commits.Append(claim), t => t.IsCompleted);
        Assert.NotNull(rig.Committer.Counts.LastFailure);
        await rig.Database.Server.StartAsync();

        // G0 was claimed anew, before or after its slice was committed.
        var loaded = await claim;
        await Task.WhenAll(commits[1], commits[2]);
        var again = await Record.ExceptionAsync(() => commits[0]);
        Assert.Equal(again is null ? 6 : 3, loaded.Ticks.Count);
        Assert.True(again is null or CommitRefusedException { Reason: CommitRefusal.StaleGrain });
    }
}
