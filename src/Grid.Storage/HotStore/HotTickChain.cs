using System.Runtime.CompilerServices;
using Grid.Domain.Events;

namespace Grid.Storage.HotStore;

/// <summary>
/// The newest end of an instrument's ticks in a hot store: a <see cref="HotChain"/> with what the next tick is coded
/// against. The default value is an instrument without ticks. A copy is a view of the ticks at that moment.
/// </summary>
/// <remarks>
/// 128 bytes, saved as they are. Sources, channels and venues stand in the store as this process's numbers: names must get the same numbers
/// again when the chain is read from a snapshot.
/// </remarks>
public struct HotTickChain
{
    internal HotChain Chain;

    // Of the newest block: its lowest and highest sequence.
    internal ulong MinSequence;
    internal ulong MaxSequence;

    // The newest block's last tick; all zero but the instrument while the block has none.
    internal MarketEvent Previous;

    /// <summary>True if nothing was ever appended.</summary>
    public readonly bool IsEmpty => Chain.IsEmpty;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Grow(int bytes, in MarketEvent e)
    {
        Chain.Grow(bytes, e.EventTime.Value);
        MinSequence = Math.Min(MinSequence, e.Sequence);
        MaxSequence = Math.Max(MaxSequence, e.Sequence);
    }

    // A new block has its first row.
    internal void Begin(int bytes, in MarketEvent e)
    {
        Chain.Begin(bytes, e.EventTime.Value);
        MinSequence = MaxSequence = e.Sequence;
    }
}
