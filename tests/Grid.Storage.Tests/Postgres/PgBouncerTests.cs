using Grid.Storage.Postgres;
using Grid.Testing.Postgres;
using Npgsql;

namespace Grid.Storage.Tests.Postgres;

/// <summary>PgBouncer in transaction mode: nothing that outlives a transaction may be relied on.</summary>
public sealed class PgBouncerTests(PrivatePostgres server)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Schema_goes_up_and_down_through_two_connections()
    {
        await using var database = await server.CreateDatabaseAsync();
        await using var bouncer = await PrivatePgBouncer.StartAsync(server, poolSize: 2);
        await using var migrator = Open(bouncer, database);

        Assert.Equal(MigrationSet.Embedded.Newest, await migrator.UpAsync(cancel: Cancel));
        await migrator.RequireNewestAsync(Cancel);
        Assert.Equal(MigrationSet.Embedded.Newest, await migrator.DownAsync(0, cancel: Cancel));
        Assert.Equal(MigrationSet.Embedded.Newest, await migrator.UpAsync(cancel: Cancel));

        // A role or a lock that stayed with a pooled connection would be everybody's.
        Assert.Equal(0, await database.ScalarAsync<long>("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"));
        Assert.Equal(["tester"], await RowsThroughAsync(bouncer, database, "SELECT current_user::text"));
    }

    [Fact]
    public async Task Nodes_that_start_together_behind_it_apply_each_migration_once()
    {
        await using var database = await server.CreateDatabaseAsync();
        await using var bouncer = await PrivatePgBouncer.StartAsync(server, poolSize: 2);

        var applied = await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            await using var migrator = Open(bouncer, database);
            return await migrator.UpAsync(cancel: Cancel);
        }));

        Assert.Equal(MigrationSet.Embedded.Newest, applied.Sum());
    }

    [Fact]
    public async Task Flushes_of_many_clients_share_three_connections()
    {
        const int Clients = 12;
        const int Flushes = 5;
        const int Ticks = 200;
        await using var database = await MigratedDatabase.CreateAsync(server);
        await database.ExecuteAsync("""
            INSERT INTO grid.source (name) VALUES ('S');
            INSERT INTO grid.instrument (symbol) SELECT 'I' || i FROM generate_series(1, 12) AS i;
            INSERT INTO grid.watermark (grid, epoch, lsn) VALUES ('folder', 1, 0);
            """);
        await using var bouncer = await PrivatePgBouncer.StartAsync(server, poolSize: 3);
        var settings = PostgresAddress.Parse(bouncer.ConnectionString(database)).Settings("grid");
        settings.Pooling = true;
        settings.MaxPoolSize = Clients;
        await using var source = NpgsqlDataSource.Create(settings);
        await using (var making = source.CreateCommand("SELECT grid.make_partitions('2024-05-01', '2024-05-01')"))
        {
            Assert.Equal(3, await making.ExecuteScalarAsync(Cancel));
        }

        await Task.WhenAll(Enumerable.Range(1, Clients).Select(async client =>
        {
            for (var flush = 1; flush <= Flushes; flush++)
            {
                await FlushAsync(source, client, flush, Ticks);
            }
        }));

        Assert.Equal([$"{Clients * Flushes * Ticks}"], await database.RowsAsync("SELECT count(*) FROM grid.tick"));
        Assert.Equal([$"{Clients}|{Flushes * Ticks}|{Flushes * Ticks}"], await database.RowsAsync("SELECT count(*), min(ticks), max(ticks) FROM grid.latest"));
        Assert.Equal([$"{Clients * Flushes}"], await database.RowsAsync("SELECT lsn FROM grid.watermark"));
    }

    // What a flush does: lock the watermark, copy ticks into their partition, replace what is newer by way of a temporary table.
    private static async Task FlushAsync(NpgsqlDataSource source, int instrument, int flush, int ticks)
    {
        await using var connection = await source.OpenConnectionAsync(Cancel);
        await using var transaction = await connection.BeginTransactionAsync(Cancel);
        await ExecuteAsync(connection, "SELECT lsn FROM grid.watermark WHERE grid = 'folder' FOR UPDATE");
        var at = new DateTime(2024, 5, 1, 12, 0, 0, DateTimeKind.Utc).AddSeconds(flush);
        await using (var copy = await connection.BeginBinaryImportAsync("COPY grid.tick_20240501 (event_time, receive_time, sequence, session, conditions, lsn, price, size, instrument_id, source_id, channel_id, venue_id, epoch, frame_row, event_ns, receive_ns, kind, flags, outcome) FROM STDIN (FORMAT binary)", Cancel))
        {
            for (var i = 0; i < ticks; i++)
            {
                await copy.WriteRowAsync(
                    Cancel, at, at, (long)((flush * ticks) + i), 20240501L, 0L, (long)flush, 100_000_000_000L, 100_000_000L, instrument, 1, 0, 0, 1, i,
                    (short)0, (short)0, (short)1, (short)0, (short)0);
            }

            await copy.CompleteAsync(Cancel);
        }

        await ExecuteAsync(connection, "CREATE TEMP TABLE new_latest (LIKE grid.latest INCLUDING DEFAULTS) ON COMMIT DROP");
        await using (var copy = await connection.BeginBinaryImportAsync("COPY new_latest (instrument_id, epoch, ticks, event_time, event_ns) FROM STDIN (FORMAT binary)", Cancel))
        {
            await copy.WriteRowAsync(Cancel, instrument, 1, (long)(flush * ticks), at, (short)0);
            await copy.CompleteAsync(Cancel);
        }

        await ExecuteAsync(connection, """
            INSERT INTO grid.latest AS old SELECT * FROM new_latest
            ON CONFLICT (instrument_id) DO UPDATE SET ticks = excluded.ticks, event_time = excluded.event_time
            WHERE (excluded.epoch, excluded.ticks) > (old.epoch, old.ticks)
            """);
        await ExecuteAsync(connection, "UPDATE grid.watermark SET lsn = lsn + 1 WHERE grid = 'folder'");
        await transaction.CommitAsync(Cancel);
    }

    private static SchemaMigrator Open(PrivatePgBouncer bouncer, PrivateDatabase database) => new(PostgresAddress.Parse(bouncer.ConnectionString(database)));

    private static async Task<List<string>> RowsThroughAsync(PrivatePgBouncer bouncer, PrivateDatabase database, string sql)
    {
        await using var connection = new NpgsqlConnection(bouncer.ConnectionString(database));
        await connection.OpenAsync(Cancel);
        await using var command = new NpgsqlCommand(sql, connection);
        return [(string)(await command.ExecuteScalarAsync(Cancel))!];
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Cancel);
    }
}
