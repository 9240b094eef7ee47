using Grid.Domain.Identifiers;

namespace Grid.Cli.Bench;

/// <summary>What a <see cref="SyntheticMarket"/> is like.</summary>
internal sealed record SyntheticMarketOptions
{
    /// <summary>Instruments, named S00001 and on; the first trades most.</summary>
    public int Instruments { get; init; } = 5_000;

    /// <summary>Letters before the number of a symbol.</summary>
    public string SymbolPrefix { get; init; } = "S";

    /// <summary>The feed's name.</summary>
    public string Source { get; init; } = "synthetic";

    /// <summary>The feed's channel. Sequence numbers start at 1, so a channel serves one market a day.</summary>
    public string Channel { get; init; } = "market";

    /// <summary>Makes the events; the same seed makes the same ones.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Event time of the first event; its date is the session.</summary>
    public required UnixNanos Start { get; init; }

    /// <summary>Mean time between events in nanoseconds; half of the events share the time of the one before.</summary>
    public long SpacingNs { get; init; } = 100;

    /// <summary>Trades per 1,000 events; the others are quotes with both sides.</summary>
    public int TradesPerMille { get; init; } = 400;

    /// <summary>Events per 1,000 that are sent up to <see cref="LateByEventsMax"/> events after their turn.</summary>
    public int LatePerMille { get; init; } = 10;

    /// <summary>Events per 1,000 that are sent a second time, up to <see cref="LateByEventsMax"/> events later.</summary>
    public int DuplicatesPerMille { get; init; } = 5;

    /// <summary>How many events later a late event or a duplicate comes at most. A power of two; below the dedup window's 1,024 ranges.</summary>
    public int LateByEventsMax { get; init; } = 512;

    /// <summary>True if the source declares that its sequence numbers have no holes.</summary>
    public bool IsContiguous { get; init; }
}
