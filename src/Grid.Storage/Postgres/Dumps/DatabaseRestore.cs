using Npgsql;

namespace Grid.Storage.Postgres.Dumps;

/// <summary>Puts a dump of <see cref="DatabaseDump"/> into a database that has nothing of a grid, in one transaction.</summary>
public static class DatabaseRestore
{
    private const string Program = "pg_restore";
    private const int NamesShownMax = 5;

    private const string FoundSql = """
        SELECT relname::text FROM pg_catalog.pg_class WHERE relnamespace = to_regnamespace('grid') AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND NOT relispartition
        UNION ALL SELECT proname::text FROM pg_catalog.pg_proc WHERE pronamespace = to_regnamespace('grid')
        ORDER BY 1
        """;

    /// <summary>Refuses a database in which the schema of a grid has anything in it.</summary>
    /// <exception cref="GridStorageException">It has; the message names what. Or the server cannot be reached.</exception>
    public static async Task RequireEmptyAsync(PostgresAddress address, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(address);
        try
        {
            await using var connection = await DatabaseDump.OpenAsync(address, cancel).ConfigureAwait(false);
            var found = new List<string>();
            await using var command = new NpgsqlCommand(FoundSql, connection);
            await using var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
            while (await reader.ReadAsync(cancel).ConfigureAwait(false))
            {
                found.Add(reader.GetString(0));
            }

            if (found.Count > 0)
            {
                var more = found.Count > NamesShownMax ? $" and {found.Count - NamesShownMax} more" : string.Empty;
                throw new GridStorageException(
                    $"database '{address.Database}' at {address.Server} has a schema 'grid' already, with {string.Join(", ", found.Take(NamesShownMax))}{more}; "
                    + "restore into another database, or take the schema away with: grid migrate down --to 0");
            }
        }
        catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException)
        {
            throw PostgresFailure.Of(e, address);
        }
    }

    /// <summary>Reads a dump to its end, if the program that can is here; false if it is not.</summary>
    /// <exception cref="GridStorageException">The dump cannot be read.</exception>
    public static async Task<bool> TryReadAsync(string path, int dumpMajor, CancellationToken cancel)
    {
        PostgresTool tool;
        try
        {
            tool = await FindAsync(dumpMajor, cancel).ConfigureAwait(false);
        }
        catch (GridStorageException)
        {
            return false;
        }

        await tool.RunAsync(null, ["--file=/dev/null", path], cancel).ConfigureAwait(false);
        return true;
    }

    /// <summary>
    /// Restores a dump, and makes the database another data folder's, so that the one it was made of can write to it no more,
    /// whatever epoch its newest process has.
    /// </summary>
    /// <param name="address">The database, for which <see cref="RequireEmptyAsync"/> had nothing to say.</param>
    /// <param name="path">The dump.</param>
    /// <param name="dump">What it holds.</param>
    /// <param name="newGrid">Identity of the restored data folder.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="GridStorageException">It failed; the database is as it was.</exception>
    public static async Task RestoreAsync(PostgresAddress address, string path, DatabaseDumpReport dump, string newGrid, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(dump);
        try
        {
            await using var connection = await DatabaseDump.OpenAsync(address, cancel).ConfigureAwait(false);
            var tool = await FindAsync(dump.DumpMajor, cancel).ConfigureAwait(false);
            await using (var transaction = await connection.BeginTransactionAsync(cancel).ConfigureAwait(false))
            {
                // The roles belong to the server and are in no dump of a database. The schema is in the dump.
                await SchemaRoles.EnsureAsync(connection, cancel).ConfigureAwait(false);
                await ExecuteAsync(connection, "DROP SCHEMA IF EXISTS grid", cancel).ConfigureAwait(false);
                await transaction.CommitAsync(cancel).ConfigureAwait(false);
            }

            await tool.RunAsync(
                address, ["--single-transaction", "--exit-on-error", "--no-password", $"--dbname={address.Database}", path], cancel).ConfigureAwait(false);
            await HandOverAsync(connection, address, dump, newGrid).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException)
        {
            throw PostgresFailure.Of(e, address);
        }
    }

    /// <summary>Takes back what <see cref="RestoreAsync"/> did.</summary>
    /// <exception cref="GridStorageException">The database refuses.</exception>
    public static async Task UndoAsync(PostgresAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        try
        {
            await using var connection = await DatabaseDump.OpenAsync(address, CancellationToken.None).ConfigureAwait(false);
            await ExecuteAsync(connection, "DROP SCHEMA IF EXISTS grid CASCADE", CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException)
        {
            throw PostgresFailure.Of(e, address);
        }
    }

    private static Task<PostgresTool> FindAsync(int dumpMajor, CancellationToken cancel) =>
        PostgresTool.FindAsync(Program, dumpMajor, "the dump", PostgresTool.Folders(), cancel);

    // Between the two transactions a writer of the old folder, if it is connected to this very database, may have gone on.
    private static async Task HandOverAsync(NpgsqlConnection connection, PostgresAddress address, DatabaseDumpReport dump, string newGrid)
    {
        await using var command = new NpgsqlCommand(
            """
            UPDATE grid.watermark SET grid = $1, epoch = epoch + 1, owner = 'restored from a backup', updated_at = now()
            WHERE epoch = $2 AND lsn = $3 AND epoch = (SELECT max(epoch) FROM grid.watermark)
            """,
            connection)
        {
            Parameters =
            {
                new NpgsqlParameter<string> { TypedValue = newGrid },
                new NpgsqlParameter<int> { TypedValue = dump.Epoch },
                new NpgsqlParameter<long> { TypedValue = (long)dump.Lsn },
            },
        };
        var moved = await command.ExecuteNonQueryAsync(CancellationToken.None).ConfigureAwait(false);
        if (moved != (dump.Epoch == 0 ? 0 : 1))
        {
            await UndoAsync(address).ConfigureAwait(false);
            throw new GridStorageException(
                $"database '{address.Database}' at {address.Server} was written to by another grid while it was being restored, and was emptied again; stop that grid, or use another database");
        }
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancel).ConfigureAwait(false);
    }
}
