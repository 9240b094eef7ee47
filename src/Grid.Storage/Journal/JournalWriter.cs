using Grid.Domain.Identifiers;

namespace Grid.Storage.Journal;

/// <summary>
/// Appends frames to the journal. Many appends, then one <see cref="Flush"/>: after it, everything appended is on the
/// disk. Nothing is allocated and one copy is made per frame.
/// </summary>
/// <remarks>
/// One thread appends and flushes; between <see cref="BeginFlush"/> and <see cref="EndFlush"/> another one may wait for the
/// disk in <see cref="RunFlush"/>. <see cref="LastLsn"/>, <see cref="FlushedLsn"/>, the counters,
/// <see cref="NewDictionary"/>, <see cref="Segments"/> and <see cref="DeleteSegmentsBefore"/> may be used by any thread.
/// After a failure to write or flush, every later call throws: what the disk then holds is found out by recovery in a
/// new process, never by trying again.
/// </remarks>
public sealed class JournalWriter : IDisposable
{
    private readonly IJournalDirectory _journal;
    private readonly JournalOptions _options;
    private readonly TimeProvider _time;
    private readonly Func<uint> _newSalt;

    // Of the writer's thread.
    private readonly byte[] _buffer;
    private readonly byte[] _spare;
    private SegmentWriter _segment;

    // The segment that is being flushed and the LSN that will be flushed then; null if none is. The writer's thread sets it,
    // the thread that flushes reads it.
    private volatile SegmentWriter? _flushing;
    private ulong _flushingLsn;
    private long _dictionaryBytesInSegment;
    private Exception? _failure;
    private bool _isClosed;

    // Written by the writer's thread, read by any. What is flushed never passes what is appended.
    private ulong _lastLsn;
    private ulong _flushedLsn;
    private long _bytesAppended;
    private long _flushes;

    // Given out to any thread. Numbers start above those of the journal's earlier life.
    private uint _dictionaries;

    // Sealed segments, oldest first, then the one being written; replaced as a whole under the lock.
    private readonly Lock _changingSegments = new();
    private ulong[] _segmentLsns;

    private JournalWriter(
        IJournalDirectory journal, JournalOptions options, TimeProvider time, Func<uint> newSalt, ulong flushedLsnAtLeast)
    {
        _journal = journal;
        _options = options;
        _time = time;
        _newSalt = newSalt;
        _buffer = GC.AllocateUninitializedArray<byte>(options.BufferBytes, pinned: true);
        _spare = GC.AllocateUninitializedArray<byte>(options.BufferBytes, pinned: true);
        Recovery = RecoveryScan.Run(journal, flushedLsnAtLeast, out _dictionaries);
        _lastLsn = _flushedLsn = Recovery.LastLsn;

        // A new segment for a new life: an old file is never appended to, so nothing half written can come back in it.
        _segment = CreateSegment();
        _segmentLsns = [.. SegmentList.Read(journal, out _)];
    }

    /// <summary>What opening found.</summary>
    public JournalRecovery Recovery { get; }

    /// <summary>LSN of the last frame appended; 0 if there never was one.</summary>
    public ulong LastLsn => Volatile.Read(ref _lastLsn);

    /// <summary>Every frame up to this LSN is on the disk.</summary>
    public ulong FlushedLsn => Volatile.Read(ref _flushedLsn);

    /// <summary>Bytes appended since opening, headers and dictionaries included.</summary>
    public long BytesAppended => Volatile.Read(ref _bytesAppended);

    /// <summary>Times the disk was waited for since opening.</summary>
    public long Flushes => Volatile.Read(ref _flushes);

    /// <summary>Opens the journal in a folder for appending, recovering it first.</summary>
    /// <param name="journal">The folder; see <see cref="JournalFormat.FolderName"/>.</param>
    /// <param name="options">Sizes.</param>
    /// <param name="time">Gives the time at which segments are begun.</param>
    /// <param name="flushedLsnAtLeast">
    /// An LSN that a snapshot or the database knows to have been on the disk. If the journal ends before it, that is
    /// damage and not a torn end. 0 if nobody knows of any.
    /// </param>
    /// <exception cref="GridStorageException">The journal is damaged, of a newer version, or cannot be written.</exception>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public static JournalWriter Open(
        IJournalDirectory journal, JournalOptions options, TimeProvider time, ulong flushedLsnAtLeast = 0) =>
        Open(journal, options, time, SegmentHeader.RandomSalt, flushedLsnAtLeast);

    internal static JournalWriter Open(
        IJournalDirectory journal, JournalOptions options, TimeProvider time, Func<uint> newSalt, ulong flushedLsnAtLeast = 0)
    {
        options.Validate();
        try
        {
            return new JournalWriter(journal, options, time, newSalt, flushedLsnAtLeast);
        }
        catch (Exception failure) when (DiskFailure.Is(failure))
        {
            throw DiskFailure.Explain(
                $"journal '{journal.Path}' cannot be opened for appending", failure, options.SegmentBytesMax);
        }
    }

    /// <summary>A dictionary for frames of one connection or producer epoch.</summary>
    public JournalDictionary NewDictionary() => new(Interlocked.Increment(ref _dictionaries), this);

    /// <summary>Appends a frame and returns its LSN. It is on the disk after the next <see cref="Flush"/>.</summary>
    public ulong Append(JournalFrameType type, JournalDictionary? dictionary, ReadOnlySpan<byte> payload, byte flags = 0) =>
        Append(type, dictionary, default, payload, flags);

    /// <summary>Appends a frame whose payload is a head followed by a body, and returns its LSN.</summary>
    /// <exception cref="ArgumentException">
    /// The payload is larger than <see cref="JournalFormat.FrameBytesMax"/>, the type is the journal's own, or the
    /// dictionary is another journal's. The writer can still be used.
    /// </exception>
    /// <exception cref="GridStorageException">The disk failed, now or before.</exception>
    public ulong Append(
        JournalFrameType type, JournalDictionary? dictionary, ReadOnlySpan<byte> head, ReadOnlySpan<byte> body, byte flags = 0)
    {
        var payloadBytes = (long)head.Length + body.Length;
        CheckArguments(type, dictionary, payloadBytes);
        ThrowIfUnusable();
        try
        {
            var owed = dictionary?.BytesOwed(_segment.Header.FirstLsn) ?? 0;
            var bytes = owed + JournalFormat.FrameBytes((int)payloadBytes);
            if (_segment.Bytes + bytes > SegmentLimit && _lastLsn >= _segment.Header.FirstLsn)
            {
                Roll();
                owed = dictionary?.BytesOwed(_segment.Header.FirstLsn) ?? 0;
            }

            if (owed > 0)
            {
                AppendNames(dictionary!);
            }

            return AppendFrame(type, dictionary, head, body, flags);
        }
        catch (Exception failure) when (DiskFailure.Is(failure))
        {
            throw Fail(failure);
        }
    }

    /// <summary>Returns when every frame appended is on the disk. Does nothing if they are.</summary>
    /// <exception cref="GridStorageException">The disk failed, now or before.</exception>
    public void Flush()
    {
        EndFlush();
        if (BeginFlush())
        {
            EndFlush();
        }
    }

    /// <summary>
    /// Begins to flush every frame appended so far. False if there is none to flush, or a flush is under way. Frames may be
    /// appended meanwhile; they are for the next flush.
    /// </summary>
    /// <exception cref="GridStorageException">The disk failed before.</exception>
    public bool BeginFlush()
    {
        ThrowIfUnusable();
        if (_flushing is not null || _flushedLsn == _lastLsn)
        {
            return false;
        }

        _segment.BeginFlush();
        _flushingLsn = _lastLsn;
        _flushing = _segment;
        return true;
    }

    /// <summary>Waits for the disk, on any thread, for the writer's. Never throws; does nothing if no flush is under way.</summary>
    public void RunFlush() => _flushing?.RunFlush();

    /// <summary>
    /// Returns when the flush that was begun is done, and does it if nobody does. Does nothing if none is under way.
    /// </summary>
    /// <exception cref="GridStorageException">The disk failed, now or before.</exception>
    public void EndFlush()
    {
        ThrowIfUnusable();
        if (_flushing is not { } flushing)
        {
            return;
        }

        try
        {
            flushing.EndFlush();
        }
        catch (Exception failure) when (DiskFailure.Is(failure))
        {
            throw Fail(failure);
        }

        _flushing = null;
        CountFlush(_flushingLsn);
    }

    /// <summary>Flushes, gives back the disk space that was not used, and closes. A writer that failed is only closed.</summary>
    /// <exception cref="GridStorageException">The disk failed now.</exception>
    public void Close()
    {
        if (_failure is null && !_isClosed)
        {
            EndFlush();
            try
            {
                _segment.Seal();
                CountFlush(_lastLsn);
            }
            catch (Exception failure) when (DiskFailure.Is(failure))
            {
                throw Fail(failure);
            }
        }

        Dispose();
    }

    /// <summary>Closes without flushing: what was appended since the last <see cref="Flush"/> was promised to nobody.</summary>
    public void Dispose()
    {
        _isClosed = true;
        _segment.Dispose();
    }

    /// <summary>The segments, oldest first; the last is the one being written.</summary>
    public IReadOnlyList<JournalSegment> Segments()
    {
        var firstLsns = Volatile.Read(ref _segmentLsns);
        var lastLsn = LastLsn;
        var segments = new JournalSegment[firstLsns.Length];
        for (var i = 0; i < segments.Length; i++)
        {
            var isSealed = i < segments.Length - 1;
            segments[i] = new JournalSegment(firstLsns[i], isSealed ? firstLsns[i + 1] - 1 : lastLsn, isSealed);
        }

        return segments;
    }

    /// <summary>
    /// Deletes the segments in which every frame is before an LSN, oldest first, never the one being written. Returns how
    /// many. If the disk refuses, those not deleted stay, and the writer can still be used.
    /// </summary>
    /// <exception cref="GridStorageException">The disk refused.</exception>
    public int DeleteSegmentsBefore(ulong lsn)
    {
        lock (_changingSegments)
        {
            var deleted = 0;
            try
            {
                while (_segmentLsns.Length > 1 && _segmentLsns[1] <= lsn)
                {
                    // Each is durably gone before the next goes: a crash must not leave a hole in the middle.
                    _journal.Delete(SegmentName.Of(_segmentLsns[0]));
                    _journal.Flush();
                    Volatile.Write(ref _segmentLsns, _segmentLsns[1..]);
                    deleted++;
                }
            }
            catch (Exception failure) when (DiskFailure.Is(failure))
            {
                throw DiskFailure.Explain(
                    $"journal segment '{SegmentName.Of(_segmentLsns[0])}' in '{_journal.Path}' cannot be deleted", failure);
            }

            return deleted;
        }
    }

    // Names that many connections must have in every segment may fill half of it; beyond that it is made longer, or
    // it would be rolled for the names' sake alone.
    private long SegmentLimit =>
        _options.SegmentBytesMax + Math.Max(0, _dictionaryBytesInSegment - (_options.SegmentBytesMax / 2));

    private void AppendNames(JournalDictionary dictionary)
    {
        Span<byte> head = stackalloc byte[DictionaryPayload.HeadBytes];
        var start = _segment.Bytes;
        while (dictionary.TryTake(_segment.Header.FirstLsn, head, out var names))
        {
            AppendFrame(JournalFrameType.Dictionary, dictionary, head, names, flags: 0);
            dictionary.CountFrame();
        }

        _dictionaryBytesInSegment += _segment.Bytes - start;
    }

    private ulong AppendFrame(
        JournalFrameType type, JournalDictionary? dictionary, ReadOnlySpan<byte> head, ReadOnlySpan<byte> body, byte flags)
    {
        var lsn = _lastLsn + 1;
        var payloadBytes = head.Length + body.Length;
        var header = new FrameHeader(
            0, (uint)payloadBytes, lsn, _flushedLsn, type, flags, dictionary?.FramesWritten ?? 0, dictionary?.Id ?? 0);
        _segment.Append(header, head, body);
        Volatile.Write(ref _lastLsn, lsn);
        Volatile.Write(ref _bytesAppended, _bytesAppended + JournalFormat.FrameBytes(payloadBytes));
        return lsn;
    }

    // The old segment is wholly on the disk before the new one exists, so only the last can end torn.
    private void Roll()
    {
        EndFlush();
        _segment.Seal();
        CountFlush(_lastLsn);
        _segment = CreateSegment();
        lock (_changingSegments)
        {
            Volatile.Write(ref _segmentLsns, [.. _segmentLsns, _segment.Header.FirstLsn]);
        }
    }

    private SegmentWriter CreateSegment()
    {
        _dictionaryBytesInSegment = 0;
        var header = new SegmentHeader(
            _lastLsn + 1, UnixNanos.From(_time.GetUtcNow()), _newSalt(), Volatile.Read(ref _dictionaries));
        return SegmentWriter.Create(_journal, header, _options.SegmentBytesMax, _buffer, _spare);
    }

    private void CountFlush(ulong lsn)
    {
        Volatile.Write(ref _flushedLsn, lsn);
        Volatile.Write(ref _flushes, _flushes + 1);
    }

    private void CheckArguments(JournalFrameType type, JournalDictionary? dictionary, long payloadBytes)
    {
        if (payloadBytes > JournalFormat.FrameBytesMax)
        {
            throw new ArgumentException(
                $"a journal frame has {payloadBytes} bytes of payload; at most {JournalFormat.FrameBytesMax} are allowed");
        }

        if (type is 0 or JournalFrameType.Dictionary or JournalFrameType.Gap)
        {
            throw new ArgumentException($"frames of type {type} are written by the journal itself");
        }

        if (dictionary is not null && dictionary.Owner != this)
        {
            throw new ArgumentException($"dictionary {dictionary.Id} belongs to another journal writer");
        }
    }

    private void ThrowIfUnusable()
    {
        if (_failure is not null)
        {
            throw new GridStorageException(
                "the journal failed before and takes no more frames; restart the process to recover. "
                + $"The failure was: {_failure.Message}",
                innerException: _failure);
        }

        ObjectDisposedException.ThrowIf(_isClosed, this);
    }

    private GridStorageException Fail(Exception failure)
    {
        var explained = DiskFailure.Explain(
            $"journal segment '{_segment.Path}' cannot be written at LSN {_lastLsn + 1} (flushed through LSN {_flushedLsn})",
            failure,
            _options.SegmentBytesMax);
        _failure = explained;
        _flushing = null;
        _segment.Dispose();
        return explained;
    }
}
