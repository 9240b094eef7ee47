using System.Buffers;
using System.Threading.Channels;
using Grid.Domain;
using Grid.Domain.Identifiers;
using Grid.Runtime.Sequencing;
using Grid.Runtime.Shards;
using Grid.Storage.Journal;
using Grid.Storage.Snapshots;
using Microsoft.Extensions.Logging;

namespace Grid.Runtime.Snapshots;

/// <summary>
/// Takes snapshots while the grid runs: the sequencer names the moment, each shard writes itself as it was then, and a
/// background task puts the file together. Older snapshots and the journal they cover are deleted afterwards.
/// </summary>
/// <remarks>Stepped by its caller (a simulation), the file is written on the threads that bring its parts, not in the background.</remarks>
internal sealed partial class SnapshotTaker(
    DataFolder data, GridImage image, JournalWriter journal, TimeProvider time, long journalBytes, ulong newestLsn, ILogger log, bool isSteppedByCaller = false)
{
    private readonly SnapshotCatalog _catalog = new(data.Snapshots);
    private ulong _newest = newestLsn;
    private long _bytesAtLast;
    private long _taken;
    private long _failed;
    private long _tookTicks;

    // A snapshot that was there at the start counts as taken then.
    private long _takenAt = time.GetTimestamp();
    private int _mark;
    private Task _running = Task.CompletedTask;

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
    public bool IsDue(long bytesAppended) => bytesAppended - _bytesAtLast >= journalBytes && _running.IsCompleted;

    /// <summary>Begins a snapshot of everything up to a frame. On the sequencer's thread, whose order places the moment.</summary>
    public Task Begin(ulong lsn, Action<Action<Shard>> onEachShard, Func<Task> flushJournal)
    {
        if (!_running.IsCompleted || lsn == NewestLsn)
        {
            return _running;
        }

        _bytesAtLast = journal.BytesAppended;
        var taken = ++_mark;
        var sections = Channel.CreateUnbounded<(SnapshotSection Type, ReadOnlyMemory<byte> Bytes)>(
            new UnboundedChannelOptions { AllowSynchronousContinuations = isSteppedByCaller });
        var left = image.Shards.Length;
        foreach (var (type, save) in CommonSections())
        {
            Write(type, Bytes(save));
        }

        onEachShard(s => s.BeginSweep(new ShardSweep(taken, Write, Finish)));
        return _running = isSteppedByCaller
            ? SaveAsync(lsn, sections.Reader, flushJournal)
            : Task.Run(() => SaveAsync(lsn, sections.Reader, flushJournal));

        void Write(SnapshotSection type, ReadOnlyMemory<byte> bytes) => sections.Writer.TryWrite((type, bytes));

        void Finish()
        {
            if (Interlocked.Decrement(ref left) == 0)
            {
                sections.Writer.Complete();
            }
        }
    }

    private IEnumerable<(SnapshotSection Type, Action<StateWriter> Save)> CommonSections() =>
    [
        (SnapshotSection.Names, w => SaveNames(w, image.Names)),
        (SnapshotSection.Sources, SaveSources),
        (SnapshotSection.Producers, image.Producers.Save),
        (SnapshotSection.Gaps, image.Gaps.Save),
    ];

    // These may run ahead of the moment: what they have of later events is told apart or idempotent when it is replayed.
    // They may even use names that were met since, so all names are written once more before them.
    private IEnumerable<(SnapshotSection Type, ReadOnlyMemory<byte> Bytes)> LateSections()
    {
        var quarantine = Bytes(image.Quarantine.Save);
        var cusips = Bytes(image.Cusips.Save);
        return
        [
            (SnapshotSection.Names, Bytes(w => SaveNames(w, image.Names))),
            (SnapshotSection.Quarantine, quarantine),
            (SnapshotSection.Cusips, cusips),
        ];
    }

    private async Task SaveAsync(ulong lsn, ChannelReader<(SnapshotSection Type, ReadOnlyMemory<byte> Bytes)> sections, Func<Task> flushJournal)
    {
        var begunAt = time.GetTimestamp();
        try
        {
            using var file = _catalog.Begin(lsn, UnixNanos.From(time.GetUtcNow()));
            await WriteShardsAsync(file, sections).ConfigureAwait(false);
            foreach (var (type, bytes) in LateSections())
            {
                Write(file, type, bytes);
            }

            foreach (var shard in image.Shards)
            {
                shard.History.FlushCheckpoint();
            }

            // A snapshot never runs ahead of the flushed journal.
            await flushJournal().ConfigureAwait(false);
            file.Publish();
            Volatile.Write(ref _tookTicks, time.GetElapsedTime(begunAt).Ticks);
            Volatile.Write(ref _takenAt, time.GetTimestamp());
            Volatile.Write(ref _newest, lsn);
            Interlocked.Increment(ref _taken);
            var kept = _catalog.DeleteOlder();
            journal.DeleteSegmentsBefore(kept[^1] + 1);
            LogTaken(lsn, file.Length);
        }
        catch (Exception e)
        {
            // The journal still has everything: a snapshot that failed costs time at the next start, nothing else.
            Interlocked.Increment(ref _failed);
            LogFailed(e, lsn);
        }
    }

    // A shard that is behind begins later than the others: instruments wait until the heads of all shards are written, from
    // which the loader knows how many there are.
    private async Task WriteShardsAsync(SnapshotWriter file, ChannelReader<(SnapshotSection Type, ReadOnlyMemory<byte> Bytes)> sections)
    {
        var headsLeft = image.Shards.Length;
        var held = new List<ReadOnlyMemory<byte>>();
        await foreach (var (type, bytes) in sections.ReadAllAsync().ConfigureAwait(false))
        {
            if (type == SnapshotSection.Instruments && headsLeft > 0)
            {
                held.Add(bytes);
                continue;
            }

            Write(file, type, bytes);
            headsLeft -= type == SnapshotSection.Shard ? 1 : 0;
            if (headsLeft == 0 && held.Count > 0)
            {
                held.ForEach(instruments => Write(file, SnapshotSection.Instruments, instruments));
                held.Clear();
            }
        }
    }

    private static void Write(SnapshotWriter file, SnapshotSection type, ReadOnlyMemory<byte> bytes)
    {
        file.BeginSection((uint)type);
        file.Write(bytes.Span);
    }

    private void SaveSources(StateWriter writer)
    {
        var sources = image.Context.Sources().ToList();
        writer.Put(sources.Count);
        foreach (var source in sources)
        {
            SourceFrame.Write(writer, source);
        }
    }

    private static void SaveNames(StateWriter writer, GridNames names)
    {
        for (var kind = NameKind.Instrument; kind <= NameKind.Channel; kind++)
        {
            var table = names[kind];
            var count = table.Count;
            writer.Put(count);
            for (var i = 1; i < count; i++)
            {
                writer.Put(table[i]);
            }
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
}
