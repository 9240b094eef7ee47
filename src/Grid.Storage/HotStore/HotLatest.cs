namespace Grid.Storage.HotStore;

/// <summary>
/// Picks from rows that come block by block, newest block first, those with the latest times: so many, and all others
/// of the same time as the earliest of these.
/// </summary>
internal sealed class HotLatest<TRow>(int count)
{
    private const int PruneAtLeast = 4096;

    // The `count` latest times offered, earliest first out.
    private readonly PriorityQueue<int, long> _times = new();

    // Every row that may still be picked, and some that no longer can.
    private readonly List<(long Time, long Order, TRow Row)> _rows = [];
    private long _pruneAt = PruneAtLeast + (2L * count);

    // Falls with each block and grows within it, so that it orders rows as they were appended.
    private long _order;

    /// <summary>No row before this time can be picked any more.</summary>
    public long Lowest { get; private set; } = long.MinValue;

    public void BeginBlock() => _order = ((_order >> 16) - 1) << 16;

    public bool Wants(long time) => time >= Lowest;

    public void Add(long time, in TRow row)
    {
        _rows.Add((time, _order++, row));
        if (_times.Count < count)
        {
            _times.Enqueue(0, time);
        }
        else
        {
            _times.EnqueueDequeue(0, time);
        }

        if (_times.Count == count && _times.TryPeek(out _, out var lowest))
        {
            Lowest = lowest;
        }

        if (_rows.Count >= _pruneAt)
        {
            Prune();
            _pruneAt = Math.Max(_pruneAt, 2L * _rows.Count);
        }
    }

    /// <summary>The rows picked, by time, and those of one time in the order in which they were appended.</summary>
    public IEnumerable<TRow> InOrder()
    {
        Prune();
        _rows.Sort(static (a, b) => a.Time != b.Time ? a.Time.CompareTo(b.Time) : a.Order.CompareTo(b.Order));
        return _rows.Select(r => r.Row);
    }

    private void Prune() => _rows.RemoveAll(r => r.Time < Lowest);
}
