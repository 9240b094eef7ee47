using Grid.Storage.Postgres.Committing;

namespace Grid.Storage.Tests.Postgres.Committing;

public sealed class CommitQueueTests(CommitServer server) : IClassFixture<CommitServer>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_finds_no_room_waits_until_rows_are_committed()
    {
        await using var rig = await CommitRig.StartAsync(server, queueRows: 10_000);
        var grain = (await rig.LoadAsync("G")).Claim;
        var hold = await rig.HoldAsync();
        var commit = rig.Committer.CommitAsync(await rig.Committer.ReserveAsync(9_000, Cancel), rig.SliceOf(grain, 1, 10));

        var waiting = rig.Committer.ReserveAsync(1_000, Cancel).AsTask();
        var behind = rig.Committer.ReserveAsync(1, Cancel).AsTask();
        Assert.False(waiting.IsCompleted || behind.IsCompleted);
        Assert.Equal(9_001, rig.Committer.Counts.RowsWaiting);
        await hold.DisposeAsync();

        (await waiting).Dispose();
        (await behind).Dispose();
        await commit;
        Assert.Equal(0, rig.Committer.Counts.RowsWaiting);
    }

    [Fact]
    public async Task Room_is_given_in_order_and_who_gives_up_waits_no_more()
    {
        var queue = new CommitQueue(100);
        var all = await queue.ReserveAsync(100, Cancel);
        using var giveUp = new CancellationTokenSource();
        var first = queue.ReserveAsync(100, giveUp.Token).AsTask();
        var second = queue.ReserveAsync(60, Cancel).AsTask();
        var third = queue.ReserveAsync(60, Cancel).AsTask();
        all.Dispose();
        all.Dispose();
        (await first).Dispose();

        var room = await second;
        Assert.False(third.IsCompleted);
        var fourth = queue.ReserveAsync(1, giveUp.Token).AsTask();
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fourth);
        room.Dispose();
        Assert.Equal(60, (await third).Rows);
        Assert.Equal(60, queue.RowsTaken);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await queue.ReserveAsync(101, Cancel));
    }

    [Fact]
    public async Task Closed_queue_refuses_who_waits_and_who_comes()
    {
        var queue = new CommitQueue(100);
        await queue.ReserveAsync(100, Cancel);
        var waiting = queue.ReserveAsync(1, Cancel).AsTask();
        var reason = new CommitRefusedException(CommitRefusal.Stopped, "over");
        queue.Close(reason);

        Assert.Same(reason, await Assert.ThrowsAsync<CommitRefusedException>(() => waiting));
        Assert.Same(reason, await Assert.ThrowsAsync<CommitRefusedException>(async () => await queue.ReserveAsync(1, Cancel)));
        Assert.False(await queue.WaitAsync(Cancel));
    }

    [Fact]
    public async Task Room_is_for_one_slice_that_fits()
    {
        await using var rig = await CommitRig.StartAsync(server);
        var grain = (await rig.LoadAsync("G")).Claim;
        var room = await rig.Committer.ReserveAsync(3, Cancel);

        var tooLarge = await Assert.ThrowsAsync<ArgumentException>(() => rig.Committer.CommitAsync(room, rig.SliceOf(grain, 1, 4)));
        Assert.Equal("batch 1 of P for instrument G, activation 1 has 4 rows; there is room for 3", tooLarge.Message);
        await rig.Committer.CommitAsync(room, rig.SliceOf(grain, 1));
        await Assert.ThrowsAsync<ArgumentException>(() => rig.Committer.CommitAsync(room, rig.SliceOf(grain, 2)));
    }

    [Fact]
    public async Task Stopping_commits_what_was_handed_over_and_takes_nothing_more()
    {
        await using var rig = await CommitRig.StartAsync(server);
        var grains = await rig.ClaimAsync(20);
        var hold = await rig.HoldAsync();
        var commits = await Task.WhenAll(grains.Select(g => rig.HandOverAsync(rig.SliceOf(g, 1))));
        var room = await rig.Committer.ReserveAsync(3, Cancel);
        var stopping = rig.Committer.StopAsync(Cancel);
        Assert.False(stopping.IsCompleted);
        await hold.DisposeAsync();
        await stopping;

        await Task.WhenAll(commits);
        var late = await Assert.ThrowsAsync<CommitRefusedException>(() => rig.Committer.CommitAsync(room, rig.SliceOf(grains[0], 2)));
        Assert.Equal(CommitRefusal.Stopped, late.Reason);
        Assert.Equal(61, await rig.CountAsync("grid.tick"));
    }

    [Fact]
    public async Task Disposing_refuses_what_is_not_committed()
    {
        await using var rig = await CommitRig.StartAsync(server);
        var grain = (await rig.LoadAsync("G")).Claim;
        rig.Relay.CutAll();
        await using var connection = await rig.Database.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync(Cancel);
        await using (var locking = new Npgsql.NpgsqlCommand("SELECT FROM grid.silo FOR NO KEY UPDATE", connection, transaction))
        {
            await locking.ExecuteNonQueryAsync(Cancel);
        }

        var commit = await rig.HandOverAsync(rig.SliceOf(grain, 1));
        await rig.Committer.DisposeAsync();

        Assert.Equal(CommitRefusal.Stopped, (await Assert.ThrowsAsync<CommitRefusedException>(() => commit)).Reason);
        Assert.Equal(CommitRefusal.Stopped, grain.Refusal!.Reason);
        Assert.Equal(CommitRefusal.Stopped, (await Assert.ThrowsAsync<CommitRefusedException>(() => rig.LoadAsync("H"))).Reason);
    }
}
