using Grid.Domain.Identifiers;
using Grid.Storage.Postgres.Writing;
using Npgsql;

namespace Grid.Storage.Postgres.Committing;

/// <summary>
/// Commits for all grains of a silo: one transaction brings what many of them have handed over, while the next gathers. What is
/// committed is in PostgreSQL once and whole; a grain that another activation has claimed is left out with all that it brings.
/// </summary>
/// <remarks>Any thread may call. Slices and snapshots of a grain are committed in the order of the calls.</remarks>
public sealed class GroupCommitter : IAsyncDisposable
{
    /// <summary>Longest state that can be saved, in bytes: what PostgreSQL takes in one message, with other states beside it.</summary>
    public const int StateBytesMax = 64 << 20;

    private readonly NpgsqlDataSource _source;
    private readonly PostgresAttempts _attempts;
    private readonly CommitQueue _queue;
    private readonly CommitWriter _writer;
    private readonly GrainClaims _claims;
    private readonly FlushSize _size;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _running;
    private string? _lastFailure;

    // Counted by the thread that commits.
    private long _commits;
    private long _slices;
    private long _rows;
    private long _known;
    private long _snapshots;
    private long _stale;
    private long _refused;
    private int _isDisposed;

    private GroupCommitter(
        PostgresOptions postgres, GroupCommitOptions options, NpgsqlDataSource source, SiloClaim silo, GridNames names, TimeProvider time, StatementTimer timer)
    {
        var address = PostgresAddress.Parse(postgres.ConnectionString);
        SiloEpoch = silo.Epoch;
        _source = source;
        _time = time;
        _attempts = new PostgresAttempts(postgres, time, NoteFailure);
        _queue = new CommitQueue(options.QueueRowsMax);
        _writer = new CommitWriter(postgres, source, address, silo, names, timer);
        _claims = new GrainClaims(
            source, address, silo, names, options.ClaimGrainsMax, postgres.StatementTimeout, new PostgresAttempts(postgres, time, NoteFailure), timer);
        Sources = new ClusterSources(source, address, new PostgresAttempts(postgres, time, NoteFailure));
        _size = new FlushSize(options.CommitRowsMin, options.CommitRowsMax, options.CommitTarget);
        _running = Task.Run(RunAsync, CancellationToken.None);
    }

    /// <summary>The start of the silo: 1 for its first, and so on. Commits of earlier ones are refused.</summary>
    public long SiloEpoch { get; }

    /// <summary>Ends when nothing is committed any more: it was stopped, or a later start has claimed the silo.</summary>
    public Task Completion => _running;

    /// <summary>What the sources of the cluster declared.</summary>
    public ClusterSources Sources { get; }

    /// <summary>What it has done.</summary>
    public CommitCounts Counts => new(
        Volatile.Read(ref _commits), Volatile.Read(ref _slices), Volatile.Read(ref _rows), Volatile.Read(ref _known), Volatile.Read(ref _snapshots),
        Volatile.Read(ref _stale), Volatile.Read(ref _refused), _attempts.Failures, _queue.RowsTaken, _size.Rows, _attempts.Circuit, Volatile.Read(ref _lastFailure));

    /// <inheritdoc cref="OpenAsync(PostgresOptions, GroupCommitOptions, GridNames, TimeProvider, Action{StatementRun}?, CancellationToken)"/>
    public static Task<GroupCommitter> OpenAsync(
        PostgresOptions postgres, GroupCommitOptions options, GridNames names, TimeProvider time, CancellationToken cancel) =>
        OpenAsync(postgres, options, names, time, observe: null, cancel);

    /// <summary>Checks the schema (or makes it, where the options say so) and claims the silo: earlier starts of it commit no more.</summary>
    /// <param name="postgres">The database, and how often attempts are made.</param>
    /// <param name="options">The silo, and how much is committed together.</param>
    /// <param name="names">The names that events refer to.</param>
    /// <param name="time">Measures.</param>
    /// <param name="observe">Is told what each statement took; null for nobody.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="GridStorageException">Transient: the server cannot be reached now. Else: the schema does not fit, or the database is not a cluster's.</exception>
    public static async Task<GroupCommitter> OpenAsync(
        PostgresOptions postgres, GroupCommitOptions options, GridNames names, TimeProvider time, Action<StatementRun>? observe, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(postgres);
        ArgumentNullException.ThrowIfNull(options);
        postgres.Validate();
        options.Validate();
        var address = PostgresAddress.Parse(postgres.ConnectionString);
        var source = NpgsqlDataSource.Create(postgres.Settings());
        try
        {
            await using (var migrator = new SchemaMigrator(address))
            {
                if (postgres.Migrate)
                {
                    await migrator.UpAsync(cancel: cancel).ConfigureAwait(false);
                }

                await migrator.RequireNewestAsync(cancel).ConfigureAwait(false);
            }

            await using var connection = await source.OpenConnectionAsync(cancel).ConfigureAwait(false);
            var timer = new StatementTimer(time, observe);
            var silo = await timer.RunAsync(PostgresStatement.ClaimSilo, () => SiloClaim.ClaimAsync(connection, options.Silo, cancel)).ConfigureAwait(false);
            return new GroupCommitter(postgres, options, source, silo, names, time, timer);
        }
        catch (Exception e)
        {
            await source.DisposeAsync().ConfigureAwait(false);
            throw e is NpgsqlException or IOException or TimeoutException ? PostgresFailure.Of(e, address) : e;
        }
    }

    /// <summary>
    /// Claims a grain for a new activation, so that earlier ones commit no more, and loads what it goes on from. Grains that are
    /// asked for at the same time are claimed together.
    /// </summary>
    /// <exception cref="CommitRefusedException">A later start has claimed the silo, or the committer was stopped.</exception>
    /// <exception cref="GridStorageException">The database refuses for good. While it only cannot be reached, this waits.</exception>
    public Task<LoadedGrain> ClaimAsync(GrainKey key, CancellationToken cancel) => _claims.ClaimAsync(key, cancel);

    /// <summary>Waits for room for a slice of so many rows. A grain has it before it applies a slice, so that handing over needs no wait.</summary>
    /// <exception cref="CommitRefusedException">The committer was stopped, or a later start has claimed the silo.</exception>
    public ValueTask<CommitRoom> ReserveAsync(int rows, CancellationToken cancel) => _queue.ReserveAsync(rows, cancel);

    /// <summary>
    /// Hands a slice over; what is awaited ends when it is committed. That it is handed over twice, or was committed by an earlier
    /// activation, does no harm: it is answered and not written again.
    /// </summary>
    /// <param name="room">Room for it, which it takes.</param>
    /// <param name="slice">The slice, which is not changed any more.</param>
    /// <exception cref="CommitRefusedException">From the task: it is not committed, and the grain gives up its state.</exception>
    public Task CommitAsync(CommitRoom room, CommitSlice slice)
    {
        ArgumentNullException.ThrowIfNull(room);
        ArgumentNullException.ThrowIfNull(slice);
        room.Take(_queue, slice);
        return HandOver(new CommitItem(slice, room));
    }

    /// <summary>
    /// Hands over a grain's state to be saved: that after all its slices which were handed over before. It is saved when these are
    /// committed, or with them.
    /// </summary>
    /// <param name="grain">The grain.</param>
    /// <param name="state">The state, which is not changed any more.</param>
    /// <exception cref="InvalidOperationException">The one before is still being saved.</exception>
    /// <exception cref="CommitRefusedException">From the task: it is not saved, and the grain gives up its state.</exception>
    public Task SaveAsync(GrainClaim grain, byte[] state)
    {
        ArgumentNullException.ThrowIfNull(grain);
        ArgumentNullException.ThrowIfNull(state);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(state.Length, StateBytesMax);
        return grain.TryBeginSaving()
            ? HandOver(new CommitItem(grain, state))
            : throw new InvalidOperationException($"a state of {grain} is being saved; save the next one when that is done");
    }

    /// <summary>Takes nothing more, commits what was handed over, and ends.</summary>
    /// <param name="cancel">Ends at once: what is not committed then is refused.</param>
    public async Task StopAsync(CancellationToken cancel)
    {
        Close();
        await using (cancel.Register(_ending.CancelQuietly).ConfigureAwait(false))
        {
            await _running.ConfigureAwait(false);
        }
    }

    /// <summary>Ends at once: what is not committed yet is refused.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        Close();
        await Task.Run(_ending.CancelQuietly).ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        await _claims.CloseAsync(Stopped()).ConfigureAwait(false);
        await _claims.DisposeAsync().ConfigureAwait(false);
        await _writer.DisposeAsync().ConfigureAwait(false);
        await _source.DisposeAsync().ConfigureAwait(false);
        _ending.Dispose();
    }

    private Task HandOver(CommitItem item)
    {
        if (item.Grain.RefusalOfNext() is { } refusal)
        {
            item.Refuse(refusal);
        }
        else
        {
            _queue.Add(item);
        }

        return item.Answer;
    }

    private async Task RunAsync()
    {
        var end = Stopped();
        var items = new List<CommitItem>();
        try
        {
            while (await _queue.WaitAsync(_ending.Token).ConfigureAwait(false))
            {
                items = _queue.Take(_size.Rows, out var isMoreLeft);
                var weight = items.Sum(i => i.Weight);
                var begun = _time.GetTimestamp();
                await CommitAsync(items).ConfigureAwait(false);
                _size.Learn(isMoreLeft ? _size.Rows : weight, _time.GetElapsedTime(begun));
            }
        }
        catch (OperationCanceledException)
        {
            // Stopped at once.
        }
        catch (CommitRefusedException e)
        {
            end = e;
        }
        catch (Exception e)
        {
            end = new CommitRefusedException(CommitRefusal.Stopped, $"the committer ended: {e.Message}", cause: e);
        }

        await EndAsync(items, end).ConfigureAwait(false);
    }

    private async Task EndAsync(List<CommitItem> begun, CommitRefusedException reason)
    {
        _queue.Close(reason);
        foreach (var item in begun.Concat(_queue.Take(long.MaxValue, out _)).Where(i => !i.IsAnswered))
        {
            item.Refuse(reason);
        }

        await _claims.CloseAsync(reason).ConfigureAwait(false);
    }

    // What holds a row that the database does not take is halved until the slice is alone.
    private async Task CommitAsync(IEnumerable<CommitItem> items)
    {
        var group = CommitGroup.Of(items);
        if (group.IsEmpty)
        {
            return;
        }

        try
        {
            CommitPlan? plan = null;
            await _attempts.RunAsync(
                async cancel => plan = await _writer.WriteAsync(group, cancel).ConfigureAwait(false), static _ => false, _ending.Token).ConfigureAwait(false);
            Count(plan!);
            plan!.Complete();
            return;
        }
        catch (RowsRefusedException e) when (group.IsSingle)
        {
            await RefuseAsync(group, e).ConfigureAwait(false);
            return;
        }
        catch (RowsRefusedException)
        {
            // In halves, below.
        }

        var (first, second) = group.Split();
        await CommitAsync(first).ConfigureAwait(false);
        await CommitAsync(second).ConfigureAwait(false);
    }

    private async Task RefuseAsync(CommitGroup single, RowsRefusedException cause)
    {
        IReadOnlyList<RefusedRow> rows = [];
        await _attempts.RunAsync(
            async cancel => rows = await _writer.FindRefusedAsync(single, cancel).ConfigureAwait(false), static _ => false, _ending.Token).ConfigureAwait(false);
        _refused++;
        foreach (var item in single.Items.ToList())
        {
            var what = item.Slice?.ToString() ?? $"the state of {item.Grain}";
            item.Refuse(new CommitRefusedException(CommitRefusal.BadRow, $"the database does not take {what}: {cause.Message}", rows, cause.InnerException));
        }
    }

    private void Count(CommitPlan plan)
    {
        _stale += plan.StaleGrains;
        _known += plan.SlicesKnown;
        if (!plan.IsEmpty)
        {
            _commits++;
            _slices += plan.Slices;
            _rows += plan.Flush.Rows;
            _snapshots += plan.Snapshots.Count;
        }
    }

    private void Close() => _queue.Close(Stopped());

    private void NoteFailure(Exception failure, TimeSpan wait) => Volatile.Write(ref _lastFailure, failure.Message);

    private static CommitRefusedException Stopped() => new(CommitRefusal.Stopped, "the committer was stopped; whether this is committed is not known");
}
