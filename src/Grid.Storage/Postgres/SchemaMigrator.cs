using Npgsql;

namespace Grid.Storage.Postgres;

/// <summary>
/// Brings the schema of a database up or down, one migration after the other, each in its transaction and alone. It refuses
/// a schema that is newer than the program, that was made by another text, or that somebody altered.
/// </summary>
public sealed class SchemaMigrator : IAsyncDisposable
{
    /// <summary>Longest that a migration waits for a table that is in use; longer would hold up those who use it.</summary>
    public static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(60);

    private readonly PostgresAddress _address;
    private readonly MigrationSet _known;
    private readonly TimeProvider _time;
    private readonly NpgsqlDataSource _source;

    /// <summary>A migrator of one database.</summary>
    /// <param name="address">The database.</param>
    /// <param name="known">The migrations that this program knows; null for its own.</param>
    /// <param name="time">The clock; null for the system's.</param>
    public SchemaMigrator(PostgresAddress address, MigrationSet? known = null, TimeProvider? time = null)
    {
        _address = address;
        _known = known ?? MigrationSet.Embedded;
        _time = time ?? TimeProvider.System;
        var settings = address.Settings("grid migrate");
        settings.CommandTimeout = 0;
        settings.Pooling = false;

        // Of a statement that makes or drops tables the detail says what stands in its way.
        settings.IncludeErrorDetail = true;
        _source = NpgsqlDataSource.Create(settings);
    }

    /// <summary>Where the schema stands.</summary>
    /// <exception cref="GridStorageException">The database cannot be asked.</exception>
    public Task<SchemaStatus> ReadStatusAsync(CancellationToken cancel = default) => TellingFailuresAsync(async () =>
    {
        await using var connection = await _source.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancel);
        return (await SchemaState.ReadAsync(connection, cancel)).Compare(_known);
    });

    /// <summary>Throws unless the schema is the one that this program writes to.</summary>
    /// <exception cref="GridStorageException">It is older, newer or altered; the message says which and what to do.</exception>
    public async Task RequireNewestAsync(CancellationToken cancel = default)
    {
        var status = await ReadStatusAsync(cancel);
        ThrowIfProblematic(status);
        if (status.Current < status.Newest)
        {
            throw new GridStorageException($"the schema of database '{_address.Database}' at {_address.Server} is at version {status.Current}, "
                + $"and this program needs {status.Newest}; run: grid migrate up");
        }
    }

    /// <summary>Goes up to a version. Says a line before and after each migration.</summary>
    /// <returns>How many migrations were applied.</returns>
    /// <exception cref="GridStorageException">It cannot; what was applied before stands.</exception>
    public Task<int> UpAsync(int? to = null, Action<string>? say = null, CancellationToken cancel = default)
    {
        var target = to ?? _known.Newest;
        if (target < 0 || target > _known.Newest)
        {
            throw new ArgumentException($"there is no version {target}; this program knows 0 to {_known.Newest}");
        }

        return MoveAsync(say ?? (_ => { }), current => current < target ? current + 1 : null, Migrate.Up, cancel);
    }

    /// <summary>Goes down to a version, 0 for none, losing what <see cref="Migration.DownLoses"/> says.</summary>
    /// <returns>How many migrations were taken back.</returns>
    /// <exception cref="GridStorageException">It cannot; what was taken back before stays so.</exception>
    public Task<int> DownAsync(int to, Action<string>? say = null, CancellationToken cancel = default)
    {
        if (to < 0 || to > _known.Newest)
        {
            throw new ArgumentException($"there is no version {to}; this program knows 0 to {_known.Newest}");
        }

        return MoveAsync(say ?? (_ => { }), current => current > to ? current : null, Migrate.Down, cancel);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _source.DisposeAsync();

    private enum Migrate
    {
        Up,
        Down,
    }

    private Task<int> MoveAsync(Action<string> say, Func<int, int?> next, Migrate direction, CancellationToken cancel) => TellingFailuresAsync(async () =>
    {
        await using var alone = await SchemaLock.TakeAsync(_source, _time, say, cancel);
        await using var connection = await _source.OpenConnectionAsync(cancel);
        for (var moved = 0; ; moved++)
        {
            var state = await SchemaState.ReadAsync(connection, cancel);
            ThrowIfProblematic(state.Compare(_known));
            if (next(state.Current) is not { } version)
            {
                return moved;
            }

            var migration = _known[version];
            var started = _time.GetTimestamp();
            say($"{(direction == Migrate.Up ? "up" : "down")} {migration}");
            try
            {
                await ApplyAsync(connection, migration, direction, cancel);
            }
            catch (PostgresException e)
            {
                var failure = PostgresFailure.Of(e, _address);
                var outcome = Migration.IsOutsideTransaction(direction == Migrate.Up ? migration.Up : migration.Down) ? "broke off, and may be run again" : "failed and changed nothing";
                throw new GridStorageException($"{migration} {outcome}: {failure.Message}", failure.IsTransient, e);
            }

            say($"done in {_time.GetElapsedTime(started).TotalSeconds:0.00} s");
        }
    });

    private async Task ApplyAsync(NpgsqlConnection connection, Migration migration, Migrate direction, CancellationToken cancel)
    {
        var script = direction == Migrate.Up ? migration.Up : migration.Down;
        var started = _time.GetTimestamp();
        var isOutside = Migration.IsOutsideTransaction(script);
        if (isOutside)
        {
            await RunOneByOneAsync(connection, script, cancel);
        }

        await using var transaction = await connection.BeginTransactionAsync(cancel);
        if (direction == Migrate.Up)
        {
            await SchemaRoles.EnsureAsync(connection, cancel);
        }

        await ExecuteAsync(
            connection,
            $"SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = {(long)LockTimeout.TotalMilliseconds}; SET LOCAL ROLE {SchemaRoles.Owner}",
            cancel);
        if (!isOutside)
        {
            await ExecuteAsync(connection, script, cancel);
        }

        await RecordAsync(connection, migration, direction, started, cancel);
        await transaction.CommitAsync(cancel);
    }

    private async Task RecordAsync(NpgsqlConnection connection, Migration migration, Migrate direction, long started, CancellationToken cancel)
    {
        if (direction == Migrate.Up)
        {
            await using var insert = new NpgsqlCommand(
                $"INSERT INTO grid.schema_version (version, name, checksum, shape, took_ms) SELECT $1, $2, $3, ({SchemaState.ShapeSql}), $4", connection);
            insert.Parameters.Add(new NpgsqlParameter<int> { TypedValue = migration.Version });
            insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = migration.Name });
            insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = migration.Checksum });
            insert.Parameters.Add(new NpgsqlParameter<long> { TypedValue = (long)_time.GetElapsedTime(started).TotalMilliseconds });
            await insert.ExecuteNonQueryAsync(cancel);
            return;
        }

        // The first migration takes the table with it.
        if (migration.Version > 1)
        {
            await ExecuteAsync(connection, $"DELETE FROM grid.schema_version WHERE version = {migration.Version}", cancel);
        }
    }

    private static async Task RunOneByOneAsync(NpgsqlConnection connection, string script, CancellationToken cancel)
    {
        foreach (var statement in Migration.Statements(script))
        {
            if (statement.EndsWith(@"\gexec", StringComparison.Ordinal))
            {
                foreach (var made in await ReadStatementsAsync(connection, statement[..^@"\gexec".Length], cancel))
                {
                    await ExecuteAsync(connection, made, cancel);
                }
            }
            else
            {
                await ExecuteAsync(connection, statement, cancel);
            }
        }
    }

    private static async Task<List<string>> ReadStatementsAsync(NpgsqlConnection connection, string query, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(query, connection);
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var statements = new List<string>();
        while (await reader.ReadAsync(cancel))
        {
            statements.Add(reader.GetString(0));
        }

        return statements;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancel)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancel);
    }

    private void ThrowIfProblematic(SchemaStatus status)
    {
        if (status.Problems.Count > 0)
        {
            throw new GridStorageException($"database '{_address.Database}' at {_address.Server}: {string.Join("; ", status.Problems)}");
        }
    }

    private async Task<T> TellingFailuresAsync<T>(Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException)
        {
            throw PostgresFailure.Of(e, _address);
        }
    }
}
