namespace Grid.Storage.Journal;

/// <summary>
/// The segments of a journal that somebody may be writing meanwhile, in this process or another: each is kept open, so what
/// its writer deletes can still be read here, and the process that ends gives it back. Nothing is asked of the writer.
/// </summary>
/// <remarks>Of one thread at a time. The space of what was deleted meanwhile is free once this is disposed of.</remarks>
public sealed class JournalHold : IDisposable
{
    private readonly IJournalDirectory _journal;
    private readonly SortedDictionary<ulong, IJournalFile> _held = [];

    private JournalHold(IJournalDirectory journal) => _journal = journal;

    /// <summary>The first frame of the oldest segment; 0 if there is none.</summary>
    public ulong FirstLsn => _held.Count == 0 ? 0 : _held.Keys.First();

    /// <summary>Holds all segments there are.</summary>
    /// <exception cref="GridStorageException">The disk refuses, or a repair was interrupted.</exception>
    public static JournalHold Take(IJournalDirectory journal)
    {
        ArgumentNullException.ThrowIfNull(journal);
        var hold = new JournalHold(journal);
        try
        {
            hold.Refresh(isFirst: true);
            return hold;
        }
        catch
        {
            hold.Dispose();
            throw;
        }
    }

    /// <summary>Holds the segments too that were begun since. To be called now and then while a hold lasts.</summary>
    /// <exception cref="GridStorageException">The disk refuses, or a repair was interrupted.</exception>
    public void Refresh() => Refresh(isFirst: false);

    /// <summary>
    /// What can be copied now: all segments, the last one up to its last whole frame, which is on the disk when this returns.
    /// Frames that are appended later are not seen.
    /// </summary>
    /// <exception cref="GridStorageException">The journal is damaged at its end, or segments are missing in it.</exception>
    public IReadOnlyList<HeldSegment> ReadSegments()
    {
        Refresh();
        try
        {
            var lsns = _held.Keys.ToArray();
            var segments = new List<HeldSegment>(lsns.Length);
            for (var i = 0; i < lsns.Length - 1; i++)
            {
                segments.Add(new HeldSegment(lsns[i], lsns[i + 1] - 1, _held[lsns[i]], _held[lsns[i]].Length));
            }

            if (lsns.Length > 0)
            {
                AddLast(lsns[^1], _held[lsns[^1]], segments);
            }

            return segments;
        }
        catch (Exception failure) when (DiskFailure.Is(failure))
        {
            throw DiskFailure.Explain($"journal '{_journal.Path}' cannot be read", failure);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var file in _held.Values)
        {
            file.Dispose();
        }

        _held.Clear();
    }

    private void Refresh(bool isFirst)
    {
        try
        {
            // A segment that is gone between listing and opening was deleted, and all older ones before it.
            while (!TryRefresh())
            {
                if (isFirst)
                {
                    Dispose();
                }
            }
        }
        catch (Exception failure) when (DiskFailure.Is(failure))
        {
            throw DiskFailure.Explain($"journal '{_journal.Path}' cannot be held for reading", failure);
        }
    }

    private bool TryRefresh()
    {
        var newest = _held.Count == 0 ? 0 : _held.Keys.Last();
        foreach (var name in _journal.List())
        {
            if (name.EndsWith(SegmentName.RepairSuffix, StringComparison.Ordinal))
            {
                throw JournalDamage.RepairInterrupted(_journal.Path);
            }

            // The newest is opened again: if it has no frame, a writer that starts replaces it by a file of the same name.
            if (SegmentName.TryParse(name, out var firstLsn) && firstLsn >= newest && !TryHold(name, firstLsn))
            {
                return false;
            }
        }

        return true;
    }

    private bool TryHold(string name, ulong firstLsn)
    {
        try
        {
            var file = _journal.OpenRead(name);
            if (_held.Remove(firstLsn, out var before))
            {
                before.Dispose();
            }

            _held.Add(firstLsn, file);
            return true;
        }
        catch (FileNotFoundException)
        {
            return _held.ContainsKey(firstLsn);
        }
    }

    private static void AddLast(ulong firstLsn, IJournalFile file, List<HeldSegment> segments)
    {
        if (!SegmentScanner.TryReadHeader(file, firstLsn, out var header, out var fault))
        {
            // What remains of one that was being created when the machine stopped has nothing behind its header.
            if (new FileWindow(file).FindNonZero(SegmentHeader.Bytes) < 0)
            {
                return;
            }

            throw JournalDamage.At(file.Path, 0, firstLsn, fault);
        }

        // The file stays open: it is not the scanner's to close.
        var scanner = new SegmentScanner(file, header);
        ReadToEnd(scanner);

        // What was read may be in the writer's memory of the system only; from here on it is on the disk, as it is in the copy.
        file.Flush();
        segments.Add(new HeldSegment(firstLsn, scanner.NextLsn - 1, file, scanner.Offset));
    }

    // A frame that could not be read may be one that was being written at that moment, and those behind it by now written too,
    // which looks like damage: then it can be read in a second look.
    private static void ReadToEnd(SegmentScanner scanner)
    {
        while (true)
        {
            while (scanner.TryRead(out _, out _))
            {
            }

            var tail = SegmentTail.Examine(scanner, flushedLsnAtLeast: 0);
            if (tail.Kind != SegmentTailKind.Damaged)
            {
                return;
            }

            scanner.ForgetRest();
            if (!scanner.TryRead(out _, out _))
            {
                throw JournalDamage.At(scanner.Path, tail.Offset, tail.Lsn, tail.Reason);
            }
        }
    }
}

/// <summary>A segment that is held open.</summary>
/// <param name="FirstLsn">Its first frame.</param>
/// <param name="LastLsn">Its last frame; one less than the first if it has none.</param>
/// <param name="File">Its bytes.</param>
/// <param name="Bytes">How many of them are to be copied: whole frames.</param>
public readonly record struct HeldSegment(ulong FirstLsn, ulong LastLsn, IJournalFile File, long Bytes)
{
    /// <summary>Its file in the journal's folder.</summary>
    public string FileName => SegmentName.Of(FirstLsn);
}
