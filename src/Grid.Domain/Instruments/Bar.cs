using Grid.Domain.Identifiers;

namespace Grid.Domain.Instruments;

/// <summary>A finished view of one interval: prices and sums of its trades, and the quote in force at its end.</summary>
public struct Bar
{
    /// <summary>Start of the interval.</summary>
    public UnixNanos Start;

    /// <summary>
    /// True if a print that counts for last, or for high and low, fell into the interval; else the four prices are 0. Without
    /// one that counts for last, open and close are the low; without one for high and low, they are those of open and close.
    /// </summary>
    public bool HasPrices;

    /// <summary>First price by event order.</summary>
    public Price Open;

    /// <summary>Highest price.</summary>
    public Price High;

    /// <summary>Lowest price.</summary>
    public Price Low;

    /// <summary>Last price by event order.</summary>
    public Price Close;

    /// <summary>Sum of sizes, scaled by 1e-8.</summary>
    public Int128 Volume;

    /// <summary>Sum of price times size, scaled by 1e-17; where it does not fit 128 bits (1.7e21 units of currency), the nearest that does.</summary>
    public Int128 Notional;

    /// <summary>Prints that count for volume.</summary>
    public long Count;

    /// <summary>Best bid over sources in force at the end of the interval.</summary>
    public Side Bid;

    /// <summary>Best ask over sources in force at the end of the interval.</summary>
    public Side Ask;

    /// <summary>Volume-weighted average price, rounded half to even at 1e-9; 0 without volume.</summary>
    public readonly Price Vwap => AveragePrice.Of(Notional, Volume);
}

/// <summary>Lengths of bars that can be asked for, in nanoseconds. All but one second derive from one-minute bars.</summary>
public static class BarInterval
{
    /// <summary>The names and lengths, shortest first.</summary>
    public static readonly IReadOnlyList<KeyValuePair<string, long>> All =
    [
        new("1s", UnixNanos.PerSecond), new("1m", UnixNanos.PerMinute), new("5m", 5 * UnixNanos.PerMinute),
        new("15m", 15 * UnixNanos.PerMinute), new("1h", 60 * UnixNanos.PerMinute), new("1d", UnixNanos.PerDay),
    ];

    /// <summary>The length of a named interval in nanoseconds; false if there is none of that name.</summary>
    public static bool TryParse(string? name, out long intervalNs)
    {
        foreach (var (known, length) in All)
        {
            if (known == name)
            {
                intervalNs = length;
                return true;
            }
        }

        intervalNs = 0;
        return false;
    }
}
