using Grid.Domain.Identifiers;
using Grid.Storage.Postgres.Writing;
using Npgsql;
using NpgsqlTypes;

namespace Grid.Storage.Postgres.Committing;

/// <summary>The statements of a commit beside COPY: what it locks first, and the few rows that it writes last, each in one round trip.</summary>
internal static class CommitStatements
{
    /// <summary>
    /// Locks the silo and the grains of a group, always in this order and the grains by their ids, so that two commits never
    /// wait for each other. Each statement sees what was committed until its own locks were there.
    /// </summary>
    public static async Task<CommitLocks> LockAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, SiloClaim silo, CommitGroup group, TimeSpan statementTimeout, CancellationToken cancel)
    {
        await using var batch = new NpgsqlBatch(connection, transaction)
        {
            BatchCommands =
            {
                Limits(statementTimeout),
                Idle(statementTimeout),
                Command("SELECT epoch, owner FROM grid.silo WHERE id = $1 FOR NO KEY UPDATE", Of(silo.Id)),
                Command("SELECT id FROM grid.commit WHERE silo_id = $1 AND silo_epoch = $2 AND number = $3", Of(silo.Id), Of(silo.Epoch), Of(silo.LastNumber + 1)),
                Command(
                    "SELECT id, epoch FROM grid.grain WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE",
                    Of(group.Works.Select(w => w.Grain.Id).Distinct().ToArray())),
                new NpgsqlBatchCommand("SELECT nextval('grid.commit_id')"),
            },
        };
        await using var reader = await batch.ExecuteReaderAsync(cancel).ConfigureAwait(false);
        var locks = new CommitLocks { TakenBy = "nobody: its row in grid.silo is gone" };
        if (await reader.ReadAsync(cancel).ConfigureAwait(false))
        {
            locks.TakenBy = reader.GetInt64(0) == silo.Epoch ? null : $"{reader.GetString(1)} (epoch {reader.GetInt64(0)})";
        }

        await reader.NextResultAsync(cancel).ConfigureAwait(false);
        locks.IsIn = await reader.ReadAsync(cancel).ConfigureAwait(false);
        await reader.NextResultAsync(cancel).ConfigureAwait(false);
        while (await reader.ReadAsync(cancel).ConfigureAwait(false))
        {
            locks.Epochs[reader.GetInt32(0)] = reader.GetInt64(1);
        }

        await reader.NextResultAsync(cancel).ConfigureAwait(false);
        await reader.ReadAsync(cancel).ConfigureAwait(false);
        locks.Commit = reader.GetInt64(0);
        return locks;
    }

    /// <summary>Writes the commit row, and windows, tails and snapshots of the grains.</summary>
    public static async Task WriteAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, SiloClaim silo, CommitPlan plan, NameNumbers names, CancellationToken cancel)
    {
        await using var batch = new NpgsqlBatch(connection, transaction);
        AddCommit(batch, silo, plan);
        AddWindows(batch, plan, names);
        if (plan.Tails.Count > 0)
        {
            batch.BatchCommands.Add(Command(
                "UPDATE grid.grain AS g SET tail_from = t.tail_from FROM unnest($1, $2) AS t (id, tail_from) WHERE g.id = t.id",
                Of(plan.Tails.Select(t => t.Grain.Id).ToArray()),
                new NpgsqlParameter<DateTime?[]>
                {
                    TypedValue = [.. plan.Tails.Select(t => t.From is { } from ? Microseconds(from) : (DateTime?)null)],
                    NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz,
                }));
        }

        if (plan.Snapshots.Count > 0)
        {
            batch.BatchCommands.Add(Command(
                """
                INSERT INTO grid.grain_snapshot (grain_id, commit_id, frame_row, state)
                SELECT n.grain_id, $1, n.frame_row, n.state FROM unnest($2, $3, $4) AS n (grain_id, frame_row, state)
                ON CONFLICT (grain_id) DO UPDATE
                SET commit_id = excluded.commit_id, frame_row = excluded.frame_row, state = excluded.state, saved_at = now()
                """,
                Of(plan.Commit),
                Of(plan.Snapshots.Select(s => s.Grain.Id).ToArray()),
                Of(plan.Snapshots.Select(s => s.Row).ToArray()),
                Of(plan.Snapshots.Select(s => s.State).ToArray())));
        }

        await batch.ExecuteNonQueryAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>Bounds each statement of a transaction, waiting for locks included.</summary>
    public static NpgsqlBatchCommand Limits(TimeSpan each) => new($"SET LOCAL statement_timeout = {(long)each.TotalMilliseconds}");

    /// <summary>Bounds the time between them: a client that vanished without a word would keep its locks.</summary>
    public static NpgsqlBatchCommand Idle(TimeSpan each) => new($"SET LOCAL idle_in_transaction_session_timeout = {(long)each.TotalMilliseconds}");

    public static NpgsqlBatchCommand Command(string sql, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(parameter);
        }

        return command;
    }

    public static NpgsqlParameter<T> Of<T>(T value) => new() { TypedValue = value };

    private static void AddCommit(NpgsqlBatch batch, SiloClaim silo, CommitPlan plan)
    {
        var (first, last) = TimesOf(plan.Flush);
        batch.BatchCommands.Add(Command("UPDATE grid.silo SET last_number = $2 WHERE id = $1", Of(silo.Id), Of(silo.LastNumber + 1)));
        batch.BatchCommands.Add(Command(
            """
            INSERT INTO grid.commit (id, silo_id, silo_epoch, number, slices, ticks, runs, rejected, first_time, last_time)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            """,
            Of(plan.Commit),
            Of(silo.Id),
            Of(silo.Epoch),
            Of(silo.LastNumber + 1),
            Of(plan.Slices),
            Of(plan.Flush.Rows - plan.Flush.Runs.Count - plan.Flush.Rejected.Count),
            Of(plan.Flush.Runs.Count),
            Of(plan.Flush.Rejected.Count),
            Time(first),
            Time(last)));
    }

    private static void AddWindows(NpgsqlBatch batch, CommitPlan plan, NameNumbers names)
    {
        var rows = plan.Windows;
        if (rows.Count == 0)
        {
            return;
        }

        var (grains, producers, epochs) = (new int[rows.Count], new int[rows.Count], new long[rows.Count]);
        var (highest, seen) = (new long[rows.Count], new long[rows.Count]);
        for (var i = 0; i < rows.Count; i++)
        {
            var window = rows[i].Window;
            (grains[i], producers[i]) = (rows[i].Grain.Id, names.OfProducer(rows[i].Producer));
            (epochs[i], highest[i], seen[i]) = ((long)window.Epoch, (long)window.Highest, (long)window.Seen);
        }

        batch.BatchCommands.Add(Command(
            """
            INSERT INTO grid.slice (grain_id, producer_id, producer_epoch, highest, seen, commit_id)
            SELECT n.grain_id, n.producer_id, n.producer_epoch, n.highest, n.seen, $6
            FROM unnest($1, $2, $3, $4, $5) AS n (grain_id, producer_id, producer_epoch, highest, seen)
            ON CONFLICT (grain_id, producer_id) DO UPDATE
            SET producer_epoch = excluded.producer_epoch, highest = excluded.highest, seen = excluded.seen, commit_id = excluded.commit_id
            """,
            Of(grains),
            Of(producers),
            Of(epochs),
            Of(highest),
            Of(seen),
            Of(plan.Commit)));
    }

    private static (UnixNanos? First, UnixNanos? Last) TimesOf(PostgresFlush flush)
    {
        UnixNanos? first = null;
        UnixNanos? last = null;
        foreach (var ticks in flush.Ticks.Values)
        {
            foreach (var tick in ticks)
            {
                var time = tick.Event.EventTime;
                first = first is { } lowest && lowest <= time ? lowest : time;
                last = last is { } highest && highest >= time ? highest : time;
            }
        }

        return (first, last);
    }

    private static NpgsqlParameter Time(UnixNanos? time) =>
        new() { Value = time is { } known ? Microseconds(known) : DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz };

    private static DateTime Microseconds(UnixNanos time) => time.Floor(1000).ToDateTimeOffset().UtcDateTime;
}

/// <summary>What a commit found when it had its locks.</summary>
internal sealed class CommitLocks
{
    /// <summary>Who has claimed the silo since; null if nobody has.</summary>
    public string? TakenBy { get; set; }

    /// <summary>True if the commit of this number is in already.</summary>
    public bool IsIn { get; set; }

    /// <summary>Id for the commit: taken last, so that it grows with the commits of each grain.</summary>
    public long Commit { get; set; }

    /// <summary>The newest activation of each grain.</summary>
    public Dictionary<int, long> Epochs { get; } = [];
}
