using Grid.Domain.Events;
using Grid.Domain.Identifiers;

namespace Grid.Domain.Instruments;

/// <summary>One side of a market: set with price and size, or not.</summary>
/// <param name="IsSet">False if there is no bid or no ask.</param>
/// <param name="Price">Price.</param>
/// <param name="Size">Size.</param>
/// <param name="Time">When it was set, by the source.</param>
/// <param name="Source">Who set it.</param>
public readonly record struct Side(bool IsSet, Price Price, Quantity Size, UnixNanos Time, SourceId Source);

/// <summary>What is known of an instrument now. It may show an event a moment before that event is durable.</summary>
public struct Latest
{
    /// <summary>The instrument.</summary>
    public InstrumentId Instrument;

    /// <summary>The last trade as it counts (after corrections); its kind is <see cref="EventKind.None"/> if there is none.</summary>
    public MarketEvent Last;

    /// <summary>Best bid over sources.</summary>
    public Side Bid;

    /// <summary>Best ask over sources.</summary>
    public Side Ask;

    /// <summary>Newest event time seen of any event of the instrument.</summary>
    public UnixNanos Time;

    /// <summary>Statistics of the session date of the newest trade.</summary>
    public DayStatistics Day;

    /// <summary>Grows with every applied event: to tell whether something changed.</summary>
    public ulong Version;

    /// <summary>Its ticks so far, which is the number of the newest one: definitions do not count.</summary>
    public ulong Ticks;

    /// <summary>True if there was a trade.</summary>
    public readonly bool HasLast => Last.Kind != EventKind.None;
}

/// <summary>Statistics of one session date. Sums are exact; prices scaled by 1e-9, sizes by 1e-8, notional by 1e-17.</summary>
public struct DayStatistics
{
    /// <summary>Session date as yyyymmdd; 0 if there was no trade.</summary>
    public uint Date;

    /// <summary>Prints that counted for volume.</summary>
    public long Count;

    /// <summary>First price that counts for last.</summary>
    public Price Open;

    /// <summary>Highest price that counts.</summary>
    public Price High;

    /// <summary>Lowest price that counts.</summary>
    public Price Low;

    /// <summary>Sum of sizes.</summary>
    public Int128 Volume;

    /// <summary>Sum of price times size.</summary>
    public Int128 Notional;

    /// <summary>Volume-weighted average price, rounded half to even at 1e-9; 0 without volume.</summary>
    public readonly Price Vwap => AveragePrice.Of(Notional, Volume);
}
