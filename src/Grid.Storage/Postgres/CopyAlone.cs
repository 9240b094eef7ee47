using System.Globalization;
using Npgsql;

namespace Grid.Storage.Postgres;

/// <summary>
/// What COPY alone does: the newest ticks of a database, read into a file and copied from there into an empty table with the
/// same columns and index. The measure of what is lost to everything else that a flush does.
/// </summary>
public static class CopyAlone
{
    private const string Columns =
        "event_time, receive_time, sequence, session, conditions, lsn, price, size, bid, bid_size, ask, ask_size, amends, "
        + "instrument_id, source_id, channel_id, venue_id, epoch, frame_row, event_ns, receive_ns, kind, flags, outcome";

    /// <summary>Measures it. Needs the right to make tables in the schema; the table is gone afterwards.</summary>
    /// <param name="connectionString">The database.</param>
    /// <param name="rowsMax">Rows to copy at most.</param>
    /// <param name="file">Where the rows lie meanwhile.</param>
    /// <param name="time">Measures.</param>
    /// <param name="cancel">Gives up.</param>
    /// <returns>Rows copied, and how long it took until they were committed.</returns>
    /// <exception cref="GridStorageException">The database refuses.</exception>
    public static async Task<(long Rows, TimeSpan Took)> MeasureAsync(
        string connectionString, long rowsMax, string file, TimeProvider time, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(time);
        var address = PostgresAddress.Parse(connectionString);
        try
        {
            await using var source = NpgsqlDataSource.Create(address.Settings("grid-bench").ConnectionString);
            await using var connection = await source.OpenConnectionAsync(cancel).ConfigureAwait(false);
            await ExecuteAsync(connection, "CREATE TABLE grid.copy_alone (LIKE grid.tick INCLUDING INDEXES)", cancel).ConfigureAwait(false);
            try
            {
                await SaveAsync(connection, rowsMax, file, cancel).ConfigureAwait(false);
                var begun = time.GetTimestamp();
                await LoadAsync(connection, file, cancel).ConfigureAwait(false);
                var took = time.GetElapsedTime(begun);
                await using var counting = new NpgsqlCommand("SELECT count(*) FROM grid.copy_alone", connection);
                return ((long)(await counting.ExecuteScalarAsync(cancel).ConfigureAwait(false))!, took);
            }
            finally
            {
                await ExecuteAsync(connection, "DROP TABLE grid.copy_alone", CancellationToken.None).ConfigureAwait(false);
            }
        }
        catch (NpgsqlException e)
        {
            throw PostgresFailure.Of(e, address);
        }
    }

    private static async Task SaveAsync(NpgsqlConnection connection, long rowsMax, string file, CancellationToken cancel)
    {
        var sql = string.Create(
            CultureInfo.InvariantCulture,
            $"COPY (SELECT {Columns} FROM grid.tick ORDER BY epoch, lsn, frame_row LIMIT {rowsMax}) TO STDOUT (FORMAT binary)");
        await using var from = await connection.BeginRawBinaryCopyAsync(sql, cancel).ConfigureAwait(false);
        await using var to = new FileStream(file, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20);
        await from.CopyToAsync(to, 1 << 20, cancel).ConfigureAwait(false);
    }

    private static async Task LoadAsync(NpgsqlConnection connection, string file, CancellationToken cancel)
    {
        await using var to = await connection.BeginRawBinaryCopyAsync($"COPY grid.copy_alone ({Columns}) FROM STDIN (FORMAT binary)", cancel).ConfigureAwait(false);
        await using var from = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20);
        await from.CopyToAsync(to, 1 << 18, cancel).ConfigureAwait(false);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancel).ConfigureAwait(false);
    }
}
