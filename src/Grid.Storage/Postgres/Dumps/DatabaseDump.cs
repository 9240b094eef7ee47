using System.Globalization;
using Npgsql;

namespace Grid.Storage.Postgres.Dumps;

/// <summary>What a dump holds, for who restores it.</summary>
/// <param name="Database">The database's name.</param>
/// <param name="ServerMajor">Major version of its server.</param>
/// <param name="DumpMajor">Major version of the program that wrote it: an older one does not read it.</param>
/// <param name="Lsn">The input of the grid's journal up to which ticks are in it; 0 if the grid never wrote.</param>
/// <param name="Epoch">The writer that had the database; 0 if none had.</param>
/// <param name="ThroughLsn">Nothing in it is of a later frame of the journal: latest values and bars may be ahead of <paramref name="Lsn"/>.</param>
public sealed record DatabaseDumpReport(string Database, int ServerMajor, int DumpMajor, ulong Lsn, int Epoch, ulong ThroughLsn);

/// <summary>Writes a grid's schema with its data into a file, by <c>pg_dump</c>, while it may be written to.</summary>
public static class DatabaseDump
{
    private const string Program = "pg_dump";

    // The snapshot that the dump is made of must live as long as that takes.
    private const string KeepSql = "SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL statement_timeout = 0";

    /// <summary>Writes the dump.</summary>
    /// <param name="address">The database.</param>
    /// <param name="grid">Identity of the data folder that it must belong to; null for a folder that never wrote to any.</param>
    /// <param name="path">The file, which exists and is empty.</param>
    /// <param name="readJournalEnd">Gives the last frame of the journal at the moment it is called.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="GridStorageException">The database is another grid's or has no schema, the server cannot be reached, or the program fails or is missing.</exception>
    public static async Task<DatabaseDumpReport> WriteAsync(
        PostgresAddress address, string? grid, string path, Func<ulong> readJournalEnd, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(readJournalEnd);
        try
        {
            await using var connection = await OpenAsync(address, cancel).ConfigureAwait(false);
            await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancel).ConfigureAwait(false);
            await using (var keeping = new NpgsqlCommand(KeepSql, connection, transaction))
            {
                await keeping.ExecuteNonQueryAsync(cancel).ConfigureAwait(false);
            }

            var snapshot = await ReadAsync<string>(connection, "SELECT pg_export_snapshot()", cancel).ConfigureAwait(false);
            var (lsn, epoch) = await ReadWatermarkAsync(connection, address, grid, cancel).ConfigureAwait(false);

            // Nothing is committed before it is flushed in the journal, so this is behind all that the snapshot shows.
            var through = readJournalEnd();
            var server = await ReadServerMajorAsync(connection, cancel).ConfigureAwait(false);
            var tool = await PostgresTool.FindAsync(Program, server, $"the server {address.Server}", PostgresTool.Folders(), cancel).ConfigureAwait(false);
            await tool.RunAsync(
                address, ["--format=custom", "--schema=grid", "--no-password", $"--snapshot={snapshot}", $"--file={path}"], cancel).ConfigureAwait(false);
            return new DatabaseDumpReport(address.Database, server, tool.Major, lsn, epoch, through);
        }
        catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException)
        {
            throw PostgresFailure.Of(e, address);
        }
    }

    internal static async Task<NpgsqlConnection> OpenAsync(PostgresAddress address, CancellationToken cancel)
    {
        var settings = address.Settings("grid backup");
        settings.Pooling = false;
        settings.CommandTimeout = 0;
        var connection = new NpgsqlConnection(settings.ConnectionString);
        try
        {
            await connection.OpenAsync(cancel).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    internal static async Task<T?> ReadAsync<T>(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(cancel).ConfigureAwait(false) is T value ? value : default;
    }

    internal static async Task<int> ReadServerMajorAsync(NpgsqlConnection connection, CancellationToken cancel) =>
        int.Parse((await ReadAsync<string>(connection, "SELECT current_setting('server_version_num')", cancel).ConfigureAwait(false))!, CultureInfo.InvariantCulture) / 10_000;

    private static async Task<(ulong Lsn, int Epoch)> ReadWatermarkAsync(NpgsqlConnection connection, PostgresAddress address, string? grid, CancellationToken cancel)
    {
        if (await ReadAsync<object>(connection, "SELECT to_regclass('grid.watermark')::text", cancel).ConfigureAwait(false) is null or DBNull)
        {
            throw new GridStorageException($"database '{address.Database}' at {address.Server} has no grid's schema; leave --postgres out, or name the grid's database");
        }

        await using var command = new NpgsqlCommand("SELECT grid, lsn, epoch FROM grid.watermark ORDER BY epoch DESC LIMIT 1", connection);
        await using var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
        if (!await reader.ReadAsync(cancel).ConfigureAwait(false))
        {
            return (0, 0);
        }

        var owner = reader.GetString(0);
        return owner == grid ? ((ulong)reader.GetInt64(1), reader.GetInt32(2))
            : throw new GridStorageException(
                $"database '{address.Database}' at {address.Server} belongs to the data folder '{owner}', and this one "
                + (grid is null ? "never wrote to any" : $"is '{grid}'"));
    }
}
