using Grid.Domain.Identifiers;

namespace Grid.Cli.Bench;

/// <summary>What must be known of one instrument of a <see cref="SyntheticMarket"/> when all its events have been applied.</summary>
internal struct ExpectedInstrument
{
    /// <summary>The instrument in the producer's numbers.</summary>
    public InstrumentId Number;

    /// <summary>Trades, duplicates not counted.</summary>
    public long Trades;

    /// <summary>Quotes, duplicates not counted.</summary>
    public long Quotes;

    /// <summary>Sum of the trades' sizes in whole units.</summary>
    public long VolumeUnits;

    /// <summary>Sum of price times size; price scaled by 1e-9, size in whole units.</summary>
    public Int128 NotionalRaw;

    /// <summary>First price.</summary>
    public Price Open;

    /// <summary>Highest price.</summary>
    public Price High;

    /// <summary>Lowest price.</summary>
    public Price Low;

    /// <summary>The newest trade.</summary>
    public Price LastPrice;

    /// <summary>Its size.</summary>
    public Quantity LastSize;

    /// <summary>Its sequence number.</summary>
    public ulong LastSequence;

    /// <summary>Its time.</summary>
    public UnixNanos LastTime;

    /// <summary>The newest quote's bid.</summary>
    public Price Bid;

    /// <summary>The newest quote's bid size.</summary>
    public Quantity BidSize;

    /// <summary>The newest quote's ask.</summary>
    public Price Ask;

    /// <summary>The newest quote's ask size.</summary>
    public Quantity AskSize;

    /// <summary>The newest quote's time.</summary>
    public UnixNanos QuoteTime;

    /// <summary>Sum of sizes as the grid keeps it.</summary>
    public readonly Int128 Volume => (Int128)VolumeUnits * Quantity.One;

    /// <summary>Sum of price times size as the grid keeps it.</summary>
    public readonly Int128 Notional => NotionalRaw * Quantity.One;
}
