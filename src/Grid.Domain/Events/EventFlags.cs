namespace Grid.Domain.Events;

/// <summary>Marks of an event. Bits 0 to 4 come from the feed; bit 7 is set by Grid and cleared at the edge.</summary>
[Flags]
public enum EventFlags : byte
{
    /// <summary>Nothing: of a quote, neither side changes.</summary>
    None = 0,

    /// <summary>The quote's bid is set to the given price and size.</summary>
    BidSet = 0x01,

    /// <summary>The quote's bid is withdrawn.</summary>
    BidCleared = 0x02,

    /// <summary>The quote's ask is set to the given price and size.</summary>
    AskSet = 0x04,

    /// <summary>The quote's ask is withdrawn.</summary>
    AskCleared = 0x08,

    /// <summary>The source itself doubts the event; kept, and marked.</summary>
    Suspicious = 0x10,

    /// <summary>All that a feed may set.</summary>
    FromFeed = BidSet | BidCleared | AskSet | AskCleared | Suspicious,

    /// <summary>Accepted with a mark: a rule answered "flag".</summary>
    Flagged = 0x80,
}
