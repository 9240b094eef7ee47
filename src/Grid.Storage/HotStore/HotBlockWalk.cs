namespace Grid.Storage.HotStore;

/// <summary>The blocks of a chain, newest first, until its beginning or what has been dropped. Keeps what it has seen readable until it is disposed of.</summary>
internal sealed unsafe class HotBlockWalk : IDisposable
{
    private readonly HotLog _log;
    private readonly HotBlockKind _kind;

    // Extents entered, newest first: offsets of a chain only fall, so no extent is entered twice.
    private readonly List<HotExtent> _entered = [];
    private HotChain _newest;
    private HotBlockView _current;
    private long _next;
    private bool _isFirst;

    public HotBlockWalk(HotLog log, HotBlockKind kind, in HotChain newest)
    {
        _log = log;
        _kind = kind;
        Restart(in newest);
    }

    /// <summary>Walks another chain, or the same again, after <see cref="Dispose"/>.</summary>
    public void Restart(in HotChain newest)
    {
        _newest = newest;
        _next = newest.Block;
        _isFirst = true;
        IsTruncated = false;
        OlderMaxTime = newest.IsEmpty ? long.MinValue : long.MaxValue;
    }

    /// <summary>The block that <see cref="MoveNext"/> came to.</summary>
    public ref readonly HotBlockView Current => ref _current;

    /// <summary>Where the current block lies in the store.</summary>
    public long CurrentOffset { get; private set; }

    /// <summary>Latest time in the blocks that are still to come.</summary>
    public long OlderMaxTime { get; private set; }

    /// <summary>True once the walk has come to a block that was dropped.</summary>
    public bool IsTruncated { get; private set; }

    /// <summary>Goes to the next older block; false if there is none.</summary>
    /// <exception cref="GridStorageException">The block is damaged.</exception>
    public bool MoveNext()
    {
        if (_next == 0 || IsTruncated)
        {
            return false;
        }

        var extent = Enter(_next);
        if (extent is null)
        {
            IsTruncated = true;
            return false;
        }

        View(extent);
        return true;
    }

    public void Dispose()
    {
        foreach (var extent in _entered)
        {
            extent.Release();
        }

        _entered.Clear();
    }

    private HotExtent? Enter(long offset)
    {
        if (_entered.Count > 0 && _log.IsInside(_entered[^1], offset))
        {
            return _entered[^1];
        }

        var extent = _log.TryAcquire(offset);
        if (extent is not null)
        {
            _entered.Add(extent);
        }

        return extent;
    }

    private void View(HotExtent extent)
    {
        var inside = _log.InsideExtent(_next, HotBlock.SmallestBytes);
        if (inside < 0)
        {
            throw new GridStorageException($"{_next} is no offset of a block in the hot store");
        }

        ref readonly var header = ref *(HotBlockHeader*)(extent.Address + inside);
        var used = _isFirst ? _newest.Used : header.Used;
        var rowsAt = _kind == HotBlockKind.Ticks ? HotBlock.TickRowsAt : HotBlock.RecordRowsAt;
        if (header.Kind != _kind || header.Previous < 0 || header.Previous >= _next || !HotBlock.IsSize(header.CapacityLog2)
            || used <= rowsAt || used > 1 << header.CapacityLog2 || _log.InsideExtent(_next, 1 << header.CapacityLog2) < 0)
        {
            throw HotBlockView.Damaged(extent, inside, "no block begins like this");
        }

        _current = new HotBlockView
        {
            Rows = extent.Address + inside + rowsAt,
            End = extent.Address + inside + used,
            Count = _isFirst ? _newest.Count : header.Count,
            RecordBytes = header.RecordBytes,
            MinTime = _isFirst ? _newest.MinTime : header.MinTime,
            MaxTime = _isFirst ? _newest.MaxTime : header.MaxTime,
            OlderMaxTime = header.OlderMaxTime,
            MinSequence = _isFirst ? 0 : header.MinSequence,
            MaxSequence = _isFirst ? ulong.MaxValue : header.MaxSequence,
            Extent = extent,
        };
        OlderMaxTime = header.OlderMaxTime;
        CurrentOffset = _next;
        _next = header.Previous;
        _isFirst = false;
    }
}
