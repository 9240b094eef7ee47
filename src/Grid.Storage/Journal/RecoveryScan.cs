namespace Grid.Storage.Journal;

/// <summary>
/// Makes a journal fit to be appended to: cuts a torn end off, makes what is left durable, and refuses damage. Only the
/// last segment is read through; the others were flushed before it was begun, and whoever replays them checks them.
/// </summary>
internal sealed class RecoveryScan
{
    private readonly IJournalDirectory _journal;
    private readonly List<ulong> _segments;
    private readonly string? _removed;
    private readonly ulong _flushedLsnAtLeast;

    private RecoveryScan(IJournalDirectory journal, ulong flushedLsnAtLeast)
    {
        _journal = journal;
        _flushedLsnAtLeast = flushedLsnAtLeast;
        _segments = SegmentList.Read(journal, out var unbegun);
        if (unbegun > 0)
        {
            // It was to begin only after everything before it had been flushed.
            _flushedLsnAtLeast = Math.Max(flushedLsnAtLeast, unbegun - 1);
            _removed = SegmentName.Of(unbegun);
        }
    }

    /// <summary>Recovers the journal in a folder.</summary>
    /// <param name="journal">The folder.</param>
    /// <param name="flushedLsnAtLeast">An LSN that a snapshot or the database knows to have been on the disk; 0 for none.</param>
    /// <param name="dictionaries">The highest dictionary number in use.</param>
    public static JournalRecovery Run(IJournalDirectory journal, ulong flushedLsnAtLeast, out uint dictionaries)
    {
        var scan = new RecoveryScan(journal, flushedLsnAtLeast);
        scan.RemoveLeftovers();
        scan.CheckHeaders();
        if (scan._segments.Count > 0)
        {
            return scan.RecoverLast(out dictionaries);
        }

        dictionaries = 0;
        var lastLsn = scan._removed is not null && SegmentName.TryParse(scan._removed, out var first) ? first - 1 : 0;
        if (flushedLsnAtLeast > lastLsn)
        {
            throw JournalDamage.Missing(journal.Path, lastLsn + 1, flushedLsnAtLeast, "there is no segment with them");
        }

        return new JournalRecovery(0, 0, lastLsn, 0, 0, null, scan._removed);
    }

    private void RemoveLeftovers()
    {
        var leftovers = _journal.List().Where(name => JournalDirectoryExtensions.IsTemporary(name) || name == _removed).ToArray();
        foreach (var name in leftovers)
        {
            _journal.Delete(name);
        }

        if (leftovers.Length > 0)
        {
            _journal.Flush();
        }
    }

    private void CheckHeaders()
    {
        foreach (var firstLsn in _segments)
        {
            SegmentScanner.Open(_journal, firstLsn).Dispose();
        }
    }

    private JournalRecovery RecoverLast(out uint dictionaries)
    {
        using var scanner = SegmentScanner.Open(_journal, _segments[^1]);
        dictionaries = scanner.Header.Dictionaries;
        var frames = 0L;

        // Frames that no later frame knows to be on the disk, with their places: those of the last group or two.
        var unproven = new Queue<(ulong Lsn, long Offset)>();
        for (var offset = scanner.Offset; scanner.TryRead(out var header, out _); offset = scanner.Offset)
        {
            frames++;
            dictionaries = Math.Max(dictionaries, header.Dictionary);
            unproven.Enqueue((header.Lsn, offset));
            while (unproven.TryPeek(out var first) && first.Lsn <= scanner.FlushedLsn)
            {
                unproven.Dequeue();
            }
        }

        var tail = SegmentTail.Examine(scanner, _flushedLsnAtLeast);
        if (tail.Kind == SegmentTailKind.Damaged)
        {
            throw JournalDamage.At(scanner.Path, tail.Offset, tail.Lsn, tail.Reason);
        }

        MakeDurable(unproven.TryPeek(out var from) ? from.Offset : tail.Offset, tail.Offset);
        return new JournalRecovery(
            Segments: frames > 0 ? _segments.Count : _segments.Count - 1,
            FirstLsn: frames > 0 || _segments.Count > 1 ? _segments[0] : 0,
            LastLsn: tail.Lsn - 1,
            frames,
            unproven.Count,
            tail.ToCut(scanner.Path),
            _removed);
    }

    // After a failed flush some systems call pages clean that never reached the disk, and still show them to whoever
    // reads. So what may not be on the disk is written again, not just flushed, before it is relied on.
    private void MakeDurable(long from, long end)
    {
        using var file = _journal.OpenWrite(SegmentName.Of(_segments[^1]));
        var buffer = new byte[(int)Math.Min(end - from, 1 << 20)];
        for (var offset = from; offset < end;)
        {
            var read = file.Read(offset, buffer.AsSpan(0, (int)Math.Min(buffer.Length, end - offset)));
            file.Write(offset, buffer.AsSpan(0, read));
            offset += read;
        }

        file.SetLength(end);
        file.Flush();
    }
}
