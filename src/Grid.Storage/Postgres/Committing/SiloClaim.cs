using Grid.Storage.Postgres.Writing;
using Npgsql;

namespace Grid.Storage.Postgres.Committing;

/// <summary>The right of one start of a silo to commit, until a later one claims it.</summary>
/// <param name="Name">The silo.</param>
/// <param name="Id">Its number in the database.</param>
/// <param name="Epoch">The start: 1 for the first, and so on.</param>
/// <param name="LastNumber">Number of its newest commit.</param>
internal sealed record SiloClaim(string Name, int Id, long Epoch, long LastNumber)
{
    private const string EmbeddedSql = "SELECT grid FROM grid.watermark ORDER BY updated_at DESC LIMIT 1";

    // Asked for before it is made: what ON CONFLICT passes over would use up a number each time.
    private const string MakeSql = """
        INSERT INTO grid.silo (name, epoch) SELECT $1, 0 WHERE NOT EXISTS (SELECT FROM grid.silo WHERE name = $1) ON CONFLICT (name) DO NOTHING
        """;

    private const string ClaimSql = """
        UPDATE grid.silo SET epoch = epoch + 1, owner = $2, claimed_at = now() WHERE name = $1 RETURNING id, epoch, last_number
        """;

    /// <summary>Claims the silo: from then on nobody who claimed it earlier can commit.</summary>
    public static async Task<SiloClaim> ClaimAsync(NpgsqlConnection connection, string name, CancellationToken cancel)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancel).ConfigureAwait(false);
        await Watermark.LockClaimsAsync(connection, transaction, cancel).ConfigureAwait(false);
        await using (var asking = new NpgsqlCommand(EmbeddedSql, connection, transaction))
        {
            if (await asking.ExecuteScalarAsync(cancel).ConfigureAwait(false) is string folder)
            {
                throw new GridStorageException($"the database belongs to the data folder '{folder}' of a grid that is no cluster; use another database");
            }
        }

        await using (var making = new NpgsqlCommand(MakeSql, connection, transaction) { Parameters = { Text(name) } })
        {
            await making.ExecuteNonQueryAsync(cancel).ConfigureAwait(false);
        }

        var claim = await UpdateAsync(connection, transaction, name, cancel).ConfigureAwait(false);
        await transaction.CommitAsync(cancel).ConfigureAwait(false);
        return claim;
    }

    private static async Task<SiloClaim> UpdateAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, string name, CancellationToken cancel)
    {
        await using var claiming = new NpgsqlCommand(ClaimSql, connection, transaction)
        {
            Parameters = { Text(name), Text($"pid {Environment.ProcessId} on {Environment.MachineName}") },
        };
        await using var reader = await claiming.ExecuteReaderAsync(cancel).ConfigureAwait(false);
        return await reader.ReadAsync(cancel).ConfigureAwait(false)
            ? new SiloClaim(name, reader.GetInt32(0), reader.GetInt64(1), reader.GetInt64(2))
            : throw new GridStorageException($"the row of silo '{name}' in grid.silo vanished while it was claimed");
    }

    private static NpgsqlParameter<string> Text(string text) => new() { TypedValue = text };
}
