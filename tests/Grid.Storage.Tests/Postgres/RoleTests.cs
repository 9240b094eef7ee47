using Grid.Testing.Postgres;
using Npgsql;

namespace Grid.Storage.Tests.Postgres;

/// <summary>A server of these tests' own, as roles belong to the whole server, with a login for each role.</summary>
public sealed class RoleServer : IAsyncDisposable
{
    private readonly PrivatePostgres _server = new();
    private readonly Lazy<Task<PrivateDatabase>> _unchanged;

    public RoleServer() => _unchanged = new(BeginAsync);

    /// <summary>A database for tests that change nothing.</summary>
    public Task<PrivateDatabase> UnchangedAsync() => _unchanged.Value;

    /// <summary>A database for a test that changes something.</summary>
    public async Task<PrivateDatabase> CreateAsync()
    {
        await UnchangedAsync();
        return await MigratedDatabase.CreateFilledAsync(_server);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task<PrivateDatabase> BeginAsync()
    {
        var database = await MigratedDatabase.CreateFilledAsync(_server);
        await MigratedDatabase.CreateLoginAsync(database, "writer", "grid_writer");
        await MigratedDatabase.CreateLoginAsync(database, "reader", "grid_reader");
        await MigratedDatabase.CreateLoginAsync(database, "tenant", "grid_reader");
        return database;
    }
}

/// <summary>What each role can and cannot do. The roles are asked through logins that are members and nothing else.</summary>
public sealed class RoleTests(RoleServer server) : IClassFixture<RoleServer>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Writer_writes_all_that_a_flush_writes()
    {
        await using var database = await server.CreateAsync();
        await using var connection = await OpenAsync(database, "writer");
        await using var transaction = await connection.BeginTransactionAsync(Cancel);
        foreach (var sql in (string[])
            [
                "SELECT epoch, lsn, owner FROM grid.watermark WHERE grid = 'folder' FOR UPDATE",
                "INSERT INTO grid.source (name) VALUES ('S4')",
                "INSERT INTO grid.channel (name) VALUES ('B')",
                "INSERT INTO grid.instrument (symbol) VALUES ('X')",
                "UPDATE grid.producer SET last_batch = 18 WHERE name = 'plant'",
                "UPDATE grid.source SET policy = 'batch' WHERE name = 'S4'",
                "SELECT grid.make_partitions('2024-06-01', '2024-06-01')",
                "CREATE TEMP TABLE new_latest (LIKE grid.latest INCLUDING DEFAULTS) ON COMMIT DELETE ROWS",
                "INSERT INTO new_latest SELECT * FROM grid.latest WHERE instrument_id = 1",
                "INSERT INTO grid.latest SELECT * FROM new_latest ON CONFLICT (instrument_id) DO UPDATE SET ticks = excluded.ticks + 1",
                "INSERT INTO grid.bar SELECT * FROM grid.bar WHERE instrument_id = 1 ON CONFLICT (instrument_id, interval_s, start_time) DO UPDATE SET ticks = excluded.ticks",
                "DELETE FROM grid.bar WHERE instrument_id = 2 AND start_time = '2024-05-01 00:00Z'",
                "INSERT INTO grid.run_latest SELECT * FROM grid.run_latest ON CONFLICT (day, cusip, source_id) DO UPDATE SET lsn = excluded.lsn",
                "UPDATE grid.gap_domain SET last_seen = 5",
                "DELETE FROM grid.gap",
                "INSERT INTO grid.data_quality_log SELECT * FROM grid.data_quality_log ON CONFLICT (day, instrument_id, source_id) DO UPDATE SET accepted = 1",
                "UPDATE grid.quarantine SET released_at = now() WHERE lsn = 1",
                "INSERT INTO grid.processing_metadata (name, value) VALUES ('a', 'b')",
                "INSERT INTO grid.saved_state_part (epoch, lsn, part, content) VALUES (1, 401, 0, '\\x00')",
                "INSERT INTO grid.saved_state (epoch, lsn, parts, bytes) VALUES (1, 401, 1, 1)",
                "DELETE FROM grid.saved_state_part WHERE (epoch, lsn) NOT IN (SELECT epoch, lsn FROM grid.saved_state)",
                "INSERT INTO grid.partition_newest VALUES ('tick_20240601', 1, 402) ON CONFLICT (partition) DO UPDATE SET lsn = excluded.lsn",
                "UPDATE grid.watermark SET lsn = 402 WHERE grid = 'folder'",
            ])
        {
            await ExecuteAsync(connection, sql);
        }

        // Into the partitions that it made by their own names: PostgreSQL copies into no table under a policy.
        await using (var copy = await connection.BeginBinaryImportAsync("COPY grid.run_202406 (event_time, receive_time, sequence, session, conditions, lsn, instrument_id, source_id, channel_id, venue_id, epoch, frame_row, day, event_ns, receive_ns, flags, outcome, cusip) FROM STDIN (FORMAT binary)", Cancel))
        {
            var at = new DateTime(2024, 6, 1, 12, 0, 0, DateTimeKind.Utc);
            await copy.WriteRowAsync(Cancel, at, at, 1L, 1L, 0L, 1L, 1, 1, 0, 0, 1, 0, new DateOnly(2024, 6, 1), (short)0, (short)0, (short)0, (short)0, "912828A00");
            await copy.CompleteAsync(Cancel);
        }

        await transaction.CommitAsync(Cancel);
        Assert.Equal(402, await database.ScalarAsync<long>("SELECT lsn FROM grid.watermark"));
    }

    [Theory]
    [InlineData("writer", "DELETE FROM grid.tick")]
    [InlineData("writer", "UPDATE grid.tick SET price = 1")]
    [InlineData("writer", "TRUNCATE grid.latest")]
    [InlineData("writer", "UPDATE grid.quarantine SET reason = 1")]
    [InlineData("writer", "DELETE FROM grid.quarantine")]
    [InlineData("writer", "INSERT INTO grid.schema_version (version, name, checksum, shape, took_ms) VALUES (99, '', '', '', 0)")]
    [InlineData("writer", "INSERT INTO grid.source_access VALUES ('writer', 1)")]
    [InlineData("writer", "DROP TABLE grid.tick_20240501")]
    [InlineData("writer", "CREATE TABLE grid.mine (a int)")]
    [InlineData("writer", "ALTER TABLE grid.latest ADD COLUMN a int")]
    [InlineData("writer", "SELECT grid.make_partition('tick', 'x', '2024-01-01', '2024-01-02', '')")]
    [InlineData("reader", "INSERT INTO grid.source (name) VALUES ('S4')")]
    [InlineData("reader", "UPDATE grid.latest SET last_price = 1")]
    [InlineData("reader", "DELETE FROM grid.gap")]
    [InlineData("reader", "SELECT grid.make_partitions('2024-06-01', '2024-06-01')")]
    [InlineData("reader", "SELECT grid.drop_partitions('2024-06-01', NULL, NULL)")]
    [InlineData("reader", "SELECT count(*) FROM grid.tick_20240501")]
    [InlineData("reader", "SELECT count(*) FROM grid.tick_after_2099")]
    [InlineData("reader", "CREATE TABLE grid.mine (a int)")]
    public async Task Role_is_refused_what_it_does_not_need(string login, string sql)
    {
        await using var connection = await OpenAsync(await server.UnchangedAsync(), login);

        var refusal = await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(connection, sql));

        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refusal.SqlState);
    }

    [Fact]
    public async Task Reader_reads_every_view_and_table()
    {
        var database = await server.UnchangedAsync();
        foreach (var name in await database.RowsAsync("SELECT relname FROM pg_class WHERE relnamespace = 'grid'::regnamespace AND relkind IN ('r', 'p', 'v') AND NOT relispartition"))
        {
            await ReadAsync(database, "reader", $"SELECT count(*) FROM grid.{name}");
        }

        Assert.Equal(100_050, await ReadAsync(database, "reader", "SELECT count(*) FROM grid.v_tick"));
        Assert.Equal(5_050, await ReadAsync(database, "reader", "SELECT count(*) FROM grid.v_latest"));
    }

    [Fact]
    public async Task Tenant_reads_only_the_sources_it_may_and_nothing_that_mixes_them()
    {
        await using var database = await server.CreateAsync();
        await database.ExecuteAsync("INSERT INTO grid.source_access SELECT 'tenant', id FROM grid.source WHERE name IN ('S2', 'S3')");

        Assert.Equal(50_000, await ReadAsync(database, "tenant", "SELECT count(*) FROM grid.tick"));
        Assert.Equal(50_000, await ReadAsync(database, "tenant", "SELECT count(*) FROM grid.v_tick WHERE source = 'S2'"));
        Assert.Equal(2_000, await ReadAsync(database, "tenant", "SELECT count(*) FROM grid.v_run"));
        Assert.Equal(20, await ReadAsync(database, "tenant", "SELECT count(*) FROM grid.v_run_latest WHERE day = '2024-05-01'"));
        Assert.Equal(10_000, await ReadAsync(database, "tenant", "SELECT count(*) FROM grid.v_quarantine"));
        Assert.Equal(2, await ReadAsync(database, "tenant", "SELECT count(*) FROM grid.source"));
        Assert.Equal(25, await ReadAsync(database, "tenant", "SELECT count(*) FROM grid.v_data_quality"));
        foreach (var mixed in (string[])["v_gap", "gap_domain", "latest", "v_latest", "bar", "v_bar_5m", "v_daily_summary", "producer"])
        {
            Assert.Equal(0, await ReadAsync(database, "tenant", $"SELECT count(*) FROM grid.{mixed}"));
        }

        Assert.Equal(0, await ReadAsync(database, "tenant", "SELECT count(*) FROM grid.bars('I001', '5 minutes', '2024-05-01', '2024-05-03')"));
        Assert.Equal(100_050, await ReadAsync(database, "reader", "SELECT count(*) FROM grid.tick"));
        Assert.Equal(0, await ReadAsync(database, "reader", "SELECT count(*) FROM grid.source_access"));
    }

    [Fact]
    public async Task Tenant_gets_no_further_with_tables_of_its_own()
    {
        await using var database = await server.CreateAsync();
        await database.ExecuteAsync("INSERT INTO grid.source_access SELECT 'tenant', id FROM grid.source WHERE name = 'S3'");
        await using var connection = await OpenAsync(database, "tenant");

        // Temporary tables stand before the catalog's unless a function says otherwise.
        await ExecuteAsync(connection, "CREATE TEMP TABLE pg_roles (oid oid, rolname name); CREATE TEMP TABLE source_access (role name, source_id integer)");

        await using var command = new NpgsqlCommand("SELECT count(*) FROM grid.tick", connection);
        Assert.Equal(0L, await command.ExecuteScalarAsync(Cancel));
    }

    [Fact]
    public async Task Writer_drops_nothing_but_partitions_with_tables_of_its_own()
    {
        await using var database = await server.CreateAsync();
        await using var connection = await OpenAsync(database, "writer");
        await ExecuteAsync(connection, """
            CREATE TEMP TABLE pg_class AS SELECT oid, CASE relname WHEN 'latest' THEN 'tick_19700101' ELSE relname END AS relname, relnamespace FROM pg_catalog.pg_class;
            CREATE TEMP TABLE pg_inherits AS SELECT 'grid.latest'::regclass::oid AS inhrelid, 'grid.tick'::regclass::oid AS inhparent;
            """);

        await using var command = new NpgsqlCommand("SELECT count(*) FROM grid.drop_partitions('1980-01-01', NULL, NULL)", connection);
        Assert.Equal(0L, await command.ExecuteScalarAsync(Cancel));
    }

    [Fact]
    public async Task Sources_of_a_group_hold_for_its_members()
    {
        await using var database = await server.CreateAsync();
        await database.ExecuteAsync("""
            CREATE ROLE desk NOLOGIN;
            CREATE ROLE trader LOGIN PASSWORD 'trader' IN ROLE grid_reader, desk;
            INSERT INTO grid.source_access SELECT 'desk', id FROM grid.source WHERE name = 'S3';
            """);

        Assert.Equal(1_000, await ReadAsync(database, "trader", "SELECT count(*) FROM grid.v_run"));
        Assert.Equal(0, await ReadAsync(database, "trader", "SELECT count(*) FROM grid.v_tick"));
        Assert.Equal(3_000, await ReadAsync(database, "reader", "SELECT count(*) FROM grid.v_run"));
    }

    [Fact]
    public async Task Policy_leaves_the_index_in_use()
    {
        await using var database = await server.CreateAsync();
        await database.ExecuteAsync("INSERT INTO grid.source_access SELECT 'tenant', id FROM grid.source WHERE name = 'S2'");
        await using var connection = await OpenAsync(database, "tenant");
        await using var command = new NpgsqlCommand("EXPLAIN SELECT price FROM grid.v_trade WHERE instrument = 'I007' AND event_time >= '2024-05-01 14:00Z' AND event_time < '2024-05-01 15:00Z'", connection);
        await using var reader = await command.ExecuteReaderAsync(Cancel);
        var plan = new List<string>();
        while (await reader.ReadAsync(Cancel))
        {
            plan.Add(reader.GetString(0));
        }

        Assert.Contains(plan, line => line.Contains("tick_20240501_instrument_id_event_time_idx", StringComparison.Ordinal));
        Assert.DoesNotContain(plan, line => line.Contains("Seq Scan on tick", StringComparison.Ordinal));
    }

    private static async Task<NpgsqlConnection> OpenAsync(PrivateDatabase database, string login)
    {
        var connection = new NpgsqlConnection(database.ConnectionStringOf(login, login));
        await connection.OpenAsync(Cancel);
        return connection;
    }

    private static async Task<long> ReadAsync(PrivateDatabase database, string login, string sql)
    {
        await using var connection = await OpenAsync(database, login);
        await using var command = new NpgsqlCommand(sql, connection);
        return (long)(await command.ExecuteScalarAsync(Cancel))!;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Cancel);
    }
}
