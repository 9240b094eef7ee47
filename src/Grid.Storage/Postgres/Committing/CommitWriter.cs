using Grid.Domain.Identifiers;
using Grid.Storage.Postgres.Writing;
using Npgsql;

namespace Grid.Storage.Postgres.Committing;

/// <summary>
/// Commits groups, each in one transaction: the silo and its grains are locked, what is stale is left out, the rest is written
/// with a commit row whose number says later whether it is in.
/// </summary>
/// <remarks>Of one caller at a time.</remarks>
internal sealed class CommitWriter(PostgresOptions options, NpgsqlDataSource source, PostgresAddress address, SiloClaim silo, GridNames names, StatementTimer timer) : IAsyncDisposable
{
    // Names a cluster's rows apart from those of a journal, whose lives begin with 1.
    private const int Epoch = 0;

    private readonly NameNumbers _names = new(names, timer);
    private readonly Partitions _partitions = new(timer);
    private readonly CopyBuffer _buffer = new();
    private readonly PostgresFlush _flush = new();
    private SiloClaim _silo = silo;

    // Kept from commit to commit; null after a failure.
    private NpgsqlConnection? _connection;

    // Its COMMIT was sent and not answered: it is in if its commit row is.
    private CommitPlan? _unanswered;

    /// <summary>Tries once to commit a group. Gives what is in then, for those who wait to be answered.</summary>
    /// <exception cref="RowsRefusedException">The database does not take a row of it.</exception>
    /// <exception cref="CommitRefusedException">Somebody claimed the silo.</exception>
    /// <exception cref="GridStorageException">It is not in, or that is not known: try again with the same group.</exception>
    public async Task<CommitPlan> WriteAsync(CommitGroup group, CancellationToken cancel)
    {
        try
        {
            var connection = await ConnectAsync(cancel).ConfigureAwait(false);
            await PrepareAsync(connection, group, cancel).ConfigureAwait(false);
            return await WriteAsync(connection, group, cancel).ConfigureAwait(false);
        }
        catch (PostgresException e) when (FlushTransaction.IsRefusal(e))
        {
            throw new RowsRefusedException(PostgresFailure.Of(e, address).Message, e);
        }
        catch (Exception e) when (IsFailure(e))
        {
            throw await FailAsync(e).ConfigureAwait(false);
        }
    }

    /// <summary>Finds the rows of a group of one slice that the database does not take. Nothing is written.</summary>
    /// <exception cref="GridStorageException">They could not be found; try again.</exception>
    public async Task<IReadOnlyList<RefusedRow>> FindRefusedAsync(CommitGroup single, CancellationToken cancel)
    {
        try
        {
            var connection = await ConnectAsync(cancel).ConfigureAwait(false);
            await PrepareAsync(connection, single, cancel).ConfigureAwait(false);
            var grain = single.Works[0].Grain;
            var plan = new CommitPlan(single, new Dictionary<int, long> { [grain.Id] = grain.Epoch }, commit: 0, _flush);
            await using var transaction = await connection.BeginTransactionAsync(cancel).ConfigureAwait(false);
            var rows = new FlushTransaction(connection, transaction, _buffer, timer, isCareful: true);
            await PutAsync(rows, plan.Flush, cancel).ConfigureAwait(false);
            await transaction.RollbackAsync(cancel).ConfigureAwait(false);
            return [.. rows.Refused.Select(r => new RefusedRow(r.Set.Refuse(r.Index, r.Message)?.Tick.Row ?? _flush.Rejected[r.Index].Tick.Row, r.Message))];
        }
        catch (Exception e) when (IsFailure(e))
        {
            throw await FailAsync(e).ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_connection is { } connection)
        {
            _connection = null;
            await connection.DisposeAsync().ConfigureAwait(false);
        }
    }

    private async Task<CommitPlan> WriteAsync(NpgsqlConnection connection, CommitGroup group, CancellationToken cancel)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancel).ConfigureAwait(false);
        var locks = await timer.RunAsync(
            PostgresStatement.LockGrains, () => CommitStatements.LockAsync(connection, transaction, _silo, group, options.StatementTimeout, cancel)).ConfigureAwait(false);
        if (locks.IsIn)
        {
            return Advance(_unanswered ?? throw new GridStorageException(
                $"commit {_silo.LastNumber + 1} of silo '{_silo.Name}', epoch {_silo.Epoch}, is in grid.commit, but this silo did not make it"));
        }

        _unanswered = null;
        if (locks.TakenBy is { } other)
        {
            throw new CommitRefusedException(CommitRefusal.StaleSilo, $"silo '{_silo.Name}' was claimed by {other}; this one commits no more");
        }

        var plan = new CommitPlan(group, locks.Epochs, locks.Commit, _flush);
        if (plan.IsEmpty)
        {
            await transaction.RollbackAsync(cancel).ConfigureAwait(false);
            return plan;
        }

        await PutAsync(new FlushTransaction(connection, transaction, _buffer, timer, isCareful: false), plan.Flush, cancel).ConfigureAwait(false);
        await PutDefinitionsAsync(connection, transaction, plan.Flush, cancel).ConfigureAwait(false);
        await timer.RunAsync(PostgresStatement.WriteCommit, () => CommitStatements.WriteAsync(connection, transaction, _silo, plan, _names, cancel)).ConfigureAwait(false);
        _unanswered = plan;
        await timer.RunAsync(PostgresStatement.Commit, () => transaction.CommitAsync(cancel)).ConfigureAwait(false);
        return Advance(plan);
    }

    private CommitPlan Advance(CommitPlan plan)
    {
        _unanswered = null;
        _silo = _silo with { LastNumber = _silo.LastNumber + 1 };
        return plan;
    }

    private async Task PutAsync(FlushTransaction rows, PostgresFlush flush, CancellationToken cancel)
    {
        foreach (var (day, ticks) in flush.Ticks)
        {
            await rows.PutAsync(new TickSet(day, ticks, _names, Epoch), cancel).ConfigureAwait(false);
        }

        foreach (var month in flush.Runs.GroupBy(r => Partitions.RunTable(CopyBuffer.DayOf(r.Date) ?? -1)))
        {
            await rows.PutAsync(new RunSet(month.Key, [.. month], _names, Epoch), cancel).ConfigureAwait(false);
        }

        await rows.PutAsync(new QuarantineSet(flush.Rejected, _names, Epoch), cancel).ConfigureAwait(false);
    }

    private async Task PutDefinitionsAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, PostgresFlush flush, CancellationToken cancel)
    {
        if (flush.Definitions.Count > 0)
        {
            await using var batch = new NpgsqlBatch(connection, transaction);
            new SmallTables(_names, Epoch).AddTo(batch, flush, []);
            await timer.RunAsync(PostgresStatement.WriteDefinitions, () => batch.ExecuteNonQueryAsync(cancel)).ConfigureAwait(false);
        }
    }

    // In transactions of their own: names and partitions alone harm nobody.
    private async Task PrepareAsync(NpgsqlConnection connection, CommitGroup group, CancellationToken cancel)
    {
        await _names.LearnAsync(connection, group.Slices.Select(s => s.Producer), cancel).ConfigureAwait(false);
        await _partitions.MakeAsync(connection, DaysOf(group), cancel).ConfigureAwait(false);
    }

    private static HashSet<int> DaysOf(CommitGroup group)
    {
        var days = new HashSet<int>();
        foreach (var slice in group.Slices)
        {
            foreach (var tick in slice.Ticks)
            {
                days.Add(CopyBuffer.DayOf(tick.Event.EventTime));
            }

            foreach (var run in slice.Runs)
            {
                days.Add(CopyBuffer.DayOf(run.Date) ?? 0);
            }
        }

        return days;
    }

    private async Task<NpgsqlConnection> ConnectAsync(CancellationToken cancel) =>
        _connection ??= await source.OpenConnectionAsync(cancel).ConfigureAwait(false);

    // Of a connection that broke between two statements Npgsql says that the operation is invalid.
    private static bool IsFailure(Exception e) =>
        e is NpgsqlException or IOException or TimeoutException or OperationCanceledException or InvalidOperationException;

    // What is known of partitions may have become wrong while nobody was connected.
    private async Task<Exception> FailAsync(Exception cause)
    {
        await DisposeAsync().ConfigureAwait(false);
        _partitions.Forget();
        return cause is OperationCanceledException ? cause : PostgresFailure.Of(cause, address);
    }
}

/// <summary>The database does not take a row, and will not take it when it is sent again.</summary>
internal sealed class RowsRefusedException(string message, Exception cause) : Exception(message, cause);
