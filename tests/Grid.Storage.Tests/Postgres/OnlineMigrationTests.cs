using Grid.Storage.Postgres;
using Grid.Testing.Postgres;
using Npgsql;

namespace Grid.Storage.Tests.Postgres;

/// <summary>A migration outside a transaction: an index that is built on every partition of a big table while it is written to.</summary>
public sealed class OnlineMigrationTests(PrivatePostgres server)
{
    private const string Up = """
        -- Outside a transaction: an index on every partition is built while ticks come in.

        -- What an interruption left half built is of no use.
        SELECT format('DROP INDEX CONCURRENTLY grid.%I', c.relname)
        FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid
        WHERE c.relname LIKE 'tick%by_receipt' AND c.relkind = 'i' AND NOT x.indisvalid
        \gexec

        CREATE INDEX IF NOT EXISTS tick_by_receipt ON ONLY grid.tick (receive_time);

        SELECT format('CREATE INDEX CONCURRENTLY IF NOT EXISTS %I ON grid.%I (receive_time)', relname || '_by_receipt', relname)
        FROM pg_partition_tree('grid.tick') JOIN pg_class ON oid = relid WHERE isleaf
        \gexec

        SELECT format('ALTER INDEX grid.tick_by_receipt ATTACH PARTITION grid.%I', relname || '_by_receipt')
        FROM pg_partition_tree('grid.tick') JOIN pg_class ON oid = relid WHERE isleaf
        \gexec

        """;

    private const string Down = "DROP INDEX grid.tick_by_receipt;";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Index_is_built_on_every_partition_while_ticks_come_in()
    {
        await using var database = await MigratedDatabase.CreateFilledAsync(server);
        await using var migrator = Open(database);
        await using var writing = await database.OpenAsync();
        var transaction = await writing.BeginTransactionAsync(Cancel);
        await InsertAsync(writing);

        // The build waits for the transaction that writes, and nobody waits for the build.
        var up = migrator.UpAsync(cancel: Cancel);
        await WaitForBuildAsync(database);
        await using (var another = await database.OpenAsync())
        {
            await InsertAsync(another);
        }

        await InsertAsync(writing);
        await transaction.CommitAsync(Cancel);
        Assert.Equal(1, await up);

        Assert.True(await database.ScalarAsync<bool>("SELECT indisvalid FROM pg_index WHERE indexrelid = 'grid.tick_by_receipt'::regclass"));
        Assert.Equal(100_053, await database.ScalarAsync<long>("SELECT count(*) FROM grid.tick"));
    }

    [Fact]
    public async Task Build_that_was_cut_off_is_done_again()
    {
        await using var database = await MigratedDatabase.CreateFilledAsync(server);
        await using var migrator = Open(database);
        await using var writing = await database.OpenAsync();
        var transaction = await writing.BeginTransactionAsync(Cancel);
        await InsertAsync(writing);
        var up = migrator.UpAsync(cancel: Cancel);
        await WaitForBuildAsync(database);

        await database.ExecuteAsync("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX CONCURRENTLY%' AND pid <> pg_backend_pid()");

        Assert.True((await Assert.ThrowsAsync<GridStorageException>(() => up)).IsTransient);
        await transaction.CommitAsync(Cancel);
        Assert.Equal(1, await database.ScalarAsync<long>("SELECT count(*) FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid WHERE c.relkind = 'i' AND NOT x.indisvalid"));
        Assert.Equal(1, await migrator.UpAsync(cancel: Cancel));
        Assert.True(await database.ScalarAsync<bool>("SELECT indisvalid FROM pg_index WHERE indexrelid = 'grid.tick_by_receipt'::regclass"));
        Assert.Equal(1, await migrator.DownAsync(MigrationSet.Embedded.Newest, cancel: Cancel));
    }

    // A build waits for a lock of those who write; then it can be seen to wait.
    private static async Task WaitForBuildAsync(PrivateDatabase database)
    {
        while (await database.ScalarAsync<long>("SELECT count(*) FROM pg_stat_progress_create_index WHERE phase LIKE 'waiting for%'") == 0)
        {
            Cancel.ThrowIfCancellationRequested();
        }
    }

    private static async Task InsertAsync(NpgsqlConnection connection)
    {
        await using var insert = new NpgsqlCommand(
            "INSERT INTO grid.tick_20240502 SELECT * FROM grid.tick WHERE event_time >= '2024-05-02' AND event_time < '2024-05-02 00:01Z' AND kind = 1 LIMIT 1", connection);
        Assert.Equal(1, await insert.ExecuteNonQueryAsync(Cancel));
    }

    private static SchemaMigrator Open(PrivateDatabase database) => new(
        PostgresAddress.Parse(database.ConnectionString),
        new MigrationSet([.. MigrationSet.Embedded.All, new Migration(MigrationSet.Embedded.Newest + 1, "tick_by_receipt", Up, Down)]));
}
