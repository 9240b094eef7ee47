using Grid.Storage.Journal;
using Grid.Storage.Postgres.Committing;
using Grid.Storage.Postgres.Writing;
using Npgsql;

namespace Grid.Storage.Postgres.Restoring;

/// <summary>
/// Saved states in the database: put in part by part, which holds nobody up, and made known in one transaction with the
/// watermark locked, so that only who may write the grid's rows may say what they come after.
/// </summary>
internal static class SavedStates
{
    /// <summary>States that are kept: what is read is the older of them, so that it is never a young one.</summary>
    public const int Kept = 2;

    private const int PartBytes = 1 << 20;

    /// <summary>Puts a state in, and deletes those that are not kept any more. False if the database is another writer's now.</summary>
    public static async Task<bool> SaveAsync(NpgsqlConnection connection, Watermark watermark, ulong lsn, IJournalFile content, CancellationToken cancel)
    {
        var position = new StoredPosition(watermark.Epoch, lsn);
        await ExecuteAsync(connection, "DELETE FROM grid.saved_state_part WHERE (epoch, lsn) = ($1, $2)", position, cancel).ConfigureAwait(false);
        var (parts, bytes) = (0, content.Length);
        var buffer = new byte[Math.Min(PartBytes, bytes)];
        for (var at = 0L; at < bytes; parts++)
        {
            var read = content.Read(at, buffer.AsSpan(0, (int)Math.Min(buffer.Length, bytes - at)));
            await ExecuteAsync(
                connection,
                "INSERT INTO grid.saved_state_part (epoch, lsn, part, content) VALUES ($1, $2, $3, $4)",
                position,
                cancel,
                CommitStatements.Of(parts),
                new NpgsqlParameter<ReadOnlyMemory<byte>> { TypedValue = buffer.AsMemory(0, read) }).ConfigureAwait(false);
            at += read;
        }

        await using var transaction = await connection.BeginTransactionAsync(cancel).ConfigureAwait(false);
        var (_, takenBy) = await watermark.LockAsync(connection, transaction, cancel).ConfigureAwait(false);
        if (takenBy is not null)
        {
            return false;
        }

        await ExecuteAsync(
            connection,
            "INSERT INTO grid.saved_state (epoch, lsn, parts, bytes) VALUES ($1, $2, $3, $4)",
            position,
            cancel,
            CommitStatements.Of(parts),
            CommitStatements.Of(bytes)).ConfigureAwait(false);
        await ExecuteAsync(
            connection,
            $"DELETE FROM grid.saved_state WHERE (epoch, lsn) NOT IN (SELECT epoch, lsn FROM grid.saved_state ORDER BY epoch DESC, lsn DESC LIMIT {Kept})",
            cancel).ConfigureAwait(false);
        await ExecuteAsync(
            connection,
            "DELETE FROM grid.saved_state_part WHERE (epoch, lsn) NOT IN (SELECT epoch, lsn FROM grid.saved_state)",
            cancel).ConfigureAwait(false);
        await transaction.CommitAsync(cancel).ConfigureAwait(false);
        return true;
    }

    /// <summary>The states that are whole, newest first.</summary>
    public static async Task<IReadOnlyList<SavedState>> ListAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        var states = new List<SavedState>();
        await using var command = new NpgsqlCommand("SELECT epoch, lsn, parts, bytes, saved_at FROM grid.saved_state ORDER BY epoch DESC, lsn DESC", connection);
        await using var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
        while (await reader.ReadAsync(cancel).ConfigureAwait(false))
        {
            states.Add(new SavedState(
                new StoredPosition(reader.GetInt32(0), (ulong)reader.GetInt64(1)), reader.GetInt32(2), reader.GetInt64(3), reader.GetFieldValue<DateTimeOffset>(4)));
        }

        return states;
    }

    /// <summary>Copies a state's bytes into an empty file.</summary>
    public static async Task CopyAsync(NpgsqlConnection connection, SavedState state, IJournalFile target, CancellationToken cancel)
    {
        var at = 0L;
        for (var part = 0; part < state.Parts; part++)
        {
            await using var command = new NpgsqlCommand("SELECT content FROM grid.saved_state_part WHERE (epoch, lsn, part) = ($1, $2, $3)", connection)
            {
                Parameters = { CommitStatements.Of(state.Position.Epoch), CommitStatements.Of((long)state.Position.Lsn), CommitStatements.Of(part) },
            };
            var content = await command.ExecuteScalarAsync(cancel).ConfigureAwait(false) as byte[]
                ?? throw new GridStorageException($"part {part} of the saved state of epoch {state.Position.Epoch}, frame {state.Position.Lsn}, is gone from the database");
            target.Write(at, content);
            at += content.Length;
        }
    }

    private static async Task ExecuteAsync(
        NpgsqlConnection connection, string sql, StoredPosition position, CancellationToken cancel, params NpgsqlParameter[] more)
    {
        await using var command = new NpgsqlCommand(sql, connection)
        {
            Parameters = { CommitStatements.Of(position.Epoch), CommitStatements.Of((long)position.Lsn) },
        };
        command.Parameters.AddRange(more);
        await command.ExecuteNonQueryAsync(cancel).ConfigureAwait(false);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancel).ConfigureAwait(false);
    }
}
