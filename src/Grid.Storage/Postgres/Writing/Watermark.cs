using Npgsql;

namespace Grid.Storage.Postgres.Writing;

/// <summary>The row that says how far a grid's journal is in the database, and who may move it.</summary>
internal sealed class Watermark(string grid, StatementTimer timer)
{
    /// <summary>The life of this writer, claimed in the database; 0 before.</summary>
    public int Epoch { get; private set; }

    /// <summary>The last input that is in; 0 if none.</summary>
    public ulong Lsn { get; private set; }

    /// <summary>
    /// Holds up all others who claim the database, as a data folder or as a silo, until the transaction ends: so that of two who
    /// find it free only one has it.
    /// </summary>
    public static async Task LockClaimsAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancel)
    {
        await using var locking = new NpgsqlCommand("LOCK TABLE grid.watermark IN EXCLUSIVE MODE", connection, transaction);
        await locking.ExecuteNonQueryAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>
    /// Claims the next epoch: from then on nobody who claimed an earlier one can write. Refuses a database that another
    /// grid's or a cluster's data is in, and a position that the journal does not have.
    /// </summary>
    public async Task ClaimAsync(NpgsqlConnection connection, string owner, ulong journalLastLsn, bool takesOver, CancellationToken cancel)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancel).ConfigureAwait(false);
        await timer.RunAsync(PostgresStatement.LockClaims, () => LockClaimsAsync(connection, transaction, cancel)).ConfigureAwait(false);
        await using (var asking = new NpgsqlCommand("SELECT name::text FROM grid.silo ORDER BY claimed_at DESC LIMIT 1", connection, transaction))
        {
            if (await timer.RunAsync(PostgresStatement.ReadSilos, () => asking.ExecuteScalarAsync(cancel)).ConfigureAwait(false) is string silo)
            {
                throw new GridStorageException($"the database belongs to a cluster, of which silo '{silo}' claimed it last; use another database");
            }
        }

        var rows = await timer.RunAsync(PostgresStatement.ReadWatermarks, () => ReadAsync(connection, transaction, cancel)).ConfigureAwait(false);
        var own = rows.Find(r => r.Grid == grid);
        if (!takesOver)
        {
            Check(rows, own, journalLastLsn);
        }

        // Of several rows, the one with the highest epoch is whose database it is; the others' epochs are moved, so that who claimed them is shut out.
        var last = rows.Count == 0 ? 0 : rows.Max(r => r.Epoch);
        var epoch = rows.Exists(r => r.Grid != grid && r.Epoch == last) ? last + 2 : last + 1;
        Lsn = Math.Min(own?.Lsn ?? 0, journalLastLsn);
        await using var claiming = new NpgsqlCommand(
            """
            WITH shut_out AS (UPDATE grid.watermark SET epoch = $2 - 1, owner = $4 || ', for another data folder' WHERE grid <> $1 AND epoch = $2 - 2)
            INSERT INTO grid.watermark (grid, epoch, lsn, owner) VALUES ($1, $2, $3, $4)
            ON CONFLICT (grid) DO UPDATE SET epoch = excluded.epoch, lsn = excluded.lsn, owner = excluded.owner, updated_at = now()
            """,
            connection,
            transaction)
        {
            Parameters =
            {
                new NpgsqlParameter<string> { TypedValue = grid },
                new NpgsqlParameter<int> { TypedValue = epoch },
                new NpgsqlParameter<long> { TypedValue = (long)Lsn },
                new NpgsqlParameter<string> { TypedValue = owner },
            },
        };
        await timer.RunAsync(PostgresStatement.ClaimGrid, () => claiming.ExecuteNonQueryAsync(cancel)).ConfigureAwait(false);
        await timer.RunAsync(PostgresStatement.Commit, () => transaction.CommitAsync(cancel)).ConfigureAwait(false);
        Epoch = epoch;
    }

    /// <summary>Locks the row for the transaction; false if it is somebody else's now, and who that is.</summary>
    public Task<(ulong Lsn, string? TakenBy)> LockAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancel) =>
        timer.RunAsync(PostgresStatement.LockWatermark, () => LockNowAsync(connection, transaction, cancel));

    /// <summary>The statement that moves the row.</summary>
    public NpgsqlBatchCommand Move(ulong lsn) => new("UPDATE grid.watermark SET lsn = $2, updated_at = now() WHERE grid = $1")
    {
        Parameters = { new NpgsqlParameter<string> { TypedValue = grid }, new NpgsqlParameter<long> { TypedValue = (long)lsn } },
    };

    /// <summary>Notes that the row was moved, and that this is committed.</summary>
    public void SetCommitted(ulong lsn) => Lsn = lsn;

    private async Task<(ulong Lsn, string? TakenBy)> LockNowAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand("SELECT epoch, lsn, owner FROM grid.watermark WHERE grid = $1 FOR UPDATE", connection, transaction)
        {
            Parameters = { new NpgsqlParameter<string> { TypedValue = grid } },
        };
        await using var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
        if (!await reader.ReadAsync(cancel).ConfigureAwait(false))
        {
            return (0, "nobody: its row in grid.watermark is gone");
        }

        return ((ulong)reader.GetInt64(1), reader.GetInt32(0) == Epoch ? null : $"{reader.GetString(2)} (epoch {reader.GetInt32(0)})");
    }

    private void Check(List<Row> rows, Row? own, ulong journalLastLsn)
    {
        if (rows.MaxBy(r => r.Epoch) is { } other && other.Grid != grid)
        {
            throw new GridStorageException(
                $"the database belongs to the data folder '{other.Grid}', written to by {other.Owner} until {other.UpdatedAt:yyyy-MM-dd HH:mm:ss}Z; this one is '{grid}'. "
                + "Use another database, or, where that folder is lost and nobody writes any more, take this one over with serve --take-over (option Postgres:TakeOver)");
        }

        if (own is not null && own.Lsn > journalLastLsn)
        {
            throw new GridStorageException(
                $"the database holds this grid's journal up to frame {own.Lsn}, but the journal ends with frame {journalLastLsn}: the data folder is an older copy. "
                + "Restore a newer one, or go on from here with the option Postgres:TakeOver");
        }
    }

    private static async Task<List<Row>> ReadAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, CancellationToken cancel)
    {
        var rows = new List<Row>();
        await using var command = new NpgsqlCommand("SELECT grid, epoch, lsn, owner, updated_at FROM grid.watermark ORDER BY updated_at DESC", connection, transaction);
        await using var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
        while (await reader.ReadAsync(cancel).ConfigureAwait(false))
        {
            rows.Add(new Row(reader.GetString(0), reader.GetInt32(1), (ulong)reader.GetInt64(2), reader.GetString(3), reader.GetDateTime(4)));
        }

        return rows;
    }

    private sealed record Row(string Grid, int Epoch, ulong Lsn, string Owner, DateTime UpdatedAt);
}
