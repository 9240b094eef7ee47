using System.Buffers;
using Grid.Domain;
using Grid.Domain.Identifiers;
using Grid.Runtime.Postgres;
using Grid.Runtime.Recovery;
using Grid.Runtime.Sequencing;
using Grid.Runtime.Shards;
using Grid.Storage;
using Grid.Storage.Journal;
using Grid.Storage.Snapshots;
using Microsoft.Extensions.Logging;

namespace Grid.Runtime.Snapshots;

/// <summary>
/// Takes snapshots while the grid runs: the sequencer names the moment, each shard writes itself as it was then, and a
/// background task puts the file together. Older snapshots and the journal they cover are deleted afterwards.
/// </summary>
/// <remarks>Stepped by its caller (a simulation), the file is written on the threads that bring its parts, not on one of its own.</remarks>
internal sealed partial class SnapshotTaker(
    RecoveredGrid recovered, EmbeddedGridOptions options, TimeProvider time, ILogger log, Action<Exception> failed, bool isSteppedByCaller = false)
{
    private readonly GridImage _image = recovered.Image;
    private readonly JournalWriter _journal = recovered.Journal;
    private readonly SnapshotCatalog _catalog = recovered.Snapshots;
    private readonly SectionBuffers _buffers = new();
    private ulong _newest = recovered.SnapshotLsn;
    private long _bytesAtLast;
    private long _taken;
    private long _failed;
    private long _tookTicks;

    // A snapshot that was there at the start counts as taken then.
    private long _takenAt = time.GetTimestamp();
    private int _mark;
    private Task _running = Task.CompletedTask;

    /// <summary>What must be kept for PostgreSQL; null where nothing is.</summary>
    public OwedJournal? Owed { get; init; }

    /// <summary>What must be kept for the archive; null where nothing is.</summary>
    public OwedJournal? OwedToArchive { get; init; }

    // Under _stopping: the sections of the snapshot that is being taken, and why there are to be no more.
    private readonly Lock _stopping = new();
    private SectionQueue? _sections;
    private Exception? _stopReason;

    /// <summary>The frame that the newest snapshot covers; 0 without one.</summary>
    public ulong NewestLsn => Volatile.Read(ref _newest);

    /// <summary>Snapshots taken since the start.</summary>
    public long Taken => Volatile.Read(ref _taken);

    /// <summary>Snapshots that failed since the start.</summary>
    public long Failed => Volatile.Read(ref _failed);

    /// <summary>What the newest took to write; zero if none was taken since the start.</summary>
    public TimeSpan Took => new(Volatile.Read(ref _tookTicks));

    /// <summary>How long ago the newest was taken, at most since the start; null without one.</summary>
    public TimeSpan? Age => NewestLsn == 0 ? null : time.GetElapsedTime(Volatile.Read(ref _takenAt));

    /// <summary>True if enough was journaled since the last one, and none is being taken.</summary>
    public bool IsDue(long bytesAppended) => bytesAppended - _bytesAtLast >= options.SnapshotJournalBytes && _running.IsCompleted;

    /// <summary>Begins a snapshot of everything up to a frame. On the sequencer's thread, whose order places the moment.</summary>
    public Task Begin(ulong lsn, Action<Action<Shard>> onEachShard, Func<Task> flushJournal)
    {
        if (!_running.IsCompleted || lsn == NewestLsn)
        {
            return _running;
        }

        _bytesAtLast = _journal.BytesAppended;
        var taken = ++_mark;
        var sections = new SectionQueue(_image.Shards.Length, isSteppedByCaller, _buffers, () => onEachShard(static s => s.ContinueSweep()));
        sections.Write(new QueuedSection(SnapshotSection.Sources, Bytes(SaveSources)));
        onEachShard(s => s.BeginSweep(new ShardSweep(taken, sections)));
        lock (_stopping)
        {
            _sections = sections;
            if (_stopReason is { } reason)
            {
                sections.GiveUp(reason);
            }
        }

        return _running = isSteppedByCaller
            ? SaveAsync(lsn, sections, flushJournal)
            : BackgroundThread.Run("grid snapshot", () => SaveAsync(lsn, sections, flushJournal));
    }

    /// <summary>Gives up the snapshot that is being taken, if there is one, and waits until nothing of it runs. Nothing more is sequenced then.</summary>
    public Task StopAsync(Exception reason)
    {
        lock (_stopping)
        {
            _stopReason = reason;
            _sections?.GiveUp(reason);
        }

        return _running;
    }

    // These may run ahead of the moment: what they have of later events is told apart or idempotent when it is replayed.
    private void SaveBooks(Action<SnapshotSection, ReadOnlyMemory<byte>> write)
    {
        _image.Producers.Save(PiecesOf(SnapshotSection.Producers));
        _image.Gaps.Save(PiecesOf(SnapshotSection.Gaps));
        write(SnapshotSection.ForgottenGaps, Bytes(_image.Gaps.SaveForgotten));
        _image.Quarantine.Save(PiecesOf(SnapshotSection.QuarantinedEvents), total => write(SnapshotSection.QuarantineTotal, Bytes(w => w.Put(total))));
        _image.Cusips.Save(PiecesOf(SnapshotSection.Cusips));
        var through = _journal.LastLsn;
        write(SnapshotSection.BooksThrough, Bytes(w => w.Put(through)));

        SectionPieces PiecesOf(SnapshotSection type) => new(bytes => write(type, bytes));
    }

    private async Task SaveAsync(ulong lsn, SectionQueue sections, Func<Task> flushJournal)
    {
        var begunAt = time.GetTimestamp();
        try
        {
            using var file = _catalog.Begin(lsn, UnixNanos.From(time.GetUtcNow()));
            var names = new NameSections(_image.Names, bytes => WriteSection(SnapshotSection.MoreNames, bytes));
            await WriteShardsAsync(Write, sections).ConfigureAwait(!isSteppedByCaller);
            SaveBooks(Write);
            FlushHistories();

            // A snapshot never runs ahead of the flushed _journal.
            await flushJournal().ConfigureAwait(!isSteppedByCaller);
            file.Publish();
            Volatile.Write(ref _tookTicks, time.GetElapsedTime(begunAt).Ticks);
            Volatile.Write(ref _takenAt, time.GetTimestamp());
            Volatile.Write(ref _newest, lsn);
            Interlocked.Increment(ref _taken);
            var kept = _catalog.DeleteOlder();
            LogTaken(lsn, file.Length);
            DeleteJournal(kept[^1] + 1);

            // Whatever a section uses was met before it was made.
            void Write(SnapshotSection type, ReadOnlyMemory<byte> bytes)
            {
                names.WriteNew();
                WriteSection(type, bytes);
            }

            void WriteSection(SnapshotSection type, ReadOnlyMemory<byte> bytes)
            {
                file.BeginSection((uint)type);
                file.Write(bytes.Span);
            }
        }
        catch (Exception e)
        {
            // The journal still has everything: a snapshot that failed costs time at the next start, nothing else. Its shards need not go on.
            sections.GiveUp(e);
            Interlocked.Increment(ref _failed);
            LogFailed(e, lsn);
        }
    }

    // Nobody knows what a failed flush left on the disk, and trying again may be told that all is well: as with the journal,
    // the process stops.
    private void FlushHistories()
    {
        try
        {
            foreach (var shard in _image.Shards)
            {
                shard.History.FlushCheckpoint();
            }
        }
        catch (GridStorageException e)
        {
            failed(e);
            throw;
        }
    }

    // What snapshots cover goes when PostgreSQL and the archive have it. Without an archive it is kept up to a limit, as there is no other copy of it.
    private void DeleteJournal(ulong coveredBefore)
    {
        coveredBefore = Owed is { TakenLsn: < ulong.MaxValue and var taken } ? Math.Min(coveredBefore, taken + 1) : coveredBefore;
        if (OwedToArchive is { TakenLsn: < ulong.MaxValue and var archived })
        {
            _journal.DeleteSegmentsBefore(Math.Min(coveredBefore, archived + 1));
            return;
        }

        var segments = _journal.Segments();
        var keptMax = (int)Math.Max(1, options.OwedBytesMax / options.Journal.SegmentBytesMax);
        if (segments.Count > keptMax * 4L / 5)
        {
            LogOwed(segments.Count * options.Journal.SegmentBytesMax, options.OwedBytesMax);
        }

        if (segments.Count > keptMax)
        {
            var before = Math.Min(coveredBefore, segments[^keptMax].FirstLsn);
            if (_journal.DeleteSegmentsBefore(before) > 0)
            {
                LogDeleted(_journal.Segments()[0].FirstLsn);
            }
        }
    }

    // A shard that is behind begins later than the others: instruments wait until the heads of all shards are written, from
    // which the loader knows how many there are.
    private async Task WriteShardsAsync(Action<SnapshotSection, ReadOnlyMemory<byte>> write, SectionQueue sections)
    {
        var headsLeft = _image.Shards.Length;
        var held = new List<QueuedSection>();
        await foreach (var section in sections.Reader.ReadAllAsync().ConfigureAwait(!isSteppedByCaller))
        {
            if (section.Type == SnapshotSection.Instruments && headsLeft > 0)
            {
                held.Add(section);
                continue;
            }

            WriteAndNote(section);
            headsLeft -= section.Type == SnapshotSection.Shard ? 1 : 0;
            if (headsLeft == 0 && held.Count > 0)
            {
                held.ForEach(WriteAndNote);
                held.Clear();
            }
        }

        void WriteAndNote(QueuedSection section)
        {
            write(section.Type, section.Bytes);
            sections.Took(section);
        }
    }

    private void SaveSources(StateWriter writer)
    {
        var sources = _image.Context.Sources().ToList();
        writer.Put(sources.Count);
        foreach (var source in sources)
        {
            SourceFrame.Write(writer, source);
        }
    }

    private static ReadOnlyMemory<byte> Bytes(Action<StateWriter> save)
    {
        var buffer = new ArrayBufferWriter<byte>();
        save(new StateWriter(buffer));
        return buffer.WrittenMemory;
    }

    [LoggerMessage(EventId = 1010, Level = LogLevel.Information, Message = "Snapshot of journal frame {Lsn} taken, {Bytes} bytes")]
    private partial void LogTaken(ulong lsn, long bytes);

    [LoggerMessage(EventId = 1011, Level = LogLevel.Error, Message = "Snapshot of journal frame {Lsn} failed; the journal is kept")]
    private partial void LogFailed(Exception cause, ulong lsn);

    [LoggerMessage(EventId = 1012, Level = LogLevel.Warning, Message = "The journal has about {Bytes} bytes that are not archived; beyond {Max} (OwedBytesMax) the oldest are deleted")]
    private partial void LogOwed(long bytes, long max);

    [LoggerMessage(EventId = 1013, Level = LogLevel.Warning, Message = "Journal before frame {Lsn} deleted: it was over OwedBytesMax, and snapshots cover it; its events are in no archive")]
    private partial void LogDeleted(ulong lsn);
}
