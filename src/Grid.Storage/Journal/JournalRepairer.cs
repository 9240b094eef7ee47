namespace Grid.Storage.Journal;

/// <summary>
/// Makes a damaged journal readable again: each damaged segment is moved aside and replaced by a copy of what can be read
/// of it. Frames keep their LSNs, and a gap frame stands for those that are lost.
/// </summary>
/// <remarks>
/// It may be interrupted at any point and run again. A segment's copy is complete on the disk before the damaged file
/// loses its name, and while it has no name of its own every reader refuses the journal.
/// </remarks>
public sealed class JournalRepairer
{
    private readonly IJournalDirectory _journal;
    private readonly ulong _flushedLsnAtLeast;
    private readonly byte[] _buffer = new byte[1 << 20];
    private readonly List<JournalLoss> _losses = [];
    private readonly List<string> _movedAside = [];
    private readonly List<string> _actions = [];
    private long _framesKept;
    private uint _dictionaries;
    private JournalCut? _tornEnd;

    private JournalRepairer(IJournalDirectory journal, ulong flushedLsnAtLeast)
    {
        _journal = journal;
        _flushedLsnAtLeast = flushedLsnAtLeast;
    }

    /// <summary>Repairs the journal in a folder that nobody has open.</summary>
    /// <param name="journal">The folder.</param>
    /// <param name="flushedLsnAtLeast">
    /// An LSN that a snapshot or the database knows to have been on the disk; 0 for none. If the journal ends before it, a
    /// gap is written up to it, so that no LSN is ever used for two frames.
    /// </param>
    /// <exception cref="GridStorageException">A segment is of a newer version, or the disk refused.</exception>
    public static JournalRepairReport Repair(IJournalDirectory journal, ulong flushedLsnAtLeast = 0)
    {
        var repair = new JournalRepairer(journal, flushedLsnAtLeast);
        try
        {
            repair.FinishInterrupted();
            repair.CorrectNames();
            repair.RepairSegments();
        }
        catch (Exception failure) when (DiskFailure.Is(failure))
        {
            throw DiskFailure.Explain(
                $"journal '{journal.Path}' cannot be repaired; what was done so far is safe, run it again", failure);
        }

        return new JournalRepairReport(
            repair._losses, repair._movedAside, repair._actions, repair._framesKept, repair._tornEnd);
    }

    private void FinishInterrupted()
    {
        foreach (var copy in _journal.List().Where(name => name.EndsWith(SegmentName.RepairSuffix, StringComparison.Ordinal)))
        {
            var name = copy[..^SegmentName.RepairSuffix.Length];
            if (_journal.Exists(name))
            {
                // The copy may not be complete. It is made again.
                _journal.Delete(copy);
            }
            else
            {
                _journal.Rename(copy, name);
                _actions.Add($"an interrupted repair of '{name}' was finished");
            }

            _journal.Flush();
        }
    }

    private void CorrectNames()
    {
        foreach (var name in _journal.List())
        {
            if (!SegmentName.TryParse(name, out var firstLsn))
            {
                continue;
            }

            using var file = _journal.OpenRead(name);
            SegmentScanner.TryReadHeader(file, firstLsn, out var header, out _, skipsUnreadable: true);
            if (header.FirstLsn > 0 && header.FirstLsn != firstLsn && !_journal.Exists(SegmentName.Of(header.FirstLsn)))
            {
                _journal.Rename(name, SegmentName.Of(header.FirstLsn));
                _journal.Flush();
                _actions.Add($"'{name}' was renamed to '{SegmentName.Of(header.FirstLsn)}', which is what its header says");
            }
        }
    }

    private void RepairSegments()
    {
        var lsns = SegmentList.Read(_journal, out _);
        if (lsns.Count == 0 && _flushedLsnAtLeast > 0)
        {
            FillMissing(1, _flushedLsnAtLeast);
        }

        ulong expectedLsn = 0;
        for (var i = 0; i < lsns.Count; i++)
        {
            if (i > 0 && expectedLsn < lsns[i])
            {
                FillMissing(expectedLsn, lsns[i] - 1);
            }

            expectedLsn = Repair(lsns[i], i + 1 < lsns.Count ? lsns[i + 1] : 0);
        }
    }

    // A segment that consists of a gap, in the place of one that is not there.
    private void FillMissing(ulong firstLsn, ulong lastLsn)
    {
        var loss = new JournalLoss(_journal.Path, 0, 0, firstLsn, lastLsn, "the segment is missing");
        var name = SegmentName.Of(firstLsn);
        var header = new SegmentHeader(firstLsn, default, SegmentHeader.RandomSalt(), _dictionaries);
        using (var segment = SegmentWriter.Begin(_journal.CreateTemporary(name), header, _buffer))
        {
            AppendGap(segment, loss);
            segment.Seal();
        }

        _journal.PublishTemporary(name);
        _losses.Add(loss);
        _actions.Add($"'{name}' was created with a gap in the place of the segment that is missing");
    }

    // Looks first, and copies only what is damaged. Returns the LSN after all that the segment stands for.
    private ulong Repair(ulong firstLsn, ulong nextSegmentLsn)
    {
        using var salvage = SegmentSalvage.Open(_journal, firstLsn, nextSegmentLsn, _flushedLsnAtLeast, _dictionaries);
        var isDamaged = salvage.HeaderFault is not null;
        _dictionaries = Math.Max(_dictionaries, salvage.Header.Dictionaries);
        while (salvage.TryNext(out var piece))
        {
            isDamaged |= piece.Loss is not null;
            _dictionaries = Math.Max(_dictionaries, piece.Header.Dictionary);
        }

        if (isDamaged || salvage.Overlaps)
        {
            Replace(firstLsn, nextSegmentLsn);
        }

        _tornEnd = salvage.TornEnd;
        return salvage.NextLsn;
    }

    private void Replace(ulong firstLsn, ulong nextSegmentLsn)
    {
        var name = SegmentName.Of(firstLsn);
        var copy = name + SegmentName.RepairSuffix;
        using (var salvage = SegmentSalvage.Open(_journal, firstLsn, nextSegmentLsn, _flushedLsnAtLeast, _dictionaries))
        using (var segment = SegmentWriter.Begin(_journal.Create(copy), salvage.Header, _buffer))
        {
            var kept = Copy(salvage, segment);
            segment.Seal();
            _framesKept += kept;
            _actions.Add($"{kept} frames of '{name}' were copied");
        }

        _journal.Flush();
        var aside = NameAside(name);
        _journal.Rename(name, aside);
        _journal.Flush();
        _journal.Rename(copy, name);
        _journal.Flush();
        _movedAside.Add(aside);
        _actions.Add($"the damaged segment is now '{aside}'");
    }

    private long Copy(SegmentSalvage salvage, SegmentWriter segment)
    {
        var frames = 0L;
        JournalLoss? gap = null;
        while (salvage.TryNext(out var piece))
        {
            if (piece.Loss is not null)
            {
                gap = gap?.Join(piece.Loss) ?? piece.Loss;
                continue;
            }

            CloseGap(segment, ref gap);
            segment.Append(piece.Header, piece.Payload, default);
            frames++;
        }

        CloseGap(segment, ref gap);
        return frames;
    }

    private void CloseGap(SegmentWriter segment, ref JournalLoss? gap)
    {
        if (gap is not null)
        {
            AppendGap(segment, gap);
            _losses.Add(gap);
            gap = null;
        }
    }

    private static void AppendGap(SegmentWriter segment, JournalLoss loss)
    {
        Span<byte> payload = stackalloc byte[GapPayload.Bytes];
        GapPayload.Write(payload, loss.LastLsn, loss.Bytes);
        var header = new FrameHeader(0, GapPayload.Bytes, loss.FirstLsn, loss.FirstLsn - 1, JournalFrameType.Gap, 0, 0, 0);
        segment.Append(header, payload, default);
    }

    private string NameAside(string name)
    {
        var aside = name + SegmentName.DamagedSuffix;
        for (var i = 2; _journal.Exists(aside); i++)
        {
            aside = $"{name}{SegmentName.DamagedSuffix}{i}";
        }

        return aside;
    }
}
