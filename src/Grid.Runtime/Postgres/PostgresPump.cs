using Grid.Domain.Identifiers;
using Grid.Runtime.Metrics;
using Grid.Storage;
using Grid.Storage.Postgres;
using Grid.Storage.Postgres.Writing;
using Microsoft.Extensions.Logging;

namespace Grid.Runtime.Postgres;

/// <summary>
/// Brings the journal to PostgreSQL while the grid runs: flush after flush, each tried until it is in. The next is collected
/// while one is written.
/// </summary>
internal sealed partial class PostgresPump : IAsyncDisposable
{
    // Events of which no row is kept, as their class's ticks are not wanted, are taken so many times faster.
    private const long EventsPerRow = 8;

    private readonly GridEngine _engine;
    private readonly PostgresOptions _options;
    private readonly DataFolder _data;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly PostgresWriter _writer;
    private readonly PostgresAttempts _attempts;
    private readonly FlushSize _size;
    private readonly Retention _retention;
    private readonly FlushCollector _collector;
    private readonly ImageReading _reading;
    private readonly StateSaving _states;
    private readonly CancellationTokenSource _ending = new();
    private readonly TaskCompletionSource _stopping = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _flushed = new(0);
    private volatile bool _isClaimed;
    private volatile bool _waitsForFlush;
    private JournalTail? _tail;
    private Task _running = Task.CompletedTask;
    private long _flushes;
    private long _rows;
    private string? _lastError;
    private string? _ended;
    private long _refusedBefore;
    private long _firstReceived;

    // Frames up to here hold nothing that the database lacks: those behind the last input are outcomes and names.
    private ulong _nothingThroughLsn;

    // When the oldest batch was received that was read and is not in the database; the largest number for none.
    private long _pendingSince = long.MaxValue;

    public PostgresPump(GridEngine engine, DataFolder data, PostgresOptions options, string grid, TimeProvider time, ILogger log)
    {
        _engine = engine;
        _data = data;
        _options = options;
        _time = time;
        _log = log;
        Statements = new StatementStatistics(time, options.SlowStatement, log);
        _writer = new PostgresWriter(options, grid, engine.Image.Names, time, Statements.Add);
        _attempts = new PostgresAttempts(options, time, NoteFailure);
        _size = new FlushSize(options);
        _retention = new Retention(_writer, engine.Clock, time, log);
        _collector = new FlushCollector(engine.Image, options.TickClasses);
        _reading = new ImageReading(engine.Image, (shard, question) => engine.AskShardAsync(shard, question).WaitAsync(_ending.Token));
        _states = new StateSaving(engine, data, options, _writer, time, log);
        Owed.Begin();
    }

    private OwedJournal Owed => _engine.Intake.Owed;

    /// <summary>What its statements take.</summary>
    public StatementStatistics Statements { get; }

    /// <summary>True once the database was reached, so that it is known what is in it.</summary>
    public bool IsClaimed => _isClaimed;

    /// <summary>Why nothing is written any more; null while it is.</summary>
    public string? Ended => Volatile.Read(ref _ended);

    /// <summary>
    /// Tries once to reach the database, and begins. A server that does not answer is tried again in the background.
    /// </summary>
    /// <exception cref="GridStorageException">The database is there, but not for this grid: schema, rights, or another grid's data.</exception>
    public async Task StartAsync(CancellationToken cancel)
    {
        try
        {
            await ClaimAsync(cancel).ConfigureAwait(false);
        }
        catch (GridStorageException e) when (e.IsTransient)
        {
            LogNotReached(e, _options.RetryDelay);
            Volatile.Write(ref _lastError, e.Message);
        }

        _running = Task.Run(RunAsync, CancellationToken.None);
    }

    /// <summary>Says that frames were flushed. On any thread.</summary>
    public void Wake()
    {
        Interlocked.MemoryBarrier();
        if (_waitsForFlush)
        {
            _waitsForFlush = false;
            _flushed.Release();
        }
    }

    public PostgresStatus GetStatus()
    {
        var since = Volatile.Read(ref _pendingSince);
        var committed = _writer.CommittedLsn;
        return new PostgresStatus
        {
            Circuit = _attempts.Circuit,
            IsClaimed = IsClaimed,
            Ended = Ended,
            CommittedFrame = committed,
            LagFrames = _engine.Journal.FlushedLsn - Math.Min(_engine.Journal.FlushedLsn, Math.Max(committed, Volatile.Read(ref _nothingThroughLsn))),
            LagBytes = Owed.Bytes,
            LagBytesMax = Owed.BytesMax,
            Lag = since == long.MaxValue ? TimeSpan.Zero : TimeSpan.FromTicks(Math.Max(0, (UnixNanos.From(_time.GetUtcNow()).Value - since) / 100)),
            Flushes = Volatile.Read(ref _flushes),
            Rows = Volatile.Read(ref _rows),
            RowsRefused = _writer.RowsRefused,
            Failures = _attempts.Failures,
            CircuitOpened = _attempts.CircuitOpened,
            LastError = Volatile.Read(ref _lastError),
        };
    }

    /// <summary>Writes what is owed, as long as the options allow and attempts are made, and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_stopping.TrySetResult())
        {
            return;
        }

        await _states.StopAsync().ConfigureAwait(false);
        _waitsForFlush = false;
        _flushed.Release();
        if (_attempts.Circuit == CircuitState.Closed && !_engine.Failure.IsCompleted && _options.StopTimeout > TimeSpan.Zero)
        {
            _ending.CancelAfter(_options.StopTimeout);
        }
        else
        {
            await _ending.CancelAsync().ConfigureAwait(false);
        }

        await _running.ConfigureAwait(false);
        await _states.DisposeAsync().ConfigureAwait(false);
        await _writer.DisposeAsync().ConfigureAwait(false);
        _tail?.Dispose();
        _ending.Dispose();
        _flushed.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            if (!IsClaimed)
            {
                await _attempts.RunAsync(ClaimAsync, static e => !e.IsTransient, _ending.Token).ConfigureAwait(false);
            }

            await FollowAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            // What is still owed is in the journal.
        }
        catch (Exception e)
        {
            End(e);
        }
    }

    private async Task FollowAsync()
    {
        var (flush, next) = (new PostgresFlush(), new PostgresFlush());
        var begunAt = _time.GetTimestamp();
        flush.Begin(_writer.CommittedLsn);
        while (true)
        {
            var through = Collect(flush);
            if (flush.IsEmpty)
            {
                Volatile.Write(ref _nothingThroughLsn, through);
                if (_engine.Journal.LastLsn == through)
                {
                    Owed.Settle(_tail!.BytesRead);
                }

                if (!await WaitForFramesAsync().ConfigureAwait(false))
                {
                    return;
                }

                continue;
            }

            if (flush.Rows < _size.Rows && await WaitForIntervalAsync(begunAt).ConfigureAwait(false))
            {
                Collect(flush);
            }

            begunAt = _time.GetTimestamp();
            await _reading.ReadAsync(_collector.Dirty, flush).ConfigureAwait(false);
            _collector.Complete(flush, UnixNanos.From(_time.GetUtcNow()));
            await WaitUntilDurableAsync(_engine.Image.Subscriptions.Flushed.Newest).ConfigureAwait(false);
            var bytes = _tail!.BytesRead;

            // On another thread: writing to a socket that has room does not wait.
            var writing = WriteInBackgroundAsync(flush);
            next.Begin(flush.ThroughLsn);
            try
            {
                Collect(next);
            }
            finally
            {
                await writing.ConfigureAwait(false);
            }

            Owed.SetTaken(flush.ThroughLsn, bytes);
            _states.NoteCommitted();
            await _engine.CommittedAsync(flush.ThroughLsn, [.. flush.Producers]).ConfigureAwait(false);
            Volatile.Write(ref _pendingSince, next.IsEmpty ? long.MaxValue : _firstReceived);
            await _retention.DropOldAsync(_ending.Token).ConfigureAwait(false);
            (flush, next) = (next, flush);
        }
    }

    // Takes what there is, up to the rows that a flush may have; gives the frame up to which there was something.
    private ulong Collect(PostgresFlush flush)
    {
        var through = _engine.Journal.FlushedLsn;
        while (flush.Rows < _size.Rows && flush.Events < EventsPerRow * _size.Rows && _tail!.TryTake(through, out var played))
        {
            if (flush.IsEmpty)
            {
                _firstReceived = played.Batch.ReceivedAt.Value;
                if (Volatile.Read(ref _pendingSince) == long.MaxValue)
                {
                    Volatile.Write(ref _pendingSince, _firstReceived);
                }
            }

            if (!played.IsDecided)
            {
                LogUndecided(played.Batch.Lsn);
            }

            _collector.Add(played, flush);
            _tail.Return(played);
        }

        return through;
    }

    private Task WriteInBackgroundAsync(PostgresFlush flush) => Task.Run(() => WriteAsync(flush), CancellationToken.None);

    private async Task WriteAsync(PostgresFlush flush)
    {
        var begunAt = _time.GetTimestamp();
        await _attempts.RunAsync(
            async cancel =>
            {
                begunAt = _time.GetTimestamp();
                await _writer.CommitAsync(flush, cancel).ConfigureAwait(false);
            },
            _ => _writer.TakenBy is not null || _writer.IsMisplaced,
            _ending.Token).ConfigureAwait(false);
        var refused = _writer.LastRefusal;
        _size.Learn(flush.Rows, _time.GetElapsedTime(begunAt));
        Volatile.Write(ref _lastError, null);
        Interlocked.Increment(ref _flushes);
        Interlocked.Add(ref _rows, flush.Rows);
        if (_writer.RowsRefused > _refusedBefore)
        {
            LogRefused(_writer.RowsRefused - _refusedBefore, refused!);
            _refusedBefore = _writer.RowsRefused;
        }
    }

    // False if none will come any more.
    private async Task<bool> WaitForFramesAsync()
    {
        _waitsForFlush = true;
        Interlocked.MemoryBarrier();
        if (_engine.Journal.FlushedLsn > Volatile.Read(ref _nothingThroughLsn))
        {
            return true;
        }

        if (_stopping.Task.IsCompleted)
        {
            return false;
        }

        await _flushed.WaitAsync(_ending.Token).ConfigureAwait(false);
        return true;
    }

    // From flush to flush, unless a feed waits for this one. False if there was nothing to wait for.
    private async Task<bool> WaitForIntervalAsync(long begunAt)
    {
        var left = _options.FlushInterval - _time.GetElapsedTime(begunAt);
        if (left <= TimeSpan.Zero || _engine.Intake.HasCommittedFeeds || _stopping.Task.IsCompleted)
        {
            return false;
        }

        await Task.WhenAny(Task.Delay(left, _time, _ending.Token), _stopping.Task).ConfigureAwait(false);
        _ending.Token.ThrowIfCancellationRequested();
        return true;
    }

    // What was read of the grid may be ahead of the disk: PostgreSQL must not be.
    private async Task WaitUntilDurableAsync(ulong newest)
    {
        while (true)
        {
            _waitsForFlush = true;
            Interlocked.MemoryBarrier();
            if (_engine.Image.Subscriptions.Flushed.Through(_engine.Journal.FlushedLsn) >= newest)
            {
                return;
            }

            await _flushed.WaitAsync(_ending.Token).ConfigureAwait(false);
        }
    }

    // Where another grid writes, nothing is owed any more. Else it is kept for the next start, and feeds wait when it is too much.
    private void End(Exception cause)
    {
        Volatile.Write(ref _ended, cause.Message);
        LogEnded(cause);
        if (_writer.TakenBy is not null)
        {
            Owed.End();
        }

        _engine.Intake.EndCommitted(cause.Message);
    }

    private void NoteFailure(Exception failure, TimeSpan next)
    {
        Volatile.Write(ref _lastError, failure.Message);
        if (_attempts.Circuit == CircuitState.Closed)
        {
            LogNotReached(failure, next);
        }
        else
        {
            LogCircuitOpen(failure, next, Owed.Bytes);
        }
    }
}
