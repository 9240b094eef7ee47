using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Runtime.Postgres;
using Grid.Runtime.Recovery;
using Grid.Storage;
using Grid.Storage.Archive;
using Grid.Storage.Journal;
using Microsoft.Extensions.Logging;

namespace Grid.Runtime.Archive;

/// <summary>
/// Brings the journal to the archive while the grid runs, on a thread of lower priority: reads it again, never beyond what is flushed, and publishes when there are
/// rows enough, or when the oldest has waited long enough. It holds nothing up; what it has not archived is not deleted.
/// </summary>
internal sealed partial class Archiver : IAsyncDisposable
{
    // Nobody waits for the archive: looking now and then costs less than being told of each flush.
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly JournalWriter _journal;
    private readonly IJournalDirectory _segments;
    private readonly OwedJournal _owed;
    private readonly ArchiveFolder _folder;
    private readonly ArchiveOptions _options;
    private readonly GridNames _names;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _ending = new();
    private JournalTail? _tail;
    private ArchiveBatch _batch;
    private long _begunAt;

    // Up to this frame everything was read.
    private ulong _readThrough;
    private Task _running = Task.CompletedTask;
    private ulong _throughLsn;
    private long _failures;
    private string? _lastError;
    private string? _ended;

    /// <summary>Opens the archive of a data folder.</summary>
    /// <exception cref="GridStorageException">It is damaged, or the journal does not reach back to its end.</exception>
    public Archiver(JournalWriter journal, DataFolder data, OwedJournal owed, GridNames names, ArchiveOptions options, TimeProvider time, ILogger log)
    {
        _journal = journal;
        _segments = data.Journal;
        _owed = owed;
        _names = names;
        _options = options;
        _time = time;
        _log = log;
        _folder = ArchiveFolder.Open(data.Root);
        _throughLsn = _folder.ThroughLsn;
        _batch = new ArchiveBatch(names);
        if (_throughLsn > journal.LastLsn)
        {
            throw new GridStorageException($"the archive holds the journal up to frame {_throughLsn}, but the journal in '{data.Root.Path}' ends at {journal.LastLsn}: "
                + $"it is another journal's archive. Move folder '{ArchiveFolder.FolderName}' away to begin a new one");
        }

        _owed.Begin();
        _tail = OpenTail();
        _owed.SetFound(_throughLsn, _segments);
    }

    /// <summary>The last input that is archived with all before it. Segments behind it must be kept.</summary>
    public ulong ThroughLsn => Volatile.Read(ref _throughLsn);

    /// <summary>Begins.</summary>
    public void Start() => _running = BackgroundThread.Run("grid archive", RunAsync);

    public ArchiveStatus GetStatus()
    {
        var (through, flushed) = (ThroughLsn, _journal.FlushedLsn);
        return new ArchiveStatus
        {
            ThroughFrame = through,
            LagFrames = flushed - Math.Min(flushed, through),
            Rows = _folder.Rows,
            Bytes = _folder.Bytes,
            Files = _folder.Parts,
            Failures = Interlocked.Read(ref _failures),
            LastError = Volatile.Read(ref _lastError),
            Ended = Volatile.Read(ref _ended),
        };
    }

    /// <summary>Ends after the publication at hand. What is not archived is in the journal.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        _tail?.Dispose();
        _tail = null;
        _ending.Dispose();
    }

    private JournalTail OpenTail()
    {
        try
        {
            return new JournalTail(_segments, _names, _throughLsn);
        }
        catch (GridStorageException e)
        {
            throw new GridStorageException($"the archive holds the journal up to frame {_throughLsn}, and what follows cannot be read: {e.Message} "
                + $"Move folder '{ArchiveFolder.FolderName}' away to begin a new one with what there is", innerException: e);
        }
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                var wait = StepAndWait();
                if (wait > TimeSpan.Zero)
                {
                    await Task.Delay(wait, _time, _ending.Token).ConfigureAwait(true);
                }

                _ending.Token.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            // What is not archived is in the journal.
        }
        catch (Exception e)
        {
            // A journal that cannot be read is not passed over: what follows would be archived as if nothing were missing.
            Volatile.Write(ref _ended, e.Message);
            LogEnded(e);
        }
    }

    private TimeSpan StepAndWait()
    {
        var isFull = Gather();
        if (_batch.Inputs == 0 || (!isFull && _time.GetElapsedTime(_begunAt) < _options.PublishAfter))
        {
            if (_batch.Inputs == 0 && _journal.LastLsn == _readThrough)
            {
                _owed.Settle(_tail!.BytesRead);
            }

            return LookEvery;
        }

        try
        {
            Publish();
            return TimeSpan.Zero;
        }
        catch (GridStorageException e)
        {
            Interlocked.Increment(ref _failures);
            Volatile.Write(ref _lastError, e.Message);
            LogRefused(e, _options.RetryDelay);
            return _options.RetryDelay;
        }
    }

    private void Publish()
    {
        var manifest = _folder.Publish(_batch, _options);
        Volatile.Write(ref _throughLsn, manifest.ThroughLsn);
        _owed.SetTaken(manifest.ThroughLsn, _tail!.BytesRead);
        Volatile.Write(ref _lastError, null);
        _batch = new ArchiveBatch(_names);
        LogPublished(manifest.Rows, manifest.Parts.Count, manifest.Bytes, manifest.ThroughLsn);
    }

    // True if there are as many rows as there may be.
    private bool Gather()
    {
        var flushed = _journal.FlushedLsn;
        while (_batch.Rows < _options.RowsMax && _tail!.TryTake(flushed, out var played))
        {
            if (_batch.Inputs == 0)
            {
                _begunAt = _time.GetTimestamp();
            }

            Add(played);
            _tail.Return(played);
        }

        if (_batch.Rows >= _options.RowsMax)
        {
            return true;
        }

        _readThrough = flushed;
        return false;
    }

    private void Add(PlayedBatch played)
    {
        var batch = played.Batch;
        var events = batch.Events.Events;
        if (!played.IsDecided)
        {
            LogUndecided(batch.Lsn);
        }

        for (var row = 0; row < events.Length && played.IsDecided; row++)
        {
            ref readonly var e = ref events[row];
            var outcome = batch.Outcomes[row];
            if (ArchiveKinds.Of(in e, outcome) is { } kind)
            {
                _batch.Add(kind, new ArchiveRow(e, outcome, DetailOf(kind, in e, batch)));
            }
        }

        _batch.EndInput(batch.Lsn, events.Length);
    }

    private static ArchiveDetail? DetailOf(ArchiveKind kind, in MarketEvent e, Sequencing.PendingBatch batch)
    {
        var producer = kind == ArchiveKind.Quarantine ? batch.Producer : null;
        return e.Kind switch
        {
            EventKind.Run => new ArchiveDetail(producer, Run: batch.Events.Runs[e.Detail]),
            EventKind.Definition => new ArchiveDetail(producer, Definition: batch.Events.Definitions[e.Detail]),
            _ => producer is null ? null : new ArchiveDetail(producer),
        };
    }

    [LoggerMessage(EventId = 1060, Level = LogLevel.Information, Message = "Archived {Rows} rows in {Files} files of {Bytes} bytes, up to journal frame {Lsn}")]
    private partial void LogPublished(long rows, int files, long bytes, ulong lsn);

    [LoggerMessage(EventId = 1061, Level = LogLevel.Warning, Message = "Nothing could be archived; the journal keeps it, and it is tried again in {Delay}")]
    private partial void LogRefused(Exception cause, TimeSpan delay);

    [LoggerMessage(EventId = 1062, Level = LogLevel.Error, Message = "Nothing is archived any more; the journal keeps what is not")]
    private partial void LogEnded(Exception cause);

    [LoggerMessage(EventId = 1063, Level = LogLevel.Warning, Message = "Journal frame {Lsn} lost its outcomes before a repair: its events are not archived")]
    private partial void LogUndecided(ulong lsn);
}
