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
    private PriceMark _open;
    private PriceMark _close;
    private long _high;
    private long _low;
    private Int128 _volume;
    private Int128 _notional;
    private long _count;

    /// <summary>True if a print that counts for last was added.</summary>
    public bool HasPrices { readonly get; private set; }

    /// <summary>True if a print that counts for high and low was added.</summary>
    public bool HasHighLow { readonly get; private set; }

    /// <summary>As a record of history: replaces what earlier records said of the same interval, instead of adding to it.</summary>
    public bool IsReplacement { readonly get; set; }

    // How often the sum of notional passed either end of 128 bits, which its third trade of the largest price and size may: the
    // sum is _notional plus so many times 2^128. At the end of the struct, where records of old have nothing.
    private int _notionalWraps;

    /// <summary>Prints that counted for volume.</summary>
    public readonly long Count => _count;

    /// <summary>Sum of sizes, scaled by 1e-8.</summary>
    public readonly Int128 Volume => _volume;

    /// <summary>Sum of price times size, scaled by 1e-17; where it does not fit, the nearest that does.</summary>
    public readonly Int128 Notional => _notionalWraps == 0 ? _notional : _notionalWraps > 0 ? Int128.MaxValue : Int128.MinValue;

    /// <summary>True if nothing was added.</summary>
    public readonly bool IsEmpty => !HasPrices && !HasHighLow && _count == 0;

    /// <summary>An empty accumulator of an interval.</summary>
    public static BarAccumulator From(UnixNanos start) => new() { Start = start };

    /// <summary>Adds a trade.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(in MarketEvent trade, CountsFor counts, EventOrder order)
    {
        if ((counts & CountsFor.Volume) != CountsFor.None)
        {
            _volume += trade.F1;
            AddNotional(Math.BigMul(trade.F0, trade.F1));
            _count++;
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
        _volume += other._volume;
        AddNotional(other._notional);
        _notionalWraps += other._notionalWraps;
        _count += other._count;
        if (other.HasHighLow)
        {
            AddHighLow(other._high, other._low);
        }

        if (other.HasPrices)
        {
            AddPrice(in other._open, order);
            AddPrice(in other._close, order);
        }
    }

    /// <summary>The prices and sums as a bar without quotes.</summary>
    public readonly Bar ToBar() => new()
    {
        Start = Start,
        HasPrices = HasPrices || HasHighLow,
        Open = new Price(HasPrices ? _open.Price : HasHighLow ? _low : 0),
        Close = new Price(HasPrices ? _close.Price : HasHighLow ? _low : 0),
        High = new Price(HasHighLow ? _high : HasPrices ? Math.Max(_open.Price, _close.Price) : 0),
        Low = new Price(HasHighLow ? _low : HasPrices ? Math.Min(_open.Price, _close.Price) : 0),
        Volume = _volume,
        Notional = Notional,
        Count = _count,
    };

    /// <summary>Shows the sources of open and close to a visitor.</summary>
    public void VisitNames(NameVisitor visitor)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        _open.VisitNames(visitor);
        _close.VisitNames(visitor);
    }

    // Of the wrapped sum and how often it wrapped, each order of adding gives the same.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AddNotional(Int128 notional)
    {
        var sum = _notional + notional;
        if (Int128.IsNegative((_notional ^ sum) & (notional ^ sum)))
        {
            _notionalWraps += Int128.IsNegative(notional) ? -1 : 1;
        }

        _notional = sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AddHighLow(long highest, long lowest)
    {
        if (!HasHighLow)
        {
            _high = highest;
            _low = lowest;
            HasHighLow = true;
            return;
        }

        _high = Math.Max(_high, highest);
        _low = Math.Min(_low, lowest);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void AddPrice(in PriceMark mark, EventOrder order)
    {
        if (!HasPrices)
        {
            _open = mark;
            _close = mark;
            HasPrices = true;
        }
        else if (mark.Compare(in _close, order) > 0)
        {
            _close = mark;
        }
        else if (mark.Compare(in _open, order) < 0)
        {
            _open = mark;
        }
    }

    // A price with what places its trade in the order of events; trades that tie in all of it have the same price.
    private struct PriceMark(in MarketEvent trade)
    {
        public readonly long Price = trade.F0;
        private readonly UnixNanos _time = trade.EventTime;
        private readonly ulong _sequence = trade.Sequence;
        private readonly uint _session = trade.Session;
        private SourceId _source = trade.Source;

        public void VisitNames(NameVisitor visitor) => visitor.Visit(ref _source);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly int Compare(in PriceMark other, EventOrder order) =>
            _time.Value != other._time.Value ? _time.Value < other._time.Value ? -1 : 1 : CompareAtSameTime(in other, order);

        [MethodImpl(MethodImplOptions.NoInlining)]
        private readonly int CompareAtSameTime(in PriceMark other, EventOrder order)
        {
            var result = order.CompareSources(_source, other._source);
            result = result != 0 ? result : _session.CompareTo(other._session);
            result = result != 0 ? result : _sequence.CompareTo(other._sequence);
            return result != 0 ? result : Price.CompareTo(other.Price);
        }
    }
}
