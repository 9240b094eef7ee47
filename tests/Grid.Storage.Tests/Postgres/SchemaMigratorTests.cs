using Grid.Storage.Postgres;
using Grid.Testing.Postgres;
using Npgsql;

namespace Grid.Storage.Tests.Postgres;

public sealed class SchemaMigratorTests(PrivatePostgres server)
{
    private const string CountAll = """
        SELECT (SELECT count(*) FROM grid.tick) || ' ' || (SELECT count(*) FROM grid.bar) || ' ' || (SELECT count(*) FROM grid.latest)
            || ' ' || (SELECT count(*) FROM grid.run) || ' ' || (SELECT count(*) FROM grid.quarantine)
        """;

    private static int Newest => MigrationSet.Embedded.Newest;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_new_database_gets_every_table_and_each_is_explained()
    {
        await using var database = await server.CreateDatabaseAsync();
        await using var migrator = Open(database);

        Assert.Equal(Newest, await migrator.UpAsync(cancel: Cancel));

        await migrator.RequireNewestAsync(Cancel);
        Assert.Empty(await database.RowsAsync("""
            SELECT c.relname, coalesce(a.attname, '(table)')
            FROM pg_class c
            LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND NOT c.relispartition
            WHERE c.relnamespace = 'grid'::regnamespace AND c.relkind IN ('r', 'p', 'v')
                AND (obj_description(c.oid) IS NULL OR (a.attnum IS NOT NULL AND col_description(c.oid, a.attnum) IS NULL))
            """));
        Assert.Empty(await database.RowsAsync("SELECT proname FROM pg_proc WHERE pronamespace = 'grid'::regnamespace AND obj_description(oid) IS NULL"));
        Assert.Equal(["grid_owner"], await database.RowsAsync("SELECT DISTINCT relowner::regrole::text FROM pg_class WHERE relnamespace = 'grid'::regnamespace"));
    }

    [Fact]
    public async Task Migrations_go_up_down_and_up_again_with_data_in_place()
    {
        await using var database = await server.CreateDatabaseAsync();
        await using var migrator = Open(database);
        await migrator.UpAsync(1, cancel: Cancel);
        await database.ExecuteAsync(MigratedDatabase.Market);
        var before = await database.ScalarAsync<string>(CountAll);
        Assert.StartsWith("100050 ", before, StringComparison.Ordinal);

        for (var version = 2; version <= Newest; version++)
        {
            Assert.Equal(1, await migrator.UpAsync(version, cancel: Cancel));
            Assert.Equal(before, await database.ScalarAsync<string>(CountAll));
        }

        for (var version = Newest - 1; version >= 1; version--)
        {
            Assert.Equal(1, await migrator.DownAsync(version, cancel: Cancel));
            Assert.Equal(before, await database.ScalarAsync<string>(CountAll));
        }

        Assert.Equal(Newest - 1, await migrator.UpAsync(cancel: Cancel));
        Assert.Equal(before, await database.ScalarAsync<string>(CountAll));
        await migrator.RequireNewestAsync(Cancel);

        // Of rows that were there before it is known that they are no newer than the watermark.
        Assert.Equal(
            await database.RowsAsync("SELECT inhrelid::regclass::text || ' 1 401' FROM pg_inherits WHERE inhparent IN ('grid.tick'::regclass, 'grid.run'::regclass) ORDER BY 1"),
            await database.RowsAsync("SELECT 'grid.' || partition || ' ' || epoch || ' ' || lsn FROM grid.partition_newest ORDER BY 1"));

        Assert.Equal(Newest, await migrator.DownAsync(0, cancel: Cancel));
        Assert.Equal(0, (await migrator.ReadStatusAsync(Cancel)).Current);
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM pg_namespace WHERE nspname = 'grid'"));
        Assert.Equal(Newest, await migrator.UpAsync(cancel: Cancel));
        Assert.Equal("0 0 0 0 0", await database.ScalarAsync<string>(CountAll));
    }

    [Fact]
    public async Task User_who_is_called_like_the_schema_finds_it_as_it_was_made()
    {
        await using var database = await server.CreateDatabaseAsync();
        await database.ExecuteAsync("DO $$ BEGIN CREATE ROLE grid LOGIN SUPERUSER PASSWORD 'as the schema'; EXCEPTION WHEN duplicate_object THEN NULL; END $$");
        var named = new NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = "grid", Password = "as the schema" }.ConnectionString;
        await using (var migrator = new SchemaMigrator(PostgresAddress.Parse(named)))
        {
            await migrator.UpAsync(cancel: Cancel);
            await migrator.RequireNewestAsync(Cancel);
        }

        // Another one's search path has no schema grid.
        await using var other = Open(database);
        await other.RequireNewestAsync(Cancel);
    }

    [Fact]
    public async Task Nodes_that_start_together_apply_each_migration_once()
    {
        await using var database = await server.CreateDatabaseAsync();

        var applied = await Task.WhenAll(Enumerable.Range(0, 5).Select(async _ =>
        {
            await using var migrator = Open(database);
            return await migrator.UpAsync(cancel: Cancel);
        }));

        Assert.Equal(Newest, applied.Sum());
        Assert.Equal(Newest, await database.ScalarAsync<long>("SELECT count(*) FROM grid.schema_version"));
    }

    [Fact]
    public async Task Migrator_waits_for_one_that_is_running_and_says_so()
    {
        await using var database = await server.CreateDatabaseAsync();
        await using var migrator = Open(database);
        await using var other = await database.OpenAsync();
        var transaction = await other.BeginTransactionAsync(Cancel);
        await using (var locking = new NpgsqlCommand("SELECT pg_advisory_xact_lock(1735551332, 0)", other, transaction))
        {
            await locking.ExecuteNonQueryAsync(Cancel);
        }

        var said = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var up = migrator.UpAsync(say: line => said.TrySetResult(line), cancel: Cancel);
        Assert.Equal("another migration is running; waiting for it", await said.Task.WaitAsync(Cancel));
        Assert.False(up.IsCompleted);
        await transaction.RollbackAsync(Cancel);

        Assert.Equal(Newest, await up);
    }

    [Fact]
    public async Task Partitions_are_made_once_for_days_and_months_and_dropped_by_age()
    {
        await using var database = await MigratedDatabase.CreateAsync(server);

        Assert.Equal(3 + 2 + 2, await database.ScalarAsync<int>("SELECT grid.make_partitions('2024-01-31', '2024-02-02')"));
        Assert.Equal(0, await database.ScalarAsync<int>("SELECT grid.make_partitions('2024-01-31', '2024-02-02')"));
        Assert.Equal(
            ["tick_20240131", "tick_20240201", "tick_20240202", "tick_after_2099", "tick_before_1970"],
            await database.RowsAsync("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r' AND relname LIKE 'tick%' ORDER BY relname COLLATE \"C\""));
        Assert.Equal(
            ["bar_202401", "run_202401", "tick_20240131", "tick_20240201"],
            await database.RowsAsync("SELECT * FROM grid.drop_partitions('2024-02-02', '2024-02-29', '2024-02-01') ORDER BY 1"));
        Assert.Empty(await database.RowsAsync("SELECT * FROM grid.drop_partitions(NULL, NULL, NULL)"));
    }

    [Fact]
    public async Task Partitions_of_days_that_cannot_be_are_refused()
    {
        await using var database = await MigratedDatabase.CreateAsync(server);

        var refusal = await Assert.ThrowsAsync<PostgresException>(() => database.ScalarAsync<int>("SELECT grid.make_partitions('1969-12-31', '1970-01-02')"));

        Assert.Equal("partitions are made for up to 1000 days from 1970-01-01 to 2099-12-31, not from 1969-12-31 to 1970-01-02", refusal.MessageText);
    }

    [Fact]
    public async Task Partitions_are_made_by_many_at_once_while_others_read_and_write()
    {
        await using var database = await MigratedDatabase.CreateFilledAsync(server);
        await using var others = await database.OpenAsync();
        await using var transaction = await others.BeginTransactionAsync(Cancel);

        // As a query without a range does, or a backup: it holds every partition that there is.
        await using (var query = new NpgsqlCommand("SELECT count(*) FROM grid.tick", others, transaction))
        {
            Assert.Equal(100_050L, await query.ExecuteScalarAsync(Cancel));
        }

        await using (var insert = new NpgsqlCommand("INSERT INTO grid.tick SELECT * FROM grid.tick LIMIT 1", others, transaction))
        {
            await insert.ExecuteNonQueryAsync(Cancel);
        }

        var made = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => database.ScalarAsync<int>("SELECT grid.make_partitions('2024-05-31', '2024-06-02')")));

        Assert.Equal(3 + 2, made.Sum());
    }

    [Theory]
    [InlineData("1677-09-21 00:12:43Z", "grid.tick_before_1970")]
    [InlineData("1969-12-31 23:59:59.999999Z", "grid.tick_before_1970")]
    [InlineData("2100-01-01 00:00Z", "grid.tick_after_2099")]
    [InlineData("2262-04-11 23:47:16Z", "grid.tick_after_2099")]
    public async Task Ticks_of_days_that_cannot_be_have_a_place(string at, string partition)
    {
        await using var database = await MigratedDatabase.CreateAsync(server);

        await database.ExecuteAsync($"""
            INSERT INTO grid.tick (event_time, receive_time, sequence, session, conditions, lsn, instrument_id, source_id, channel_id, venue_id,
                epoch, frame_row, event_ns, receive_ns, kind, flags, outcome) VALUES ('{at}', now(), 1, 1, 0, 1, 1, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0)
            """);

        Assert.Equal([partition], await database.RowsAsync("SELECT tableoid::regclass::text FROM grid.tick"));
    }

    [Theory]
    [InlineData("2024-05-02 12:00Z", 0, 1, "no partition of relation \"tick\" found for row")]
    [InlineData("2024-04-30 12:00Z", 0, 3, "new row for relation \"tick_20240430\" violates check constraint \"tick_is_well_formed\"")]
    [InlineData("2024-04-30 12:00Z", 1000, 1, "new row for relation \"tick_20240430\" violates check constraint \"tick_is_well_formed\"")]
    public async Task Tick_that_is_none_or_has_no_partition_is_an_error(string at, int nanoseconds, int kind, string error)
    {
        await using var database = await MigratedDatabase.CreateAsync(server);
        await database.ExecuteAsync("SELECT grid.make_partitions('2024-04-30', '2024-04-30')");

        var refusal = await Assert.ThrowsAsync<PostgresException>(() => database.ExecuteAsync($"""
            INSERT INTO grid.tick (event_time, receive_time, sequence, session, conditions, lsn, instrument_id, source_id, channel_id, venue_id,
                epoch, frame_row, event_ns, receive_ns, kind, flags, outcome) VALUES ('{at}', now(), 1, 1, 0, 1, 1, 1, 0, 0, 1, 0, {nanoseconds}, 0, {kind}, 0, 0)
            """));

        Assert.Equal(error, refusal.MessageText);
    }

    private static SchemaMigrator Open(PrivateDatabase database) => new(PostgresAddress.Parse(database.ConnectionString));
}
