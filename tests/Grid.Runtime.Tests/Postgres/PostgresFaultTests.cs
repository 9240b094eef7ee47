using Grid.Domain;
using Grid.Runtime.Tests.Embedded;
using Grid.Storage;
using Grid.Storage.Postgres;
using Grid.Testing;
using Grid.Testing.Postgres;
using static Grid.Testing.TestMarket;

namespace Grid.Runtime.Tests.Postgres;

/// <summary>What becomes of a grid whose PostgreSQL fails, is not there, or is not for it.</summary>
public sealed class PostgresFaultTests(PrivatePostgres shared)
{
    [Fact]
    public async Task A_server_that_is_stopped_and_started_under_load_has_everything_once_afterwards()
    {
        await using var server = new PrivatePostgres();
        await using var rig = await PostgresRig.OpenAsync(server);
        var grid = await rig.OpenGridAsync();
        var market = new RandomMarket(51, eventsPerSource: 300);
        await using (var feed = await FeedDriver.OpenAsync(grid, market.Names))
        {
            var parts = market.All.Chunk(20).ToList();
            Assert.True(parts.Count > 20);
            for (var i = 0; i < parts.Count; i++)
            {
                // Acknowledged as journaled all the time, whether PostgreSQL is there or not.
                await feed.SendAsync(parts[i]);
                if (i % 20 == 7 && i + 7 < parts.Count)
                {
                    await server.StopAsync();
                }
                else if (i % 20 == 14)
                {
                    await UntilAsync(() => grid.GetStatus().Postgres!.Circuit != CircuitState.Closed);
                    Assert.Empty(grid.FindTroubles());
                    Assert.True(grid.GetStatus().Postgres is { LagBytes: > 0, LastError: not null, Failures: > 0 });
                    await server.StartAsync();
                }
            }
        }

        await PostgresGridTests.CommittedAsync(grid, market.Names);
        await rig.CheckSameAsync(grid);
        await UntilAsync(() => grid.GetStatus().Postgres is { LagFrames: 0, LagBytes: 0, LastError: null } status && status.Lag == TimeSpan.Zero);
    }

    [Fact]
    public async Task Connections_that_are_cut_at_any_moment_neither_lose_nor_double_anything()
    {
        await using var rig = await PostgresRig.OpenAsync(shared);
        rig.Postgres.ApplicationName = $"cut-{rig.Database.Name}";
        var grid = await rig.OpenGridAsync();
        var market = new RandomMarket(52, eventsPerSource: 400);
        await using var feed = await FeedDriver.OpenAsync(grid, market.Names, ack: AckLevel.Committed);
        ulong last = 0;
        foreach (var lines in market.All.Chunk(25))
        {
            last = await feed.SubmitAsync(lines);
            await rig.Database.ExecuteAsync($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '{rig.Postgres.ApplicationName}'");
        }

        await feed.AcknowledgedAsync(last);
        Assert.True(grid.GetStatus().Postgres!.Failures > 0);
        await rig.CheckSameAsync(grid);
    }

    [Theory]
    [InlineData("PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(60)")]
    [InlineData("RAISE EXCEPTION 'the disk is full' USING ERRCODE = 'disk_full'")]
    [InlineData("RAISE EXCEPTION 'a deadlock' USING ERRCODE = 'deadlock_detected'")]
    [InlineData("RAISE EXCEPTION 'another was first' USING ERRCODE = 'serialization_failure'")]
    public async Task What_fails_in_the_middle_of_COPY_is_tried_again(string failure)
    {
        await using var rig = await PostgresRig.OpenAsync(shared);
        await rig.Database.ExecuteAsync($"""
            SELECT grid.make_partitions('2024-03-01', '2024-03-01');
            CREATE SEQUENCE failures;
            CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF NEW.sequence = 70 AND nextval('failures') <= 3 THEN
                    {failure};
                END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER fail BEFORE INSERT ON grid.tick_20240301 FOR EACH ROW EXECUTE FUNCTION fail();
            """);
        var grid = await rig.OpenGridAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names, ack: AckLevel.Committed);
        for (ulong sequence = 1; sequence <= 100; sequence += 50)
        {
            await feed.SendAsync([.. Enumerable.Range(0, 50).Select(i => Trade(sequence + (ulong)i, "10:00:00", "10"))]);
        }

        Assert.Equal(3, grid.GetStatus().Postgres!.Failures);
        await rig.CheckSameAsync(grid);
    }

    [Fact]
    public async Task A_crash_of_the_server_at_any_moment_neither_loses_nor_doubles_anything()
    {
        await using var server = new PrivatePostgres();
        await using var rig = await PostgresRig.OpenAsync(server);
        var grid = await rig.OpenGridAsync();
        var market = new RandomMarket(53, eventsPerSource: 200);
        await using var feed = await FeedDriver.OpenAsync(grid, market.Names, ack: AckLevel.Committed);
        ulong last = 0;
        foreach (var (lines, i) in market.All.Chunk(20).Select((l, i) => (l, i)))
        {
            last = await feed.SubmitAsync(lines);
            if (i % 15 == 5)
            {
                await server.KillAsync();
                await server.StartAsync();
            }
        }

        await feed.AcknowledgedAsync(last);
        await rig.CheckSameAsync(grid);
    }

    [Fact]
    public async Task A_server_that_is_not_there_at_the_start_is_waited_for()
    {
        await using var server = new PrivatePostgres();
        await using var rig = await PostgresRig.OpenAsync(server);
        await server.StopAsync();
        var grid = await rig.OpenGridAsync();
        await using (var feed = await FeedDriver.OpenAsync(grid, Names))
        {
            await feed.SendAsync(Trade(1, "10:00:00", "10"));
        }

        var refused = await Assert.ThrowsAsync<GridException>(() => FeedDriver.OpenAsync(grid, Names, "other", ack: AckLevel.Committed));
        Assert.Equal(GridErrorCode.StorageFailed, refused.Code);
        Assert.Contains("PostgreSQL was not reached yet", refused.Message, StringComparison.Ordinal);

        await server.StartAsync();
        await UntilAsync(() => grid.GetStatus().Postgres!.IsClaimed);
        await PostgresGridTests.CommittedAsync(grid, Names);
        Assert.Equal(2, await rig.Database.ScalarAsync<long>("SELECT count(*) FROM grid.tick"));
    }

    [Fact]
    public async Task Feeds_wait_when_PostgreSQL_is_owed_too_much_and_queries_go_on()
    {
        await using var server = new PrivatePostgres();
        await using var rig = await PostgresRig.OpenAsync(server);
        rig.Options.OwedBytesMax = 100_000;
        var grid = await rig.OpenGridAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        await feed.SendAsync(Trade(1, "10:00:00", "10"));
        await server.StopAsync();
        ulong sequence = 1;
        while (!grid.FindTroubles().Any(t => t.Contains("and feeds wait", StringComparison.Ordinal)))
        {
            await feed.SendAsync([.. Enumerable.Range(0, 100).Select(_ => Trade(++sequence, "10:00:00", "10"))]);
        }

        var waiting = feed.SubmitAsync(Trade(++sequence, "10:00:01", "11"));
        Assert.False(waiting.IsCompleted);
        Assert.Equal(10_000_000_000, grid.Latest("AAPL").Last.Price.Raw);
        Assert.Contains("at 100000 feeds wait (option OwedBytesMax); its circuit is", Assert.Single(grid.FindTroubles()), StringComparison.Ordinal);

        await server.StartAsync();
        await waiting;
        await feed.AcknowledgedAsync(feed.Next - 1);
        await PostgresGridTests.CommittedAsync(grid, Names);
        Assert.Equal((long)sequence + 1, await rig.Database.ScalarAsync<long>("SELECT count(*) FROM grid.tick"));
        Assert.Empty(grid.FindTroubles());
    }

    [Fact]
    public async Task A_grid_that_stops_while_feeds_wait_tells_them()
    {
        await using var server = new PrivatePostgres();
        await using var rig = await PostgresRig.OpenAsync(server);
        rig.Options.OwedBytesMax = 0;
        var grid = await rig.OpenGridAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        await server.StopAsync();
        await feed.SendAsync(Trade(1, "10:00:00", "10"));
        var waiting = feed.SubmitAsync(Trade(2, "10:00:01", "11"));
        Assert.False(waiting.IsCompleted);
        await grid.DisposeAsync();
        Assert.Equal(GridErrorCode.Stopping, (await Assert.ThrowsAsync<GridException>(() => waiting)).Code);
        await server.StartAsync();
    }

    [Fact]
    public async Task The_journal_is_kept_as_long_as_PostgreSQL_is_owed_it()
    {
        await using var server = new PrivatePostgres();
        await using var rig = await PostgresRig.OpenAsync(server);
        rig.Options.OwedBytesMax = 1 << 20;
        var market = new RandomMarket(54, eventsPerSource: 50, extraDefinitions: 1200);
        var grid = await rig.OpenGridAsync();
        await server.StopAsync();
        await using (var feed = await FeedDriver.OpenAsync(grid, market.Names))
        {
            foreach (var lines in market.All.Chunk(50))
            {
                await feed.SendAsync(lines);
            }
        }

        rig.Options.OwedBytesMax = 0;
        await grid.SnapshotAsync();
        var first = rig.Folder.PathOf("journal", $"{1UL:x16}.journal");
        Assert.True(File.Exists(first));
        rig.Options.OwedBytesMax = 1 << 20;
        await server.StartAsync();
        await PostgresGridTests.CommittedAsync(grid, market.Names);
        await rig.CheckSameAsync(grid);
        rig.Options.OwedBytesMax = 0;
        await grid.SnapshotAsync();
        await PostgresGridTests.CommittedAsync(grid, market.Names, "once-more");
        await grid.SnapshotAsync();
        Assert.False(File.Exists(first));
    }

    [Fact]
    public async Task A_database_that_is_set_back_is_told_of_and_brought_up_by_the_next_start()
    {
        await using var rig = await PostgresRig.OpenAsync(shared);
        var grid = await rig.OpenGridAsync();
        var market = new RandomMarket(58, eventsPerSource: 100);
        await using var feed = await FeedDriver.OpenAsync(grid, market.Names, ack: AckLevel.Committed);
        var parts = market.All.Chunk(40).ToList();
        await feed.SendAsync(parts[0]);
        await rig.Database.ExecuteAsync(
            "UPDATE grid.watermark SET lsn = 0; TRUNCATE grid.tick, grid.run, grid.run_latest, grid.bar, grid.latest, grid.quarantine, grid.data_quality_log, grid.instrument_definition");
        await feed.SubmitAsync(parts[1]);
        Assert.Contains("somebody set it back", (await feed.Closed).Message, StringComparison.Ordinal);
        Assert.Contains("somebody set it back", Assert.Single(grid.FindTroubles()), StringComparison.Ordinal);

        await grid.DisposeAsync();
        var again = await rig.OpenGridAsync();
        await using var rest = await FeedDriver.OpenAsync(again, market.Names, "rest", ack: AckLevel.Committed);
        foreach (var lines in parts.Skip(2))
        {
            await rest.SendAsync(lines);
        }

        await rig.CheckSameAsync(again);
    }

    [Fact]
    public async Task A_wrong_password_stops_the_start()
    {
        await using var rig = await PostgresRig.OpenAsync(shared);
        rig.Postgres.ConnectionString = rig.Database.ConnectionStringOf(PrivatePostgres.Superuser, "guessed");
        var refused = await Assert.ThrowsAsync<GridStorageException>(rig.OpenGridAsync);
        Assert.False(refused.IsTransient);
        Assert.Contains("does not let user 'tester' in", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("guessed", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_database_stops_the_start()
    {
        await using var rig = await PostgresRig.OpenAsync(shared);
        rig.Postgres.ConnectionString = shared.ConnectionString("nowhere");
        var refused = await Assert.ThrowsAsync<GridStorageException>(rig.OpenGridAsync);
        Assert.Contains("there is no database 'nowhere'", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_schema_stops_the_start_unless_the_grid_may_make_it()
    {
        await using var rig = await PostgresRig.OpenAsync(shared);
        await using var empty = await shared.CreateDatabaseAsync();
        rig.Postgres.ConnectionString = empty.ConnectionString;
        var refused = await Assert.ThrowsAsync<GridStorageException>(rig.OpenGridAsync);
        Assert.Contains("grid migrate up", refused.Message, StringComparison.Ordinal);

        rig.Postgres.Migrate = true;
        var grid = await rig.OpenGridAsync();
        await PostgresGridTests.CommittedAsync(grid, Names);
        Assert.Equal(1, await empty.ScalarAsync<long>("SELECT count(*) FROM grid.tick"));
    }

    [Fact]
    public async Task An_older_schema_stops_the_start()
    {
        await using var rig = await PostgresRig.OpenAsync(shared);
        await using (var migrator = new SchemaMigrator(PostgresAddress.Parse(rig.Database.ConnectionString)))
        {
            await migrator.DownAsync(MigrationSet.Embedded.Newest - 1);
        }

        var refused = await Assert.ThrowsAsync<GridStorageException>(rig.OpenGridAsync);
        Assert.Contains("grid migrate up", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_newer_schema_stops_the_start()
    {
        await using var rig = await PostgresRig.OpenAsync(shared);
        await rig.Database.ExecuteAsync(
            "INSERT INTO grid.schema_version (version, name, checksum, shape, took_ms) SELECT version + 1, 'future', checksum, shape, took_ms FROM grid.schema_version ORDER BY version DESC LIMIT 1");
        var refused = await Assert.ThrowsAsync<GridStorageException>(rig.OpenGridAsync);
        Assert.Contains("newer", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_role_without_rights_stops_the_start()
    {
        await using var rig = await PostgresRig.OpenAsync(shared);
        await rig.Database.ExecuteAsync($"CREATE ROLE nobody_{rig.Database.Name} LOGIN PASSWORD 'x'");
        rig.Postgres.ConnectionString = rig.Database.ConnectionStringOf($"nobody_{rig.Database.Name}", "x");
        var refused = await Assert.ThrowsAsync<GridStorageException>(rig.OpenGridAsync);
        Assert.False(refused.IsTransient);
    }

    [Fact]
    public async Task The_writers_role_suffices()
    {
        await using var rig = await PostgresRig.OpenAsync(shared);
        await rig.Database.ExecuteAsync($"CREATE ROLE writer_{rig.Database.Name} LOGIN PASSWORD 'x' IN ROLE grid_writer");
        rig.Postgres.ConnectionString = rig.Database.ConnectionStringOf($"writer_{rig.Database.Name}", "x");
        await CheckMarketAsync(rig, seed: 55);
    }

    [Fact]
    public async Task A_grid_writes_through_PgBouncer_in_transaction_mode()
    {
        await using var rig = await PostgresRig.OpenAsync(shared);
        await using var bouncer = await PrivatePgBouncer.StartAsync(shared, poolSize: 2);
        rig.Postgres.ConnectionString = bouncer.ConnectionString(rig.Database);
        await CheckMarketAsync(rig, seed: 57);
    }

    [Fact]
    public async Task Missing_frames_stop_the_start_unless_they_are_accepted()
    {
        await using var rig = await PostgresRig.OpenAsync(shared);
        var grid = await rig.OpenGridAsync();
        await PostgresGridTests.CommittedAsync(grid, Names);
        await grid.DisposeAsync();

        // A while without PostgreSQL, in which the journal is deleted.
        var postgres = rig.Postgres;
        (rig.Options.Postgres, rig.Options.OwedBytesMax) = (null, 0);
        var without = await rig.OpenGridAsync();
        for (var round = 0; round < 3; round++)
        {
            var market = new RandomMarket(56, eventsPerSource: 20, extraDefinitions: 900);
            await using var feed = await FeedDriver.OpenAsync(without, market.Names, $"round-{round}");
            await feed.SendAsync([.. market.All]);
            await without.SnapshotAsync();
        }

        await without.DisposeAsync();
        (rig.Options.Postgres, rig.Options.OwedBytesMax) = (postgres, 20L << 30);
        var refused = await Assert.ThrowsAsync<GridStorageException>(rig.OpenGridAsync);
        Assert.Contains("Postgres:AcceptMissing", refused.Message, StringComparison.Ordinal);
        postgres.AcceptMissing = true;
        var again = await rig.OpenGridAsync();
        await PostgresGridTests.CommittedAsync(again, Names, "after");
        Assert.True(await rig.Database.ScalarAsync<long>("SELECT count(*) FROM grid.tick") >= 2);
    }

    /// <summary>Returns when something is so, which nobody tells.</summary>
    internal static async Task UntilAsync(Func<bool> isSo)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        var begun = TimeProvider.System.GetTimestamp();
        while (!isSo())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(begun) < TimeSpan.FromSeconds(60), "it did not come to be so");
            await timer.WaitForNextTickAsync();
        }
    }

    private static async Task CheckMarketAsync(PostgresRig rig, int seed)
    {
        var grid = await rig.OpenGridAsync();
        var market = new RandomMarket(seed, eventsPerSource: 100);
        await using var feed = await FeedDriver.OpenAsync(grid, market.Names, ack: AckLevel.Committed);
        foreach (var lines in market.All.Chunk(30))
        {
            await feed.SendAsync(lines);
        }

        await rig.CheckSameAsync(grid);
        Assert.Equal(0, grid.GetStatus().Postgres!.Failures);
    }
}
