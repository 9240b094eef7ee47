using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;

namespace Grid.Domain.Instruments;

/// <summary>A cancel or correction, as it is kept beside the trades.</summary>
/// <param name="Domain">The sequence domain that it and its trade share.</param>
/// <param name="Sequence">Its own number.</param>
/// <param name="Amends">The number it amends: a trade's, or another amendment's.</param>
/// <param name="IsCancel">True if the trade did not happen.</param>
/// <param name="Price">Corrected price.</param>
/// <param name="Size">Corrected size.</param>
/// <param name="Time">When it was sent.</param>
public readonly record struct Amendment(SequenceDomain Domain, ulong Sequence, ulong Amends, bool IsCancel, Price Price, Quantity Size, UnixNanos Time)
{
    /// <summary>The amendment that an event says.</summary>
    public static Amendment Of(in MarketEvent e) =>
        new(SequenceDomain.Of(in e), e.Sequence, e.AmendedSequence, e.Kind == EventKind.Cancel, e.Price, e.Size, e.EventTime);

    // The higher sequence holds; events without one go by time, then by content, never by arrival.
    internal bool Outranks(in Amendment other)
    {
        var order = Sequence.CompareTo(other.Sequence);
        order = order != 0 ? order : Time.CompareTo(other.Time);
        order = order != 0 ? order : IsCancel.CompareTo(other.IsCancel);
        order = order != 0 ? order : Price.CompareTo(other.Price);
        return (order != 0 ? order : Size.CompareTo(other.Size)) > 0;
    }
}

/// <summary>
/// The cancels and corrections of one instrument. One that comes before its trade waits for it; a chain (a correction of a
/// correction) resolves to the amendment with the highest sequence, whatever the order of arrival.
/// </summary>
public sealed class Amendments
{
    // Amendments that are this much older than the newest make room when the table is full.
    private const long AgeMaxNs = 2 * UnixNanos.PerDay;

    private readonly Dictionary<(SequenceDomain Domain, ulong Amends), List<Amendment>> _byAmended = [];
    private readonly HashSet<(SequenceDomain Domain, ulong Sequence)> _waiting = [];

    // By the number of an amendment: what those of that number amend. One of number 0 cannot be amended.
    private readonly Dictionary<(SequenceDomain Domain, ulong Sequence), List<ulong>> _amendedBy = [];
    private int _count;

    // When none could be dropped last: what history had dropped, and how many amendments were old. While both are the same, none can be.
    private (long Dropped, int Old) _full = (0, -1);

    /// <summary>Amendments held.</summary>
    public int Count => _count;

    /// <summary>True if the trade of some amendment was neither found in history nor has come since.</summary>
    public bool HasPending => _waiting.Count > 0;

    /// <summary>True if this very amendment is held.</summary>
    public bool Holds(in Amendment amendment) =>
        _byAmended.TryGetValue((amendment.Domain, amendment.Amends), out var list) && list.Contains(amendment);

    /// <summary>
    /// Keeps an amendment; false if the table is full. Room is made by old ones of which history no longer holds the trade:
    /// others must stay, or a cancelled trade would count again.
    /// </summary>
    public bool TryAdd(in Amendment amendment, InstrumentHistory? history = null)
    {
        if (Holds(in amendment))
        {
            return true;
        }

        if (_count >= GridLimits.AmendmentsMax)
        {
            Drop(FindOld(amendment.Time, history), OldestKept(amendment.Time));
            if (_count >= GridLimits.AmendmentsMax)
            {
                return false;
            }
        }

        var key = (amendment.Domain, amendment.Amends);
        if (!_byAmended.TryGetValue(key, out var list))
        {
            _byAmended[key] = list = [];
        }

        list.Add(amendment);
        _count++;
        if (amendment.Sequence != 0)
        {
            if (!_amendedBy.TryGetValue((amendment.Domain, amendment.Sequence), out var amended))
            {
                _amendedBy[(amendment.Domain, amendment.Sequence)] = amended = new List<ulong>(1);
            }

            amended.Add(amendment.Amends);
        }

        return true;
    }

    /// <summary>True if an amendment sent at a time can be kept, be it in the place of older ones.</summary>
    public bool HasRoom(UnixNanos time, InstrumentHistory? history = null) => _count < GridLimits.AmendmentsMax || FindOld(time, history).Count > 0;

    /// <summary>The numbers at whose trades an amendment arrives over chains, as far as these are known: what it amends, what that amends, and so on.</summary>
    public HashSet<ulong> ReachedBy(in Amendment amendment) => ReachedFrom(amendment.Domain, amendment.Amends);

    /// <summary>The number of the trade at the root of an amendment's chain, as far as the chain is known.</summary>
    public ulong RootOf(in Amendment amendment)
    {
        var root = amendment.Amends;
        var passed = new HashSet<ulong>();
        while (passed.Add(root) && _amendedBy.TryGetValue((amendment.Domain, root), out var amended))
        {
            root = amended.Min();
        }

        return root;
    }

    /// <summary>Notes whether the trade at the root of a chain is known.</summary>
    public void SetPending(in SequenceDomain domain, ulong root, bool isPending)
    {
        if (isPending)
        {
            _waiting.Add((domain, root));
        }
        else
        {
            _waiting.Remove((domain, root));
        }
    }

    /// <summary>A trade as it counts: false if it was cancelled; corrected in place if it was corrected.</summary>
    public bool TryAmend(ref MarketEvent trade)
    {
        if (!TryResolve(SequenceDomain.Of(in trade), trade.Sequence, out var effective))
        {
            return true;
        }

        trade.F0 = effective.Price.Raw;
        trade.F1 = effective.Size.Raw;
        return !effective.IsCancel;
    }

    /// <summary>A copy that another thread may read.</summary>
    public Amendments Copy()
    {
        var copy = new Amendments();
        foreach (var amendment in _byAmended.Values.SelectMany(list => list))
        {
            copy.TryAdd(in amendment);
        }

        return copy;
    }

    internal void Save(StateWriter writer)
    {
        writer.Put(_count);
        foreach (var amendment in _byAmended.Values.SelectMany(list => list))
        {
            writer.Put(amendment);
        }

        writer.Put<(SequenceDomain, ulong)>(_waiting.ToArray());
    }

    internal static Amendments Load(ref StateReader reader)
    {
        var loaded = new Amendments();
        for (var left = reader.TakeCount(GridLimits.AmendmentsMax); left > 0; left--)
        {
            loaded.TryAdd(reader.Take<Amendment>());
        }

        foreach (var key in reader.TakeArray<(SequenceDomain, ulong)>(GridLimits.AmendmentsMax))
        {
            loaded._waiting.Add(key);
        }

        return loaded;
    }

    internal void VisitNames(NameVisitor visitor)
    {
        var held = _byAmended.Values.SelectMany(list => list).Select(a => a with { Domain = visitor.Visited(a.Domain) }).ToList();
        var waiting = _waiting.Select(w => (visitor.Visited(w.Domain), w.Sequence)).ToList();
        _byAmended.Clear();
        _amendedBy.Clear();
        _count = 0;
        foreach (var amendment in held)
        {
            TryAdd(in amendment);
        }

        _waiting.Clear();
        _waiting.UnionWith(waiting);
    }

    // Of all amendments that reach a number over chains, each looked at once, the one that outranks the others.
    private bool TryResolve(in SequenceDomain domain, ulong sequence, out Amendment effective)
    {
        effective = default;
        if (!_byAmended.TryGetValue((domain, sequence), out var list))
        {
            return false;
        }

        effective = list[0];
        var reached = new HashSet<ulong> { sequence, 0 };
        var open = new Stack<List<Amendment>>();
        do
        {
            foreach (var amendment in list)
            {
                effective = amendment.Outranks(in effective) ? amendment : effective;
                if (reached.Add(amendment.Sequence) && _byAmended.TryGetValue((domain, amendment.Sequence), out var later))
                {
                    open.Push(later);
                }
            }
        }
        while (open.TryPop(out list));
        return true;
    }

    private static long OldestKept(UnixNanos time) => time.Value < long.MinValue + AgeMaxNs ? long.MinValue : time.Value - AgeMaxNs;

    private HashSet<ulong> ReachedFrom(SequenceDomain domain, ulong sequence)
    {
        var reached = new HashSet<ulong> { sequence };
        var open = new Stack<ulong>([sequence]);
        while (open.TryPop(out var number))
        {
            foreach (var amended in _amendedBy.GetValueOrDefault((domain, number)) ?? [])
            {
                if (reached.Add(amended))
                {
                    open.Push(amended);
                }
            }
        }

        return reached;
    }

    // The keys of amendments that may be dropped for one of a time: old, and no tick that is kept has a number that they reach.
    private List<(SequenceDomain Domain, ulong Amends)> FindOld(UnixNanos time, InstrumentHistory? history)
    {
        var oldestKept = OldestKept(time);
        var old = _byAmended.Values.Sum(list => list.Count(a => a.Time.Value < oldestKept));
        if (history is null || old == 0 || _full == (history.Dropped, old))
        {
            return [];
        }

        var live = new List<SequenceRange>();
        history.ReadSequences(live);
        var last = ulong.MinValue;
        var ranges = live.OrderBy(r => r.First).Select(r => new SequenceRange(r.First, last = Math.Max(last, r.Last))).ToArray();
        var found = _byAmended
            .Where(p => p.Value.Exists(a => a.Time.Value < oldestKept) && !ReachedFrom(p.Key.Domain, p.Key.Amends).Any(n => IsIn(ranges, n)))
            .Select(p => p.Key).ToList();
        _full = found.Count == 0 ? (history.Dropped, old) : (0, -1);
        return found;
    }

    // The ranges are ascending by their beginning; each ends where the farthest so far does.
    private static bool IsIn(SequenceRange[] ranges, ulong sequence)
    {
        var (low, high) = (0, ranges.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = ranges[middle].First <= sequence ? (middle + 1, high) : (low, middle);
        }

        return low > 0 && sequence <= ranges[low - 1].Last;
    }

    private void Drop(List<(SequenceDomain Domain, ulong Amends)> keys, long timeNs)
    {
        foreach (var key in keys)
        {
            var list = _byAmended[key];
            foreach (var amendment in list.Where(a => a.Time.Value < timeNs && a.Sequence != 0))
            {
                var amended = _amendedBy[(key.Domain, amendment.Sequence)];
                amended.Remove(key.Amends);
                if (amended.Count == 0)
                {
                    _amendedBy.Remove((key.Domain, amendment.Sequence));
                }
            }

            _count -= list.RemoveAll(a => a.Time.Value < timeNs);
            if (list.Count == 0)
            {
                _byAmended.Remove(key);
                _waiting.Remove(key);
            }
        }
    }
}
