namespace Grid.Storage.Journal;

/// <summary>What it means that reading a journal's last segment stopped.</summary>
internal enum SegmentTailKind
{
    /// <summary>Nothing follows the last frame.</summary>
    Clean,

    /// <summary>What follows was being written when the machine stopped; nobody was told that it is safe.</summary>
    Torn,

    /// <summary>A frame that was on the disk cannot be read any more.</summary>
    Damaged,
}

/// <summary>
/// The end of a journal's last segment. Writes that were not flushed may reach the disk in any order or in part, so an
/// unreadable frame followed by readable ones can still be a torn end. It is damage only if somebody knew that the
/// frame was on the disk: a later frame says so, or the caller does.
/// </summary>
internal readonly record struct SegmentTail(
    SegmentTailKind Kind, long Offset, ulong Lsn, long Bytes, ulong FlushedLsn, string Reason)
{
    /// <summary>Looks at what follows the place where the scanner stopped, and leaves it there.</summary>
    /// <param name="scanner">A scanner whose last read found nothing.</param>
    /// <param name="flushedLsnAtLeast">An LSN that the caller knows to have been on the disk.</param>
    public static SegmentTail Examine(SegmentScanner scanner, ulong flushedLsnAtLeast)
    {
        var (offset, lsn, reason) = (scanner.Offset, scanner.NextLsn, scanner.Fault);
        var bytes = scanner.FindEndOfNonZero() - offset;
        var flushed = flushedLsnAtLeast;
        while (flushed < lsn && bytes > 0 && scanner.TryResume())
        {
            while (flushed < lsn && scanner.TryRead(out var later, out _))
            {
                flushed = Math.Max(flushed, later.FlushedLsn);
            }
        }

        scanner.Seek(offset, lsn);
        var kind = flushed >= lsn ? SegmentTailKind.Damaged
            : bytes > 0 ? SegmentTailKind.Torn
            : SegmentTailKind.Clean;
        return new SegmentTail(kind, offset, lsn, bytes, flushed, kind == SegmentTailKind.Damaged
            ? $"{reason}, but LSN {flushed} was known to be on the disk"
            : reason);
    }

    /// <summary>The cut that makes a torn end clean; null if it is clean.</summary>
    public JournalCut? ToCut(string path) =>
        Kind == SegmentTailKind.Torn ? new JournalCut(path, Offset, Lsn, Bytes, Reason) : null;
}
