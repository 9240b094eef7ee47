namespace Grid.Storage.Journal;

/// <summary>The segments of a journal's folder.</summary>
internal static class SegmentList
{
    /// <summary>First LSNs of all segments, ascending.</summary>
    /// <param name="journal">The journal's folder.</param>
    /// <param name="unbegun">
    /// The last one, left out, if it has no readable header and nothing behind it: what remains of a segment that was
    /// being created when the machine stopped. 0 if there is no such one.
    /// </param>
    /// <exception cref="GridStorageException">A repair was interrupted: a segment may be missing that is not lost.</exception>
    public static List<ulong> Read(IJournalDirectory journal, out ulong unbegun)
    {
        var segments = new List<ulong>();
        foreach (var name in journal.List())
        {
            if (name.EndsWith(SegmentName.RepairSuffix, StringComparison.Ordinal))
            {
                throw JournalDamage.RepairInterrupted(journal.Path);
            }

            if (SegmentName.TryParse(name, out var firstLsn))
            {
                segments.Add(firstLsn);
            }
        }

        segments.Sort();
        unbegun = 0;
        if (segments.Count > 0 && IsUnbegun(journal, segments[^1]))
        {
            unbegun = segments[^1];
            segments.RemoveAt(segments.Count - 1);
        }

        return segments;
    }

    private static bool IsUnbegun(IJournalDirectory journal, ulong firstLsn)
    {
        using var file = SegmentScanner.OpenFile(journal, firstLsn);
        return !SegmentScanner.TryReadHeader(file, firstLsn, out _, out _)
            && new FileWindow(file).FindNonZero(SegmentHeader.Bytes) < 0;
    }
}
