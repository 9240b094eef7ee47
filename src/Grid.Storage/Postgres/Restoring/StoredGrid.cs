using Grid.Domain.Identifiers;
using Grid.Storage.Journal;
using Npgsql;

namespace Grid.Storage.Postgres.Restoring;

/// <summary>
/// What a database holds of a grid, to be read by one that begins with it: who wrote it, its saved states, and in
/// <see cref="StoredRows"/> the rows that came after one.
/// </summary>
/// <remarks>Of one caller at a time. The database should be claimed before anything is read that must not change any more.</remarks>
public sealed class StoredGrid : IAsyncDisposable
{
    private readonly PostgresOptions _options;
    private readonly PostgresAddress _address;
    private readonly NpgsqlDataSource _source;

    /// <summary>A reader; nothing is asked of the database yet.</summary>
    public StoredGrid(PostgresOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _address = PostgresAddress.Parse(options.ConnectionString);

        // Reading all of a day takes as long as it takes; a server that has died is noticed by the system's keep-alive.
        var settings = new NpgsqlConnectionStringBuilder(options.Settings()) { CommandTimeout = 0, TcpKeepAlive = true };
        _source = NpgsqlDataSource.Create(settings.ConnectionString);
    }

    /// <summary>Checks the schema, or makes it where the options say so, and asks whether any grid ever wrote here.</summary>
    /// <exception cref="GridStorageException">Transient: the server cannot be reached now. Else: the schema does not fit.</exception>
    public async Task<bool> HasRowsAsync(CancellationToken cancel)
    {
        await using (var migrator = new SchemaMigrator(_address))
        {
            if (_options.Migrate)
            {
                await migrator.UpAsync(cancel: cancel).ConfigureAwait(false);
            }

            await migrator.RequireNewestAsync(cancel).ConfigureAwait(false);
        }

        return await DoAsync(
            async connection =>
            {
                await using var command = new NpgsqlCommand("SELECT EXISTS (SELECT FROM grid.watermark WHERE lsn > 0)", connection);
                return (bool)(await command.ExecuteScalarAsync(cancel).ConfigureAwait(false))!;
            },
            cancel).ConfigureAwait(false);
    }

    /// <summary>The state to begin with: the older of the two that are kept. Null while there are fewer: then with the oldest rows.</summary>
    /// <exception cref="GridStorageException">The database could not be read.</exception>
    public Task<SavedState?> FindStateAsync(CancellationToken cancel) => DoAsync(
        async connection => (await SavedStates.ListAsync(connection, cancel).ConfigureAwait(false)).ElementAtOrDefault(SavedStates.Kept - 1), cancel);

    /// <summary>Copies a state's bytes into an empty file.</summary>
    /// <exception cref="GridStorageException">The database could not be read.</exception>
    public Task CopyStateAsync(SavedState state, IJournalFile target, CancellationToken cancel) => DoAsync(
        async connection =>
        {
            await SavedStates.CopyAsync(connection, state, target, cancel).ConfigureAwait(false);
            return true;
        },
        cancel);

    /// <summary>Reads rows, in one transaction.</summary>
    /// <param name="names">The names that rows refer to; what is new is added.</param>
    /// <param name="read">Reads what it wants, one after the other.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="GridStorageException">The database could not be read.</exception>
    public Task ReadAsync(GridNames names, Func<StoredRows, Task> read, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(read);
        return DoAsync(
            async connection =>
            {
                await using var transaction = await connection.BeginTransactionAsync(cancel).ConfigureAwait(false);
                var rows = new StoredRows(connection, names);
                await rows.BeginAsync(cancel).ConfigureAwait(false);
                await read(rows).ConfigureAwait(false);
                return true;
            },
            cancel);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _source.DisposeAsync();

    private async Task<T> DoAsync<T>(Func<NpgsqlConnection, Task<T>> read, CancellationToken cancel)
    {
        try
        {
            await using var connection = await _source.OpenConnectionAsync(cancel).ConfigureAwait(false);
            return await read(connection).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException)
        {
            throw PostgresFailure.Of(e, _address);
        }
    }
}
