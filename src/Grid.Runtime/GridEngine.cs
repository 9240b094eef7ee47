using Grid.Domain;
using Grid.Domain.Identifiers;
using Grid.Runtime.Feeds;
using Grid.Runtime.Metrics;
using Grid.Runtime.Postgres;
using Grid.Runtime.Recovery;
using Grid.Runtime.Sequencing;
using Grid.Runtime.Shards;
using Grid.Runtime.Snapshots;
using Grid.Storage.Journal;
using Microsoft.Extensions.Logging;

namespace Grid.Runtime;

/// <summary>The threads of the embedded grid: one sequencer, one that waits for the disk, one for each shard.</summary>
internal sealed partial class GridEngine : IAsyncDisposable
{
    // Work taken before a flush: enough to share it, little enough to keep acknowledgements short.
    private const int WorkBeforeFlush = 64;

    private readonly WorkQueue<SequencerWork> _work = new();
    private readonly TaskCompletionSource _failure = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Sequencer _sequencer;
    private readonly ShardThread[] _shards;
    private readonly FlushThread _flushes;
    private readonly SequencerCall _endFlush;
    private readonly SnapshotTaker _snapshots;
    private readonly DataFolder _data;
    private readonly ILogger _log;
    private readonly Thread _thread;
    private int _isDisposed;

    // Of the sequencer's thread: true from when a flush is handed to its thread until that thread has reported.
    private bool _isFlushing;

    // Of the sequencer's thread: a frame, and whom to tell once it is flushed. One, as one snapshot is taken at a time.
    private (ulong Lsn, TaskCompletionSource Told)? _awaitedFlush;

    public GridEngine(DataFolder data, RecoveredGrid recovered, EmbeddedGridOptions options, TimeProvider time, ILoggerFactory logs)
    {
        _data = data;
        _log = logs.CreateLogger("Grid.Pipeline");
        Clock = new ClockWatch(time);
        Image = recovered.Image;
        Journal = recovered.Journal;
        Image.Subscriptions.Flushed.StartAfter(Image.AppliedLsn);
        Intake = new FeedIntake(Journal, Image, time, options, _work.Add)
        {
            Owed = new OwedJournal(Journal, options.OwedBytesMax),
            OwedToArchive = new OwedJournal(Journal, options.OwedBytesMax),
        };
        _sequencer = new Sequencer(Journal, Image, Dispatch, Intake.Release);
        _shards = [.. Image.Shards.Select(s => new ShardThread(s, ReportApplied, Fail))];
        _endFlush = new SequencerCall(EndFlush);
        _snapshots = new SnapshotTaker(recovered, options, time, _log, Fail) { Owed = Intake.Owed, OwedToArchive = Intake.OwedToArchive };
        _flushes = new FlushThread(Journal, Intake.Latencies, ReportFlush);
        LogRecovery(recovered.Report.ToString());
        foreach (var remark in recovered.Report.Remarks)
        {
            LogRemark(remark);
        }

        _thread = new Thread(Run) { Name = "grid-sequencer", IsBackground = true };
        _thread.Start();
    }

    public GridImage Image { get; }

    public JournalWriter Journal { get; }

    public FeedIntake Intake { get; }

    /// <summary>Whether the wall clock can be believed.</summary>
    public ClockWatch Clock { get; }

    public Task Failure => _failure.Task;

    public SnapshotTaker Snapshots => _snapshots;

    public ulong SnapshotLsn => _snapshots.NewestLsn;

    /// <summary>Makes durable in the data folder what it was filled with: before any feed is let in.</summary>
    /// <exception cref="Storage.GridStorageException">It could not be; the next start begins again.</exception>
    public async Task CompleteFillingAsync()
    {
        await SnapshotAsync().ConfigureAwait(false);
        if (SnapshotLsn == 0)
        {
            throw new Storage.GridStorageException($"what the database holds could not be saved in data folder '{_data.Root.Path}'; the log says why, and the next start begins again");
        }

        _data.EndFilling();
    }

    /// <summary>Asks something of an instrument on its shard's thread.</summary>
    public Task<T> AskAsync<T>(InstrumentId instrument, Func<Shard, T> question) => _shards[Image.ShardOf(instrument).Index].AskAsync(question);

    /// <summary>Asks something on a shard's thread.</summary>
    public Task<T> AskShardAsync<T>(int shard, Func<Shard, T> question) => _shards[shard].AskAsync(question);

    /// <summary>Takes a snapshot and waits for it.</summary>
    /// <exception cref="GridException">Stopping, StorageFailed.</exception>
    public async Task SnapshotAsync()
    {
        var taken = new TaskCompletionSource<Task>(TaskCreationOptions.RunContinuationsAsynchronously);
        Add(new SequencerCall(_ => taken.SetResult(BeginSnapshot())));
        await UnlessItFails(taken.Task.Unwrap()).ConfigureAwait(false);
    }

    /// <summary>Does something while all batches sequenced so far are applied and no later one is.</summary>
    /// <exception cref="GridException">Stopping, StorageFailed.</exception>
    public async Task<T> PauseAsync<T>(Func<T> action)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Add(new SequencerCall(_ =>
        {
            try
            {
                // The sequencer stands here; once each shard has answered, all are idle.
                Task.WaitAll(_shards.Select(s => s.AskAsync(_ => true)).ToArray<Task>());
                answer.SetResult(action());
            }
            catch (Exception e)
            {
                answer.SetException(e);
            }
        }));
        await UnlessItFails(answer.Task).ConfigureAwait(false);
        return await answer.Task.ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

        Intake.Stop(new GridException(GridErrorCode.Stopping, "the grid is stopping"));
        try
        {
            await DrainAsync().ConfigureAwait(false);
            await FlushAsync().ConfigureAwait(false);
            await StopPostgresAsync().ConfigureAwait(false);
            if (!_failure.Task.IsCompleted)
            {
                await SnapshotAsync().ConfigureAwait(false);
            }
        }
        catch (GridException) when (_failure.Task.IsCompleted)
        {
            // It stopped by itself. What was not flushed is lost, and nobody was promised it.
        }

        await StopPostgresAsync().ConfigureAwait(false);
        await StopArchiveAsync().ConfigureAwait(false);
        await StopSnapshotsAsync().ConfigureAwait(false);

        Image.Subscriptions.Stop(new GridException(GridErrorCode.Stopping, "the grid is stopping"));
        _flushes.Dispose();
        foreach (var shard in _shards)
        {
            shard.Dispose();
        }

        if (_failure.Task.IsCompleted)
        {
            Journal.Dispose();
        }
        else
        {
            Journal.Close();
        }

        Image.Dispose();
        Intake.Dispose();
        _data.Dispose();
    }

    // A snapshot reads the histories and writes to the data folder: it must be over before either is closed. Only one that a failure
    // interrupted is still there, or one that became due since the last.
    private async Task StopSnapshotsAsync()
    {
        _work.Complete();
        _thread.Join();
        await _snapshots.StopAsync(new GridException(GridErrorCode.Stopping, "the grid is stopping")).ConfigureAwait(false);
    }

    // Batches go sequencer -> shards -> sequencer; a pause lets the first two hops finish, the next the last.
    private async Task DrainAsync()
    {
        while (Intake.InFlight > 0 && !_failure.Task.IsCompleted)
        {
            await PauseAsync(() => true).ConfigureAwait(false);
        }
    }

    private void Add(SequencerWork next)
    {
        try
        {
            _work.Add(next);
        }
        catch (InvalidOperationException e)
        {
            throw new GridException(GridErrorCode.Stopping, "the grid is stopping", e);
        }
    }

    // Nobody answers any more once the sequencer or a shard has failed.
    private async Task UnlessItFails(Task answer)
    {
        await Task.WhenAny(answer, _failure.Task).ConfigureAwait(false);
        if (_failure.Task.IsCompleted && !answer.IsCompletedSuccessfully)
        {
            var cause = _failure.Task.Exception!.GetBaseException();
            throw new GridException(GridErrorCode.StorageFailed, $"the grid stopped: {cause.Message}", cause);
        }

        await answer.ConfigureAwait(false);
    }

    private void Run()
    {
        try
        {
            while (_work.Take(out var next))
            {
                var taken = 0;
                do
                {
                    next.Run(_sequencer);
                }
                while (++taken < WorkBeforeFlush && _work.TryTake(out next));
                BeginFlush();
                _postgres?.Wake();
                if (_snapshots.IsDue(Journal.BytesAppended))
                {
                    _ = BeginSnapshot();
                }
            }

            _sequencer.Flush();
            TellIfFlushed();
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    private void BeginFlush()
    {
        if (!_isFlushing && (_sequencer.HasUnflushed || _sequencer.HasAcknowledgements) && _sequencer.BeginFlush())
        {
            _isFlushing = true;
            _flushes.Begin();
        }
    }

    private void EndFlush(Sequencer sequencer)
    {
        _isFlushing = false;
        sequencer.EndFlush();
        TellIfFlushed();
    }

    // On the flush thread. Once nothing more is added, the sequencer ends what is begun itself.
    private void ReportFlush()
    {
        try
        {
            _work.Add(_endFlush);
        }
        catch (InvalidOperationException)
        {
            // The grid is stopping.
        }
    }

    private Task BeginSnapshot() => _snapshots.Begin(_sequencer.LastInputLsn, OnEachShard, FlushAsync);

    private Task FlushAsync()
    {
        // Waiting here for the disk, which has the snapshot and the hot stores to write, would hold up all batches.
        var flushed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Add(new SequencerCall(_ =>
        {
            _awaitedFlush = (Journal.LastLsn, flushed);
            TellIfFlushed();
        }));
        return UnlessItFails(flushed.Task);
    }

    private void TellIfFlushed()
    {
        if (_awaitedFlush is { } awaited && Journal.FlushedLsn >= awaited.Lsn)
        {
            _awaitedFlush = null;
            awaited.Told.SetResult();
        }
    }

    // On the thread of the shard that was last.
    private void ReportApplied(PendingBatch batch)
    {
        Intake.Latencies.CountVisible(batch.ReceivedTimestamp);
        _work.Add(batch);
    }

    private void OnEachShard(Action<Shard> step)
    {
        foreach (var shard in _shards)
        {
            shard.Enqueue(step);
        }
    }

    private void Dispatch(PendingBatch batch)
    {
        foreach (var shard in _shards)
        {
            shard.Enqueue(batch);
        }
    }

    private void Fail(Exception cause)
    {
        if (_failure.TrySetException(cause))
        {
            LogFailure(cause);
            var reason = new GridException(GridErrorCode.StorageFailed, $"the grid stopped: {cause.Message}", cause);
            Intake.Stop(reason);
            Image.Subscriptions.Stop(reason);
        }
    }

    [LoggerMessage(EventId = 1001, Level = LogLevel.Information, Message = "Started: {Report}")]
    private partial void LogRecovery(string report);

    [LoggerMessage(EventId = 1003, Level = LogLevel.Warning, Message = "Found at the start: {Remark}")]
    private partial void LogRemark(string remark);

    [LoggerMessage(EventId = 1002, Level = LogLevel.Critical, Message = "The grid stopped")]
    private partial void LogFailure(Exception cause);
}
