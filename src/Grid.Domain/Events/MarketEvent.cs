using System.Runtime.InteropServices;
using Grid.Domain.Identifiers;

namespace Grid.Domain.Events;

/// <summary>
/// One market event as 80 bytes. Numbers of names are process-local (<see cref="GridNames"/>); prices are scaled by
/// 1e-9, sizes by 1e-8, times are nanoseconds since 1970 UTC.
/// </summary>
/// <remarks>
/// The four last fields by kind: Trade: price, size, 0, 0. Quote and Run: bid price, bid size, ask price, ask size (a side
/// whose flag is not set is 0). Correct: new price, new size, 0, sequence of the amended event. Cancel: 0, 0, 0,
/// sequence of the amended event. Definition: 0, 0, 0, 0.
/// </remarks>
[StructLayout(LayoutKind.Explicit, Size = 80)]
public struct MarketEvent
{
    /// <summary>What the event says.</summary>
    [FieldOffset(0)]
    public EventKind Kind;

    /// <summary>Marks.</summary>
    [FieldOffset(1)]
    public EventFlags Flags;

    /// <summary>The feed that sent it.</summary>
    [FieldOffset(2)]
    public SourceId Source;

    /// <summary>What it is about.</summary>
    [FieldOffset(4)]
    public InstrumentId Instrument;

    /// <summary>The source's channel.</summary>
    [FieldOffset(8)]
    public ChannelId Channel;

    /// <summary>The source's session: a date as yyyymmdd, or a number that grows.</summary>
    [FieldOffset(12)]
    public uint Session;

    /// <summary>Condition bits as the source defines them.</summary>
    [FieldOffset(16)]
    public uint Conditions;

    /// <summary>Where it happened.</summary>
    [FieldOffset(20)]
    public VenueId Venue;

    /// <summary>Of a Run or Definition: index of its wider part in the batch. Otherwise 0.</summary>
    [FieldOffset(22)]
    public ushort Detail;

    /// <summary>The source's number in (source, channel, session); 0 if it gives none.</summary>
    [FieldOffset(24)]
    public ulong Sequence;

    /// <summary>When it happened, by the source.</summary>
    [FieldOffset(32)]
    public UnixNanos EventTime;

    /// <summary>When Grid received it.</summary>
    [FieldOffset(40)]
    public UnixNanos ReceiveTime;

    /// <summary>First field of the kind.</summary>
    [FieldOffset(48)]
    public long F0;

    /// <summary>Second field of the kind.</summary>
    [FieldOffset(56)]
    public long F1;

    /// <summary>Third field of the kind.</summary>
    [FieldOffset(64)]
    public long F2;

    /// <summary>Fourth field of the kind.</summary>
    [FieldOffset(72)]
    public long F3;

    /// <summary>Price of a Trade or Correct.</summary>
    public readonly Price Price => new(F0);

    /// <summary>Size of a Trade or Correct.</summary>
    public readonly Quantity Size => new(F1);

    /// <summary>Bid price of a Quote or Run.</summary>
    public readonly Price BidPrice => new(F0);

    /// <summary>Bid size of a Quote or Run.</summary>
    public readonly Quantity BidSize => new(F1);

    /// <summary>Ask price of a Quote or Run.</summary>
    public readonly Price AskPrice => new(F2);

    /// <summary>Ask size of a Quote or Run.</summary>
    public readonly Quantity AskSize => new(F3);

    /// <summary>Sequence that a Cancel or Correct amends, in the event's own source, channel and session.</summary>
    public readonly ulong AmendedSequence => (ulong)F3;

    /// <summary>True if any of the given flags is set.</summary>
    public readonly bool Has(EventFlags flags) => (Flags & flags) != EventFlags.None;
}
