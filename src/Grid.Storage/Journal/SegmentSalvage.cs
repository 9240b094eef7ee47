namespace Grid.Storage.Journal;

/// <summary>A piece of a segment that may be damaged: a frame that is good, or a stretch that is lost.</summary>
internal readonly ref struct SalvagePiece
{
    public SalvagePiece(scoped in FrameHeader header, ReadOnlySpan<byte> payload)
    {
        Header = header;
        Payload = payload;
    }

    public SalvagePiece(JournalLoss loss) => Loss = loss;

    /// <summary>What is lost; null if the piece is a frame.</summary>
    public JournalLoss? Loss { get; }

    public FrameHeader Header { get; }

    /// <summary>The frame's payload, until the next piece is taken.</summary>
    public ReadOnlySpan<byte> Payload { get; }
}

/// <summary>
/// Reads through a segment whatever is wrong with it, and accounts for every LSN it should hold: each is in a frame or in
/// a loss, except those of a torn end, which nobody was promised.
/// </summary>
internal sealed class SegmentSalvage : IDisposable
{
    private readonly SegmentScanner _scanner;
    private readonly ulong _nextSegmentLsn;
    private readonly ulong _flushedLsnAtLeast;
    private readonly SegmentNames _names = new();
    private ulong _lostThrough;

    private SegmentSalvage(SegmentScanner scanner, string? headerFault, ulong nextSegmentLsn, ulong flushedLsnAtLeast)
    {
        _scanner = scanner;
        _nextSegmentLsn = nextSegmentLsn;
        _flushedLsnAtLeast = flushedLsnAtLeast;
        HeaderFault = headerFault;
    }

    /// <summary>The header, or one made anew.</summary>
    public SegmentHeader Header => _scanner.Header;

    /// <summary>What is wrong with the header; null if it is good.</summary>
    public string? HeaderFault { get; }

    /// <summary>The torn end of the last segment; null if it has none, or before all pieces were taken.</summary>
    public JournalCut? TornEnd { get; private set; }

    /// <summary>True if there are frames in it, at its end, that the next segment has too.</summary>
    public bool Overlaps { get; private set; }

    /// <summary>The LSN after everything accounted for.</summary>
    public ulong NextLsn => Math.Max(_scanner.NextLsn, _lostThrough + 1);

    /// <summary>Opens a segment, with its header or without.</summary>
    /// <param name="journal">The journal's folder.</param>
    /// <param name="firstLsn">The segment's name.</param>
    /// <param name="nextSegmentLsn">Where the next segment begins; 0 if this is the last.</param>
    /// <param name="flushedLsnAtLeast">An LSN known to have been on the disk.</param>
    /// <param name="dictionaries">The highest dictionary number met before; a header made anew needs it.</param>
    public static SegmentSalvage Open(
        IJournalDirectory journal, ulong firstLsn, ulong nextSegmentLsn, ulong flushedLsnAtLeast, uint dictionaries)
    {
        var file = SegmentScanner.OpenFile(journal, firstLsn);
        try
        {
            string? headerFault = null;
            if (!SegmentScanner.TryReadHeader(file, firstLsn, out var header, out var fault, skipsUnreadable: true))
            {
                // Without the salt no frame checks out, and all of the segment will count as lost.
                headerFault = fault;
                var canBeRead = SaltSearch.TryFind(file, firstLsn, out var salt);
                header = new SegmentHeader(firstLsn, default, canBeRead ? salt : 0, dictionaries);
            }

            return new SegmentSalvage(
                new SegmentScanner(file, header, skipsUnreadable: true), headerFault, nextSegmentLsn, flushedLsnAtLeast);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Takes the next piece; false when every LSN is accounted for.</summary>
    public bool TryNext(out SalvagePiece piece)
    {
        piece = default;
        var (offset, lsn) = (_scanner.Offset, _scanner.NextLsn);
        if (_lostThrough >= lsn)
        {
            return false;
        }

        var isRead = _scanner.TryRead(out var header, out var payload);
        if (_nextSegmentLsn > 0 && lsn >= _nextSegmentLsn)
        {
            Overlaps = isRead;
            return false;
        }

        if (isRead)
        {
            piece = _names.TryTake(header, payload, out _, out var fault)
                ? new SalvagePiece(header, payload)
                : new SalvagePiece(Lost(offset, _scanner.Offset, lsn, _scanner.NextLsn - 1, fault));
            return true;
        }

        return _nextSegmentLsn > 0 ? TryPassDamage(offset, lsn, out piece) : TryPassEnd(offset, lsn, out piece);
    }

    public void Dispose() => _scanner.Dispose();

    // A segment that has a successor was whole before that was begun. If it ends cleanly and too early, it is not this
    // segment that is damaged; one that followed is missing.
    private bool TryPassDamage(long offset, ulong lsn, out SalvagePiece piece)
    {
        piece = default;
        if (_scanner.IsAtEnd && _scanner.FindEndOfNonZero() == offset)
        {
            return false;
        }

        var reason = HeaderFault ?? _scanner.Fault;
        piece = _scanner.TryResume() && _scanner.NextLsn < _nextSegmentLsn
            ? new SalvagePiece(Lost(offset, _scanner.Offset, lsn, _scanner.NextLsn - 1, reason))
            : ToEnd(offset, lsn, _nextSegmentLsn - 1, reason);
        return true;
    }

    private bool TryPassEnd(long offset, ulong lsn, out SalvagePiece piece)
    {
        piece = default;
        var tail = SegmentTail.Examine(_scanner, _flushedLsnAtLeast);
        if (tail.Kind != SegmentTailKind.Damaged && !IsUnreadableFromStart(offset))
        {
            TornEnd = tail.ToCut(_scanner.Path);
            return false;
        }

        piece = _scanner.TryResume()
            ? new SalvagePiece(Lost(offset, _scanner.Offset, lsn, _scanner.NextLsn - 1, tail.Reason))
            : ToEnd(offset, lsn, Math.Max(lsn, tail.FlushedLsn), HeaderFault is null
                ? tail.Reason
                : $"{HeaderFault}, and how many frames followed is not known");
        return true;
    }

    // Without a header not even a torn end can be told.
    private bool IsUnreadableFromStart(long offset) => HeaderFault is not null && offset == SegmentHeader.Bytes;

    private SalvagePiece ToEnd(long offset, ulong lsn, ulong lastLsn, string reason)
    {
        _scanner.Seek(offset, lsn);
        _lostThrough = lastLsn;
        return new SalvagePiece(Lost(offset, _scanner.FindEndOfNonZero(), lsn, lastLsn, reason));
    }

    private JournalLoss Lost(long from, long to, ulong firstLsn, ulong lastLsn, string reason) =>
        new(_scanner.Path, from, to - from, firstLsn, lastLsn, reason);
}
