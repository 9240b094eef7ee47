using Npgsql;

namespace Grid.Storage.Postgres;

/// <summary>
/// One migrator at a time: an advisory lock of a transaction on a connection of its own, which works through PgBouncer as
/// well. It is tried for and not waited for in PostgreSQL: a statement that waits keeps a snapshot, and an index that is
/// built concurrently waits for all snapshots, so the two would wait for each other.
/// </summary>
internal sealed class SchemaLock : IAsyncDisposable
{
    // "grid" in ASCII, and the schema; 1 is the making of partitions.
    private const string TrySql = "SELECT pg_try_advisory_xact_lock(1735551332, 0)";

    // The lock's transaction is idle for long. Besides, the last statement of a connection keeps its snapshot until the next
    // one, and a setting has none: a build would wait for the snapshot of the lock that it runs under.
    private const string KeepSql = "SET LOCAL idle_in_transaction_session_timeout = 0";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;

    private SchemaLock(NpgsqlConnection connection, NpgsqlTransaction transaction)
    {
        _connection = connection;
        _transaction = transaction;
    }

    /// <summary>Takes the lock, after whoever has it.</summary>
    public static async Task<SchemaLock> TakeAsync(NpgsqlDataSource source, TimeProvider time, Action<string> say, CancellationToken cancel)
    {
        for (var attempt = 0; ; attempt++)
        {
            if (await TryTakeAsync(source, cancel) is { } taken)
            {
                return taken;
            }

            if (attempt == 0)
            {
                say("another migration is running; waiting for it");
            }

            await Task.Delay(Pause, time, cancel);
        }
    }

    /// <summary>Gives it back. That its connection broke is no failure here: then the lock is gone too.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await _transaction.DisposeAsync();
        }
        catch (NpgsqlException)
        {
            // PostgreSQL releases the lock with the connection.
        }

        await _connection.DisposeAsync();
    }

    private static async Task<SchemaLock?> TryTakeAsync(NpgsqlDataSource source, CancellationToken cancel)
    {
        var connection = await source.OpenConnectionAsync(cancel);
        try
        {
            var transaction = await connection.BeginTransactionAsync(cancel);
            await using var trying = new NpgsqlCommand(TrySql, connection, transaction);
            if (await trying.ExecuteScalarAsync(cancel) is true)
            {
                await using var keeping = new NpgsqlCommand(KeepSql, connection, transaction);
                await keeping.ExecuteNonQueryAsync(cancel);
                var taken = new SchemaLock(connection, transaction);
                connection = null;
                return taken;
            }

            await transaction.DisposeAsync();
            return null;
        }
        finally
        {
            if (connection is not null)
            {
                await connection.DisposeAsync();
            }
        }
    }
}
