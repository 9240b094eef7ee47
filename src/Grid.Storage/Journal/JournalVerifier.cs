namespace Grid.Storage.Journal;

/// <summary>Reads a whole journal, whatever is wrong with it, and says what is. Changes nothing.</summary>
public static class JournalVerifier
{
    /// <summary>Verifies the journal in a folder that no writer has open.</summary>
    /// <param name="journal">The folder.</param>
    /// <param name="flushedLsnAtLeast">An LSN that a snapshot or the database knows to have been on the disk; 0 for none.</param>
    /// <exception cref="GridStorageException">A segment is of a newer version, or a repair was interrupted.</exception>
    public static JournalReport Verify(IJournalDirectory journal, ulong flushedLsnAtLeast = 0)
    {
        var lsns = SegmentList.Read(journal, out _);
        var segments = new List<JournalSegmentReport>();
        var losses = new List<JournalLoss>();
        var problems = new List<string>();
        JournalCut? tornEnd = null;
        ulong expectedLsn = 0;
        for (var i = 0; i < lsns.Count; i++)
        {
            if (i > 0 && expectedLsn < lsns[i])
            {
                var missing = new JournalLoss(journal.Path, 0, 0, expectedLsn, lsns[i] - 1, "the segment is missing");
                losses.Add(missing);
                problems.Add(missing.ToString());
            }

            var next = i + 1 < lsns.Count ? lsns[i + 1] : 0;
            segments.Add(Verify(journal, lsns[i], next, flushedLsnAtLeast, losses, ref tornEnd, out expectedLsn));
            problems.AddRange(segments[^1].Problems);
        }

        return new JournalReport(segments, losses, problems, tornEnd);
    }

    private static JournalSegmentReport Verify(
        IJournalDirectory journal,
        ulong firstLsn,
        ulong nextSegmentLsn,
        ulong flushedLsnAtLeast,
        List<JournalLoss> losses,
        ref JournalCut? tornEnd,
        out ulong nextLsn)
    {
        var name = SegmentName.Of(firstLsn);
        using var salvage = SegmentSalvage.Open(journal, firstLsn, nextSegmentLsn, flushedLsnAtLeast, dictionaries: 0);
        var problems = new List<string>();
        if (salvage.HeaderFault is not null)
        {
            problems.Add($"the header of '{name}' is damaged: {salvage.HeaderFault}");
        }

        var frames = 0L;
        while (salvage.TryNext(out var piece))
        {
            if (piece.Loss is null)
            {
                frames++;
            }
            else
            {
                losses.Add(piece.Loss);
                problems.Add(piece.Loss.ToString());
            }
        }

        if (salvage.Overlaps)
        {
            problems.Add($"'{name}' holds frames that the next segment, which begins with LSN {nextSegmentLsn}, has too");
        }

        tornEnd = salvage.TornEnd;
        nextLsn = salvage.NextLsn;
        using var file = journal.OpenRead(name);
        return new JournalSegmentReport(name, salvage.Header.CreatedAt, firstLsn, nextLsn - 1, frames, file.Length, problems);
    }
}
