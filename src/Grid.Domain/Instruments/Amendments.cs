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
    private const int ChainMax = 64;

    private readonly Dictionary<(SequenceDomain Domain, ulong Amends), List<Amendment>> _byAmended = [];
    private readonly HashSet<(SequenceDomain Domain, ulong Sequence)> _waiting = [];
    private int _count;

    /// <summary>Amendments held.</summary>
    public int Count => _count;

    /// <summary>True if the trade of some amendment was neither found in history nor has come since.</summary>
    public bool HasPending => _waiting.Count > 0;

    /// <summary>Keeps an amendment; false if the table is full of recent ones.</summary>
    public bool TryAdd(in Amendment amendment)
    {
        if (_count >= GridLimits.AmendmentsMax)
        {
            DropOlderThan(amendment.Time.Value - AgeMaxNs);
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
        return true;
    }

    /// <summary>The number of the trade at the root of an amendment's chain, as far as the chain is known.</summary>
    public ulong RootOf(in Amendment amendment)
    {
        var root = amendment.Amends;
        for (var depth = 0; depth < ChainMax && TryFindBySequence(amendment.Domain, root, out var parent); depth++)
        {
            root = parent.Amends;
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
        if (!TryResolve(SequenceDomain.Of(in trade), trade.Sequence, 0, out var effective))
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

    private bool TryResolve(in SequenceDomain domain, ulong sequence, int depth, out Amendment effective)
    {
        effective = default;
        if (depth == ChainMax || !_byAmended.TryGetValue((domain, sequence), out var list))
        {
            return false;
        }

        var found = false;
        foreach (var amendment in list)
        {
            var candidate = amendment;
            if (amendment.Sequence != 0 && amendment.Sequence != sequence
                && TryResolve(in domain, amendment.Sequence, depth + 1, out var later) && later.Outranks(in candidate))
            {
                candidate = later;
            }

            if (!found || candidate.Outranks(in effective))
            {
                effective = candidate;
                found = true;
            }
        }

        return found;
    }

    private bool TryFindBySequence(SequenceDomain domain, ulong sequence, out Amendment found)
    {
        foreach (var list in _byAmended.Values)
        {
            foreach (var amendment in list)
            {
                if (amendment.Sequence == sequence && sequence != 0 && amendment.Domain == domain)
                {
                    found = amendment;
                    return true;
                }
            }
        }

        found = default;
        return false;
    }

    private void DropOlderThan(long timeNs)
    {
        foreach (var (key, list) in _byAmended.ToList())
        {
            _count -= list.RemoveAll(a => a.Time.Value < timeNs);
            if (list.Count == 0)
            {
                _byAmended.Remove(key);
                _waiting.Remove(key);
            }
        }
    }
}
