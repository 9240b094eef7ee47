using Grid.Storage.Postgres;
using Grid.Testing.Postgres;
using Npgsql;

namespace Grid.Storage.Tests.Postgres;

/// <summary>Databases that have the schema, empty or with a market in it.</summary>
internal static class MigratedDatabase
{
    /// <summary>
    /// 50 instruments, I001 to I050 but for IBM, of which the first ten are bonds with CUSIPs; sources S1, S2 and S3, of which S3 sends runs
    /// only. 100,000 ticks of a day from 2024-05-01 12:00 on, a trade and a quote in turn, and a cancel of every thousandth
    /// trade; their one-minute bars and latest values; runs, quarantine, gaps and quality. And 5,000
    /// instruments Q1 to Q5000 and as many CUSIPs that are quiet.
    /// </summary>
    public const string Market = """
        INSERT INTO grid.source (name, contiguous) VALUES ('S1', true), ('S2', false), ('S3', false);
        INSERT INTO grid.venue (name) VALUES ('XNYS');
        INSERT INTO grid.channel (name) VALUES ('A');
        INSERT INTO grid.producer (name, epoch, last_batch) VALUES ('plant', 1, 17);
        INSERT INTO grid.instrument (symbol, class, cusip)
            SELECT CASE i WHEN 11 THEN 'IBM' ELSE 'I' || to_char(i, 'FM000') END, CASE WHEN i <= 10 THEN 'bond' ELSE 'equity' END,
                CASE WHEN i <= 10 THEN '9128285' || chr(64 + i) || '0' END
            FROM generate_series(1, 50) AS i;
        SELECT grid.make_partitions('2024-04-30', '2024-05-03');

        INSERT INTO grid.tick (event_time, receive_time, sequence, session, conditions, lsn, price, size, bid, bid_size, ask, ask_size,
            amends, instrument_id, source_id, channel_id, venue_id, epoch, frame_row, event_ns, receive_ns, kind, flags, outcome)
        SELECT
            at, at + interval '1 ms', n, 20240501, 0, n / 1000 + 1,
            CASE WHEN n % 2 = 0 THEN 100000000000 + (n % 777) * 10000000 END, CASE WHEN n % 2 = 0 THEN 1000000000 END,
            CASE WHEN n % 2 = 1 THEN 99990000000 END, CASE WHEN n % 2 = 1 THEN 500000000 END,
            CASE WHEN n % 2 = 1 THEN 100010000000 + (n % 5) * 1000000 END, CASE WHEN n % 2 = 1 THEN 500000000 END,
            NULL, n / 2 % 50 + 1, n / 100 % 2 + 1, 1, 1, 1, n % 1000, n % 1000, 0, 1 + n % 2, CASE WHEN n % 2 = 1 THEN 5 ELSE 0 END, 0
        FROM generate_series(0::bigint, 99999) AS n, LATERAL (SELECT timestamptz '2024-05-01 12:00Z' + n * interval '864 ms') AS t (at);
        INSERT INTO grid.tick (event_time, receive_time, sequence, session, conditions, lsn, amends, instrument_id, source_id, channel_id,
            venue_id, epoch, frame_row, event_ns, receive_ns, kind, flags, outcome)
        SELECT event_time + interval '1 s', receive_time + interval '1 s', sequence + 1000000, session, 0, lsn + 1, sequence, instrument_id,
            source_id, channel_id, venue_id, 1, frame_row, 0, 0, 4, 0, 0
        FROM grid.tick WHERE kind = 1 AND sequence % 2000 = 0;

        INSERT INTO grid.bar (start_time, instrument_id, interval_s, epoch, ticks, open, high, low, close, volume, notional, count, bid, bid_size, ask, ask_size)
        SELECT date_trunc('minute', event_time), instrument_id, 60, 1, max(sequence),
            (array_agg(price ORDER BY event_time))[1], max(price), min(price), (array_agg(price ORDER BY event_time DESC))[1],
            sum(size::numeric), sum(price::numeric * size), count(*), 99990000000, 500000000, 100010000000, 500000000
        FROM grid.tick WHERE kind = 1 GROUP BY 1, 2;
        INSERT INTO grid.latest (instrument_id, epoch, ticks, event_time, event_ns, last_price, last_size, last_time, last_ns, last_sequence,
            last_session, last_conditions, last_source_id, last_channel_id, last_venue_id, bid, bid_size, bid_time, bid_ns, bid_source_id,
            ask, ask_size, ask_time, ask_ns, ask_source_id, day, day_open, day_high, day_low, day_volume, day_notional, day_count)
        SELECT DISTINCT ON (instrument_id) instrument_id, 1, sequence, event_time, event_ns, price, size, event_time, event_ns, sequence,
            session, conditions, source_id, channel_id, venue_id, 99990000000, 500000000, event_time, 7, 1,
            100010000000, 500000000, event_time, 8, 2, '2024-05-02', price, price, price, 3 * size::numeric, 3 * price::numeric * size, 3
        FROM grid.tick WHERE kind = 1 ORDER BY instrument_id, event_time DESC;

        INSERT INTO grid.run (event_time, receive_time, sequence, session, conditions, lsn, bid, bid_size, ask, ask_size, bid_spread, ask_spread,
            instrument_id, source_id, channel_id, venue_id, epoch, frame_row, day, event_ns, receive_ns, flags, outcome, cusip)
        SELECT timestamptz '2024-05-01 12:00Z' + n * interval '1 s', timestamptz '2024-05-01 12:00Z' + n * interval '1 s', n, 20240501, 0, n,
            99000000000 + (n % 3 + 1) * 10000000, 100000000, 99500000000 + (n % 3 + 1) * 20000000, 100000000, 120000000000, 115000000000,
            n % 10 + 1, n % 3 + 1, 1, 0, 1, 0, '2024-05-01', 0, 0, 5, 0, '9128285' || chr(65 + n::integer % 10) || '0'
        FROM generate_series(0::bigint, 2999) AS n;
        INSERT INTO grid.run_latest (day, cusip, source_id, instrument_id, event_time, event_ns, session, sequence, bid, bid_size, ask, ask_size,
            bid_spread, ask_spread, epoch, lsn, frame_row)
        SELECT DISTINCT ON (day, cusip, source_id) day, cusip, source_id, instrument_id, event_time, event_ns, session, sequence, bid, bid_size,
            ask, ask_size, bid_spread, ask_spread, epoch, lsn, frame_row
        FROM grid.run ORDER BY day, cusip, source_id, event_time DESC;

        INSERT INTO grid.instrument (symbol) SELECT 'Q' || i FROM generate_series(1, 5000) AS i;
        INSERT INTO grid.latest (instrument_id, epoch, ticks, event_time, event_ns) SELECT id, 1, 1, '2024-04-30', 0 FROM grid.instrument WHERE symbol LIKE 'Q%';
        INSERT INTO grid.run_latest (day, cusip, source_id, instrument_id, event_time, event_ns, session, sequence, bid, ask, epoch, lsn, frame_row)
        SELECT '2024-04-30', 'Q' || to_char(i, 'FM0000000') || '0', s, 1, '2024-04-30', 0, 20240430, i, 99000000000, 99500000000, 1, i, s
        FROM generate_series(1, 5000) AS i, generate_series(1, 3) AS s;

        INSERT INTO grid.quarantine (epoch, lsn, frame_row, reason, reason_name, producer_id, instrument_id, source_id, channel_id, venue_id, kind,
            flags, session, sequence, conditions, event_time, event_ns, receive_time, receive_ns, price, size, raw, quarantined_at)
        SELECT 1, n, 0, CASE WHEN n % 50 = 0 THEN 17 ELSE 21 END, CASE WHEN n % 50 = 0 THEN 'PriceNotPositive' ELSE 'TimeAhead' END, 1,
            n % 50 + 1, n % 2 + 1, 1, 1, 1, 0, 20240501, n, 0, timestamptz '2024-05-01 09:00Z' + n * interval '1 s', 0,
            timestamptz '2024-05-01 09:00Z' + n * interval '1 s', 0, -1, 100000000, '\x00', timestamptz '2024-05-01 09:00Z' + n * interval '1 s'
        FROM generate_series(0, 19999) AS n;
        INSERT INTO grid.gap_domain (source_id, channel_id, session, first_seen, last_seen) VALUES (1, 1, 20240501, 1, -1);
        INSERT INTO grid.gap (source_id, channel_id, session, first_missing, last_missing) VALUES (1, 1, 20240501, 17, 20), (1, 1, 20240501, -5, -5);
        INSERT INTO grid.data_quality_log (day, instrument_id, source_id, accepted, flagged, duplicate, rejected, late, last_received)
        SELECT '2024-05-01', i, i % 2 + 1, 1000, 20, 5, 7, 30, '2024-05-01 20:00Z' FROM generate_series(1, 50) AS i;
        INSERT INTO grid.watermark (grid, epoch, lsn, owner) VALUES ('folder', 1, 401, 'machine 1');
        ANALYZE;
        """;

    /// <summary>A database that has the schema.</summary>
    public static Task<PrivateDatabase> CreateAsync(PrivatePostgres server) => server.CreateDatabaseAsync("schema", MigrateAsync);

    /// <summary>A database that has the schema with the market in it.</summary>
    public static Task<PrivateDatabase> CreateFilledAsync(PrivatePostgres server) => server.CreateDatabaseAsync("market", async connectionString =>
    {
        await MigrateAsync(connectionString);
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(Market, connection);
        await command.ExecuteNonQueryAsync();
    });

    /// <summary>A login that is a member of a role and nothing else; its name is its password.</summary>
    public static Task CreateLoginAsync(PrivateDatabase database, string name, string memberOf) =>
        database.ExecuteAsync($"CREATE ROLE {name} LOGIN PASSWORD '{name}' IN ROLE {memberOf}");

    private static async Task MigrateAsync(string connectionString)
    {
        await using var migrator = new SchemaMigrator(PostgresAddress.Parse(connectionString));
        await migrator.UpAsync();
    }
}
