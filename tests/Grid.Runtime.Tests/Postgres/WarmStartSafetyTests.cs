using Grid.Runtime.Tests.Embedded;
using Grid.Storage;
using Grid.Testing;
using Grid.Testing.Postgres;
using static Grid.Runtime.Tests.Postgres.LostGrids;
using static Grid.Testing.TestMarket;

namespace Grid.Runtime.Tests.Postgres;

/// <summary>When an empty data folder is filled with what PostgreSQL holds, when it is not, and what becomes of it if that breaks off.</summary>
public sealed class WarmStartSafetyTests(PrivatePostgres server)
{
    [Fact]
    public async Task Without_being_told_to_an_empty_folder_takes_nothing_over()
    {
        await using var rig = await PostgresRig.OpenAsync(server);
        var running = await rig.OpenGridAsync();
        await using var feed = await FeedDriver.OpenAsync(running, Names, ack: AckLevel.Committed);
        await feed.SendAsync(Trade(1, "10:00:00", "10"));

        var refused = await Assert.ThrowsAsync<GridStorageException>(() => rig.OpenInsteadAsync(takesOver: false));
        Assert.Contains($"written to by pid {Environment.ProcessId} on {Environment.MachineName} until ", refused.Message, StringComparison.Ordinal);
        Assert.Contains("where that folder is lost and nobody writes any more, take this one over with serve --take-over", refused.Message, StringComparison.Ordinal);

        // The one that runs has not noticed, and the folder is as empty as it was.
        await feed.SendAsync(Trade(2, "10:00:01", "11"));
        Assert.Empty(running.FindTroubles());
        Assert.False(File.Exists(Path.Combine(rig.Options.DataFolder, "filling")));

        var found = await rig.OpenInsteadAsync();
        Assert.Equal(2UL, found.Latest("AAPL").Ticks);
        await feed.SubmitAsync(Trade(3, "10:00:02", "12"));
        Assert.Contains("was taken over", (await feed.Closed).Message, StringComparison.Ordinal);
        Assert.Equal(2, await rig.Database.ScalarAsync<long>("SELECT count(*) FROM grid.tick"));
    }

    [Fact]
    public async Task An_empty_folder_with_an_empty_database_begins_with_nothing()
    {
        await using var rig = await PostgresRig.OpenAsync(server);
        var first = await rig.OpenInsteadAsync();
        Assert.Null(first.Recovery.Restored);
        await first.DisposeAsync();
        var second = await rig.OpenInsteadAsync();
        Assert.Null(second.Recovery.Restored);
        await PostgresGridTests.CommittedAsync(second, Names);
    }

    [Fact]
    public async Task A_start_that_breaks_off_begins_again_and_is_never_half()
    {
        await using var own = new PrivatePostgres();
        await using var rig = await PostgresRig.OpenAsync(own);
        var market = new RandomMarket(81, eventsPerSource: 150);
        var lost = await FeedWithStatesAsync(rig, market);
        var expected = await PictureAsync(lost, withHistory: false);
        await lost.DisposeAsync();
        await using var relay = new CuttingRelay(own.Port);
        rig.Postgres.ConnectionString = rig.Postgres.ConnectionString.Replace($"Port={own.Port}", $"Port={relay.Port}", StringComparison.Ordinal);
        rig.Postgres.TakeOver = true;
        rig.UseAnotherFolder();
        var (broken, begun) = (0, 0);
        EmbeddedGrid? found = null;
        for (var bytes = 2_000L; found is null; bytes += 6_000)
        {
            relay.CutAfter(bytes);
            try
            {
                found = await rig.OpenGridAsync();
            }
            catch (GridStorageException)
            {
                broken++;
                begun += File.Exists(Path.Combine(rig.Options.DataFolder, "filling")) ? 1 : 0;
            }
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{broken} starts broke off, {begun} of them while the folder was filled");
        Assert.True(begun >= 3, $"only {begun} starts broke off while the folder was filled");
        relay.CutAfter(long.MaxValue);
        Assert.Equal(expected, await PictureAsync(found, withHistory: false));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(2));
        while (!found.GetStatus().Postgres!.IsClaimed)
        {
            await timer.WaitForNextTickAsync(Cancel);
        }

        await CheckNothingTwiceAsync(rig, found, market);
    }

    [Fact]
    public async Task A_folder_that_is_being_filled_needs_its_database()
    {
        await using var rig = await PostgresRig.OpenAsync(server);
        var lost = await rig.OpenGridAsync();
        await PostgresGridTests.CommittedAsync(lost, Names);
        await lost.DisposeAsync();
        rig.UseAnotherFolder();
        Directory.CreateDirectory(rig.Options.DataFolder);
        File.WriteAllText(Path.Combine(rig.Options.DataFolder, "filling"), "");
        var postgres = rig.Options.Postgres;
        rig.Options.Postgres = null;
        Assert.Contains("was being filled from a database and has nothing yet", (await Assert.ThrowsAsync<GridStorageException>(rig.OpenGridAsync)).Message, StringComparison.Ordinal);

        await using var another = await PostgresRig.OpenAsync(server);
        rig.Options.Postgres = another.Postgres;
        Assert.Contains("start with that database again, or with another folder", (await Assert.ThrowsAsync<GridStorageException>(rig.OpenGridAsync)).Message, StringComparison.Ordinal);

        rig.Options.Postgres = postgres;
        postgres!.TakeOver = true;
        var found = await rig.OpenGridAsync();
        Assert.Equal(1UL, found.Latest("AAPL").Ticks);
        Assert.False(File.Exists(Path.Combine(rig.Options.DataFolder, "filling")));
    }

    [Fact]
    public async Task What_the_database_does_not_keep_is_told()
    {
        await using var rig = await PostgresRig.OpenAsync(server);
        rig.Postgres.TickClasses = ["equity"];
        var lost = await rig.OpenGridAsync();
        await using (var feed = await FeedDriver.OpenAsync(lost, Names, ack: AckLevel.Committed))
        {
            await feed.SendAsync(Define(1, "09:00:00", new() { Class = "equity" }), Trade(2, "10:00:00", "10"), Trade(3, "10:00:00", "99", instrument: Bond));
        }

        await lost.DisposeAsync();
        await rig.Database.ExecuteAsync("DROP TABLE grid.tick_20240301");
        var found = await rig.OpenInsteadAsync();
        Assert.Equal(
            [
                "the database keeps ticks of the classes [equity] only: instruments of others are as the saved state has them, and what came after it may be applied once more",
                "tick_20240301 was dropped from the database: what it held is missing in history and windows",
            ],
            found.Recovery.Remarks);
        Assert.Equal("equity", (await found.GetDefinitionAsync(found.Id("AAPL"), Cancel))?.Class);
    }

    [Fact]
    public async Task A_filled_folder_without_a_whole_snapshot_is_refused()
    {
        await using var rig = await PostgresRig.OpenAsync(server);
        var lost = await rig.OpenGridAsync();
        await PostgresGridTests.CommittedAsync(lost, Names);
        await lost.DisposeAsync();
        var found = await rig.OpenInsteadAsync();
        await found.DisposeAsync();
        foreach (var snapshot in Directory.GetFiles(Path.Combine(rig.Options.DataFolder, "snapshots")))
        {
            var bytes = await File.ReadAllBytesAsync(snapshot, Cancel);
            bytes[^1] ^= 1;
            await File.WriteAllBytesAsync(snapshot, bytes, Cancel);
        }

        var refused = await Assert.ThrowsAsync<GridStorageException>(rig.OpenGridAsync);
        Assert.Contains("was filled from a database and has no whole snapshot any more (", refused.Message, StringComparison.Ordinal);
        Assert.Equal(1UL, (await rig.OpenInsteadAsync()).Latest("AAPL").Ticks);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
}
