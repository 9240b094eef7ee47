using Grid.Domain.Identifiers;
using Npgsql;

namespace Grid.Storage.Postgres.Committing;

/// <summary>Claims grains and loads them: all that are asked for while the last ones were claimed, in a few statements together.</summary>
internal sealed class GrainClaims : IAsyncDisposable
{
    private readonly PostgresAttempts _attempts;
    private readonly NpgsqlDataSource _source;
    private readonly PostgresAddress _address;
    private readonly SiloClaim _silo;
    private readonly GridNames _names;
    private readonly GrainLoader _loader;
    private readonly int _grainsMax;
    private readonly TimeSpan _statementTimeout;
    private readonly StatementTimer _timer;
    private readonly Lock _gate = new();
    private readonly Queue<Wanted> _wanted = new();
    private readonly CancellationTokenSource _ending = new();
    private CommitRefusedException? _closed;
    private Task _running = Task.CompletedTask;
    private bool _isRunning;

    public GrainClaims(
        NpgsqlDataSource source, PostgresAddress address, SiloClaim silo, GridNames names, int grainsMax, TimeSpan statementTimeout, PostgresAttempts attempts, StatementTimer timer)
    {
        _source = source;
        _address = address;
        _silo = silo;
        _names = names;
        _grainsMax = grainsMax;
        _statementTimeout = statementTimeout;
        _attempts = attempts;
        _timer = timer;
        _loader = new GrainLoader(names);
    }

    public Task<LoadedGrain> ClaimAsync(GrainKey key, CancellationToken cancel)
    {
        key.Check();
        var wanted = new Wanted(key, cancel);
        lock (_gate)
        {
            if (_closed is not null)
            {
                return Task.FromException<LoadedGrain>(_closed);
            }

            _wanted.Enqueue(wanted);
            if (!_isRunning)
            {
                _isRunning = true;
                _running = Task.Run(RunAsync, CancellationToken.None);
            }
        }

        return wanted.Answer.Task.WaitAsync(cancel);
    }

    /// <summary>Claims nothing any more, and refuses who still waits.</summary>
    public async Task CloseAsync(CommitRefusedException reason)
    {
        Task running;
        lock (_gate)
        {
            _closed ??= reason;
            running = _running;
        }

        await Task.Run(_ending.CancelQuietly).ConfigureAwait(false);
        await running.ConfigureAwait(false);
    }

    public ValueTask DisposeAsync()
    {
        _ending.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task RunAsync()
    {
        while (Take() is { Count: > 0 } batch)
        {
            try
            {
                IReadOnlyList<LoadedGrain> loaded = [];
                await _attempts.RunAsync(
                    async cancel => loaded = await ClaimAsync(batch.ConvertAll(w => w.Key), cancel).ConfigureAwait(false),
                    IsFinal,
                    _ending.Token).ConfigureAwait(false);
                for (var i = 0; i < batch.Count; i++)
                {
                    batch[i].Answer.TrySetResult(loaded[i]);
                }
            }
            catch (Exception e)
            {
                var reason = e is OperationCanceledException && _closed is not null ? _closed : e;
                batch.ForEach(w => w.Answer.TrySetException(reason));
            }
        }
    }

    // Of one grain only one activation at a time: each has an epoch of its own.
    private List<Wanted> Take()
    {
        var batch = new List<Wanted>();
        lock (_gate)
        {
            var keys = new HashSet<GrainKey>();
            while (batch.Count < _grainsMax && _wanted.TryPeek(out var next))
            {
                if (!next.Cancel.IsCancellationRequested)
                {
                    if (!keys.Add(next.Key))
                    {
                        break;
                    }

                    batch.Add(next);
                }

                _wanted.Dequeue();
            }

            _isRunning = batch.Count > 0;
        }

        return batch;
    }

    private async Task<IReadOnlyList<LoadedGrain>> ClaimAsync(List<GrainKey> keys, CancellationToken cancel)
    {
        try
        {
            var connection = await _source.OpenConnectionAsync(cancel).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
            {
                await _timer.RunAsync(PostgresStatement.MakeGrains, () => MakeAsync(connection, keys, cancel), keys.Count).ConfigureAwait(false);
                var claims = await _timer.RunAsync(PostgresStatement.ClaimGrains, () => ClaimAsync(connection, keys, cancel), keys.Count).ConfigureAwait(false);
                return await _timer.RunAsync(PostgresStatement.LoadGrains, () => _loader.LoadAsync(connection, claims, cancel), keys.Count).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is NpgsqlException or IOException or TimeoutException)
        {
            throw PostgresFailure.Of(e, _address);
        }
        catch (InvalidOperationException e)
        {
            // Npgsql says so of a connection that broke between two statements.
            throw new GridStorageException($"the connection to PostgreSQL at {_address.Server} broke: {e.Message}", isTransient: true, e);
        }
    }

    // In the order of the keys, so that two who make the same grains do not wait for each other.
    private static async Task MakeAsync(NpgsqlConnection connection, List<GrainKey> keys, CancellationToken cancel)
    {
        const string Sql = """
            INSERT INTO grid.grain (kind, key)
            SELECT w.kind, w.key FROM unnest($1, $2) AS w (kind, key)
            WHERE NOT EXISTS (SELECT FROM grid.grain AS g WHERE g.kind = w.kind AND g.key = w.key)
            ORDER BY w.kind, w.key COLLATE "C" ON CONFLICT (kind, key) DO NOTHING
            """;
        await using var command = new NpgsqlCommand(Sql, connection) { Parameters = { Kinds(keys), Names(keys) } };
        await command.ExecuteNonQueryAsync(cancel).ConfigureAwait(false);
    }

    private async Task<List<GrainClaim>> ClaimAsync(NpgsqlConnection connection, List<GrainKey> keys, CancellationToken cancel)
    {
        // Locked by their ids first, as a commit does: UPDATE alone would lock them in any order.
        const string LockSql = """
            SELECT g.id FROM grid.grain AS g JOIN unnest($1, $2) AS w (kind, key) ON g.kind = w.kind AND g.key = w.key
            ORDER BY g.id FOR NO KEY UPDATE OF g
            """;
        const string ClaimSql = """
            UPDATE grid.grain AS g SET epoch = g.epoch + 1, silo_id = $3, claimed_at = now()
            FROM unnest($1, $2) AS w (kind, key)
            WHERE g.kind = w.kind AND g.key = w.key AND EXISTS (SELECT FROM grid.silo WHERE id = $3 AND epoch = $4)
            RETURNING g.kind, g.key::text, g.id, g.epoch, g.tail_from
            """;
        var claims = new Dictionary<GrainKey, GrainClaim>(keys.Count);
        await using var transaction = await connection.BeginTransactionAsync(cancel).ConfigureAwait(false);
        await using (var batch = new NpgsqlBatch(connection, transaction)
        {
            BatchCommands =
            {
                CommitStatements.Limits(_statementTimeout),
                CommitStatements.Idle(_statementTimeout),
                CommitStatements.Command(LockSql, Kinds(keys), Names(keys)),
                CommitStatements.Command(ClaimSql, Kinds(keys), Names(keys), CommitStatements.Of(_silo.Id), CommitStatements.Of(_silo.Epoch)),
            },
        })
        {
            await using var reader = await batch.ExecuteReaderAsync(cancel).ConfigureAwait(false);
            await reader.NextResultAsync(cancel).ConfigureAwait(false);
            while (await reader.ReadAsync(cancel).ConfigureAwait(false))
            {
                var key = new GrainKey((GrainKind)reader.GetInt16(0), reader.GetString(1));
                var instrument = key.Kind == GrainKind.Instrument ? new InstrumentId((uint)_names.Instruments.GetOrAdd(key.Name)) : InstrumentId.None;
                UnixNanos? tail = reader.IsDBNull(4) ? null : UnixNanos.From(reader.GetFieldValue<DateTimeOffset>(4));
                claims.Add(key, new GrainClaim(key, reader.GetInt32(2), reader.GetInt64(3), instrument, tail));
            }
        }

        await transaction.CommitAsync(cancel).ConfigureAwait(false);
        return claims.Count == keys.Count
            ? keys.ConvertAll(k => claims[k])
            : throw new CommitRefusedException(CommitRefusal.StaleSilo, $"silo '{_silo.Name}' was claimed by a later start than {_silo.Epoch}; this one claims no grains");
    }

    // That a server ends a connection, or has no room, is no reason to give up an activation.
    private static bool IsFinal(GridStorageException e) => !e.IsTransient && e.InnerException is not PostgresException { SqlState: ['5', ..] };

    private static NpgsqlParameter<short[]> Kinds(List<GrainKey> keys) => new() { TypedValue = [.. keys.Select(k => (short)k.Kind)] };

    private static NpgsqlParameter<string[]> Names(List<GrainKey> keys) => new() { TypedValue = [.. keys.Select(k => k.Name)] };

    private sealed record Wanted(GrainKey Key, CancellationToken Cancel)
    {
        public TaskCompletionSource<LoadedGrain> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
