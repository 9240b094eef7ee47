using Grid.Domain.Identifiers;

namespace Grid.Storage.HotStore;

/// <summary>
/// The newest end of a series in a hot store: the caller keeps it beside the state of what the series is about, and
/// saves it in snapshots. The default value is an empty series. A copy is a view of the series at that moment.
/// </summary>
/// <remarks>
/// 32 bytes, saved as they are. Whoever copies it while its writer appends must see to it that the copy is not torn.
/// </remarks>
public struct HotChain
{
    // Logical offset of the newest block; 0 if there is none, and then all else is 0.
    internal long Block;

    // Of the newest block: bytes in use (header included), rows, log2 of its size, earliest and latest event time.
    internal ushort Used;
    internal ushort Count;
    internal byte CapacityLog2;

    // Minutes, rounded up, by which the latest time of all older blocks is after the newest block's first: 0 where times ascend,
    // the most there is where it is not known. Tells of the older blocks once the newest is dropped, and its header with it.
    internal ushort OlderLeadMinutes;
    internal long MinTime;
    internal long MaxTime;

    /// <summary>True if nothing was ever appended.</summary>
    public readonly bool IsEmpty => Block == 0;

    internal readonly int Free => (CapacityLog2 == 0 ? 0 : 1 << CapacityLog2) - Used;

    // The latest time that the newest block and all older ones may have.
    internal readonly long LatestTime => OlderLeadMinutes == ushort.MaxValue
        ? long.MaxValue
        : MaxTime + Math.Min(OlderLeadMinutes * UnixNanos.PerMinute, long.MaxValue - Math.Max(MaxTime, 0));

    // A new block, with its size, where its rows begin and as MaxTime the latest time of older blocks set, has its first row.
    internal void Begin(int bytes, long time)
    {
        var lead = Int128.Max(0, (Int128)MaxTime - time);
        OlderLeadMinutes = (ushort)Int128.Min((lead + UnixNanos.PerMinute - 1) / UnixNanos.PerMinute, ushort.MaxValue);
        Used += (ushort)bytes;
        Count = 1;
        MinTime = MaxTime = time;
    }

    // A row was written behind the others.
    internal void Grow(int bytes, long time)
    {
        Used += (ushort)bytes;
        Count++;
        MinTime = Math.Min(MinTime, time);
        MaxTime = Math.Max(MaxTime, time);
    }
}
