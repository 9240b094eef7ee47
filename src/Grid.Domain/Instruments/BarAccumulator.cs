using System.Runtime.CompilerServices;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;

namespace Grid.Domain.Instruments;

/// <summary>What a print counts for, by the conditions of its source.</summary>
[Flags]
public enum CountsFor : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Open, close and the last price.</summary>
    Last = 1,

    /// <summary>High and low.</summary>
    HighLow = 2,

    /// <summary>Volume, notional and count.</summary>
    Volume = 4,

    /// <summary>Everything.</summary>
    All = Last | HighLow | Volume,
}

/// <summary>
/// Prices and sums of a set of trades. Adding and merging give the same whatever the order: open and close are the first
/// and last by event order, so a bar can be made in pieces and put together later.
/// </summary>
public struct BarAccumulator
{
    /// <summary>Start of the interval.</summary>
    public UnixNanos Start;

    // High and Low are only meaningful with HasHighLow, the marks of Open and Close only with HasPrices.
    private PriceMark open;
    private PriceMark close;
    private long high;
    private long low;
    private Int128 volume;
    private Int128 notional;
    private long count;

    /// <summary>True if a print that counts for last was added.</summary>
    public bool HasPrices { readonly get; private set; }

    /// <summary>True if a print that counts for high and low was added.</summary>
    public bool HasHighLow { readonly get; private set; }

    /// <summary>As a record of history: replaces what earlier records said of the same interval, instead of adding to it.</summary>
    public bool IsReplacement { readonly get; set; }

    /// <summary>Prints that counted for volume.</summary>
    public readonly long Count => count;

    /// <summary>Sum of sizes, scaled by 1e-8.</summary>
    public readonly Int128 Volume => volume;

    /// <summary>Sum of price times size, scaled by 1e-17.</summary>
    public readonly Int128 Notional => notional;

    /// <summary>True if nothing was added.</summary>
    public readonly bool IsEmpty => !HasPrices && !HasHighLow && count == 0;

    /// <summary>An empty accumulator of an interval.</summary>
    public static BarAccumulator From(UnixNanos start) => new() { Start = start };

    /// <summary>Adds a trade.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(in MarketEvent trade, CountsFor counts, EventOrder order)
    {
        if ((counts & CountsFor.Volume) != CountsFor.None)
        {
            volume += trade.F1;
            notional += Math.BigMul(trade.F0, trade.F1);
            count++;
        }

        if ((counts & CountsFor.HighLow) != CountsFor.None)
        {
            AddHighLow(trade.F0, trade.F0);
        }

        if ((counts & CountsFor.Last) != CountsFor.None)
        {
            AddPrice(new PriceMark(in trade), order);
        }
    }

    /// <summary>Adds all that another accumulator of the same interval, or of a part of it, has.</summary>
    public void Merge(in BarAccumulator other, EventOrder order)
    {
        volume += other.volume;
        notional += other.notional;
        count += other.count;
        if (other.HasHighLow)
        {
            AddHighLow(other.high, other.low);
        }

        if (other.HasPrices)
        {
            AddPrice(in other.open, order);
            AddPrice(in other.close, order);
        }
    }

    /// <summary>The prices and sums as a bar without quotes.</summary>
    public readonly Bar ToBar() => new()
    {
        Start = Start,
        HasPrices = HasPrices || HasHighLow,
        Open = new Price(HasPrices ? open.Price : HasHighLow ? low : 0),
        Close = new Price(HasPrices ? close.Price : HasHighLow ? low : 0),
        High = new Price(HasHighLow ? high : HasPrices ? Math.Max(open.Price, close.Price) : 0),
        Low = new Price(HasHighLow ? low : HasPrices ? Math.Min(open.Price, close.Price) : 0),
        Volume = volume,
        Notional = notional,
        Count = count,
    };

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AddHighLow(long highest, long lowest)
    {
        if (!HasHighLow)
        {
            high = highest;
            low = lowest;
            HasHighLow = true;
            return;
        }

        high = Math.Max(high, highest);
        low = Math.Min(low, lowest);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AddPrice(in PriceMark mark, EventOrder order)
    {
        if (!HasPrices)
        {
            open = mark;
            close = mark;
            HasPrices = true;
        }
        else if (mark.Compare(in close, order) > 0)
        {
            close = mark;
        }
        else if (mark.Compare(in open, order) < 0)
        {
            open = mark;
        }
    }

    // A price with what places its trade in the order of events; trades that tie in all of it have the same price.
    private readonly struct PriceMark(in MarketEvent trade)
    {
        public readonly long Price = trade.F0;
        private readonly UnixNanos time = trade.EventTime;
        private readonly ulong sequence = trade.Sequence;
        private readonly uint session = trade.Session;
        private readonly SourceId source = trade.Source;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public int Compare(in PriceMark other, EventOrder order) =>
            time.Value != other.time.Value ? time.Value < other.time.Value ? -1 : 1 : CompareAtSameTime(in other, order);

        [MethodImpl(MethodImplOptions.NoInlining)]
        private int CompareAtSameTime(in PriceMark other, EventOrder order)
        {
            var result = order.CompareSources(source, other.source);
            result = result != 0 ? result : session.CompareTo(other.session);
            result = result != 0 ? result : sequence.CompareTo(other.sequence);
            return result != 0 ? result : Price.CompareTo(other.Price);
        }
    }
}
