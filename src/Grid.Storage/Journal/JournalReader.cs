namespace Grid.Storage.Journal;

/// <summary>
/// Reads frames in order over all segments, from an LSN on, each checked. Dictionary frames are taken in on the way:
/// every other frame comes with its names.
/// </summary>
/// <remarks>
/// One thread at a time. Beside an open <see cref="JournalWriter"/> it may read up to the writer's
/// <see cref="JournalWriter.FlushedLsn"/>; without one, to the end.
/// </remarks>
public sealed class JournalReader : IDisposable
{
    private readonly IJournalDirectory _journal;
    private readonly ulong _fromLsn;
    private ulong _throughLsn;
    private readonly SegmentNames _names = new();
    private SegmentScanner? _segment;

    // Bytes of the segments that are read to their end.
    private long _bytesOfEnded;

    /// <summary>A reader of the frames from one LSN through another.</summary>
    /// <param name="journal">The journal's folder.</param>
    /// <param name="fromLsn">The first frame wanted; 0 for the first there is.</param>
    /// <param name="throughLsn">The last frame wanted; the largest number for the end of the journal.</param>
    /// <exception cref="GridStorageException">
    /// The frames from <paramref name="fromLsn"/> on have been deleted, or the segment they begin in is damaged.
    /// </exception>
    public JournalReader(IJournalDirectory journal, ulong fromLsn = 0, ulong throughLsn = ulong.MaxValue)
    {
        _journal = journal;
        _fromLsn = fromLsn;
        _throughLsn = throughLsn;
        var segments = SegmentList.Read(journal, out _);
        if (segments.Count > 0)
        {
            if (fromLsn > 0 && fromLsn < segments[0])
            {
                throw JournalDamage.Missing(journal.Path, fromLsn, segments[0] - 1, "the journal begins later");
            }

            _segment = SegmentScanner.Open(journal, Math.Max(segments[0], segments.FindLast(first => first <= fromLsn)));
        }
    }

    /// <summary>The torn end at which reading stopped, or null. It is cut off when a writer opens the journal.</summary>
    public JournalCut? TornEnd { get; private set; }

    /// <summary>Where the next frame would be read, for messages about a frame's contents.</summary>
    public string Position => _segment is null
        ? _journal.Path
        : $"'{_segment.Path}', offset {_segment.Offset}, LSN {_segment.NextLsn}";

    /// <summary>Bytes of frames read or passed over, dictionaries included, from the first frame of the segment that reading began in.</summary>
    public long BytesRead => _bytesOfEnded + (_segment is null ? 0 : _segment.Offset - SegmentHeader.Bytes);

    /// <summary>The frame that would be read next.</summary>
    public ulong NextLsn => _segment?.NextLsn ?? _fromLsn;

    /// <summary>Bytes of frames in a segment that is written no more.</summary>
    /// <exception cref="GridStorageException">The disk refuses, or the segment is gone.</exception>
    public static long BytesOf(IJournalDirectory journal, JournalSegment segment)
    {
        using var file = SegmentScanner.OpenFile(journal, segment.FirstLsn);
        return file.Length - SegmentHeader.Bytes;
    }

    /// <summary>Moves the last frame wanted on to a later one: for a reader that follows a writer. An earlier one changes nothing.</summary>
    public void ReadThrough(ulong lsn)
    {
        if (lsn > _throughLsn)
        {
            // Behind the frames that were flushed when they were read, the bytes may be others by now.
            _throughLsn = lsn;
            _segment?.ForgetRest();
        }
    }

    /// <summary>Reads the next frame; false at the end. The frame's payload is gone with the next call.</summary>
    /// <exception cref="GridStorageException">The journal is damaged: where, and how to repair it.</exception>
    public bool TryRead(out JournalFrame frame)
    {
        while (_segment is not null && _segment.NextLsn <= _throughLsn)
        {
            var offset = _segment.Offset;
            if (!_segment.TryRead(out var header, out var payload))
            {
                if (!TryOpenNext())
                {
                    break;
                }

                continue;
            }

            if (!_names.TryTake(header, payload, out var names, out var fault))
            {
                throw JournalDamage.At(_segment.Path, offset, header.Lsn, fault);
            }

            if (header.Type != JournalFrameType.Dictionary && _segment.NextLsn > _fromLsn)
            {
                frame = new JournalFrame(header, names, payload);
                return true;
            }
        }

        frame = default;
        return false;
    }

    /// <inheritdoc/>
    public void Dispose() => _segment?.Dispose();

    private bool TryOpenNext()
    {
        var ended = _segment!;
        var next = SegmentList.Read(_journal, out _).Find(first => first > ended.Header.FirstLsn);
        if (next == 0)
        {
            EndOfJournal(ended);
            return false;
        }

        if (next != ended.NextLsn)
        {
            throw JournalDamage.At(ended.Path, ended.Offset, ended.NextLsn, ended.NextLsn < next
                ? $"{ended.Fault}, but the next segment begins with LSN {next}"
                : $"the next segment begins already with LSN {next}");
        }

        _segment = SegmentScanner.Open(_journal, next);
        _bytesOfEnded += ended.Offset - SegmentHeader.Bytes;
        _names.Clear();
        ended.Dispose();
        return true;
    }

    private void EndOfJournal(SegmentScanner ended)
    {
        var wanted = _throughLsn == ulong.MaxValue ? 0 : _throughLsn;
        var tail = SegmentTail.Examine(ended, wanted);
        if (tail.Kind == SegmentTailKind.Damaged)
        {
            throw JournalDamage.At(ended.Path, tail.Offset, tail.Lsn, tail.Reason);
        }

        TornEnd = tail.ToCut(ended.Path);
    }
}
