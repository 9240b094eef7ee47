using System.Runtime.CompilerServices;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;

namespace Grid.Domain.Instruments;

/// <summary>Whether a source has a bid or an ask.</summary>
public enum SideState : byte
{
    /// <summary>The source never said.</summary>
    Absent = 0,

    /// <summary>There is one.</summary>
    Set = 1,

    /// <summary>It was withdrawn.</summary>
    Cleared = 2,
}

/// <summary>One side of one source's quote with its version: of two, the one with the later (time, session, sequence) holds.</summary>
public readonly record struct SideMark(SideState State, UnixNanos Time, uint Session, ulong Sequence, long Price, long Size)
{
    /// <summary>True if this version replaces another of the same source.</summary>
    public bool Replaces(in SideMark other)
    {
        if (other.State == SideState.Absent || Time.Value > other.Time.Value)
        {
            return State != SideState.Absent;
        }

        return State != SideState.Absent && Time.Value == other.Time.Value && ReplacesAtSameTime(in other);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool ReplacesAtSameTime(in SideMark other)
    {
        var order = Session.CompareTo(other.Session);
        order = order != 0 ? order : Sequence.CompareTo(other.Sequence);
        order = order != 0 ? order : Price.CompareTo(other.Price);
        order = order != 0 ? order : Size.CompareTo(other.Size);
        return (order != 0 ? order : State.CompareTo(other.State)) > 0;
    }
}

/// <summary>What one source quotes: two sides, each versioned on its own.</summary>
public struct SourceQuote
{
    /// <summary>The source.</summary>
    public SourceId Source;

    /// <summary>Its bid.</summary>
    public SideMark Bid;

    /// <summary>Its ask.</summary>
    public SideMark Ask;

    /// <summary>True if a side was set or cleared.</summary>
    public readonly bool IsAny => Bid.State != SideState.Absent || Ask.State != SideState.Absent;

    /// <summary>The sides that a quote event sets or clears; the other is absent.</summary>
    public static SourceQuote Of(in MarketEvent e)
    {
        var quote = new SourceQuote { Source = e.Source };
        if (e.Has(EventFlags.BidSet | EventFlags.BidCleared))
        {
            quote.Bid = e.Has(EventFlags.BidSet)
                ? new SideMark(SideState.Set, e.EventTime, e.Session, e.Sequence, e.F0, e.F1)
                : new SideMark(SideState.Cleared, e.EventTime, e.Session, e.Sequence, 0, 0);
        }

        if (e.Has(EventFlags.AskSet | EventFlags.AskCleared))
        {
            quote.Ask = e.Has(EventFlags.AskSet)
                ? new SideMark(SideState.Set, e.EventTime, e.Session, e.Sequence, e.F2, e.F3)
                : new SideMark(SideState.Cleared, e.EventTime, e.Session, e.Sequence, 0, 0);
        }

        return quote;
    }

    /// <summary>Takes over each side of another version of the same source that is newer.</summary>
    public void Merge(in SourceQuote other)
    {
        if (other.Bid.Replaces(in Bid))
        {
            Bid = other.Bid;
        }

        if (other.Ask.Replaces(in Ask))
        {
            Ask = other.Ask;
        }
    }

    /// <summary>The best bid and ask over sources: by price, then by the earlier time, then by source name.</summary>
    public static void Best(ReadOnlySpan<SourceQuote> quotes, EventOrder order, out Side bid, out Side ask)
    {
        bid = default;
        ask = default;
        foreach (ref readonly var quote in quotes)
        {
            if (quote.Bid.State == SideState.Set && (!bid.IsSet || IsBetter(quote.Bid.Price, bid.Price.Raw, in quote.Bid, quote.Source, in bid, order)))
            {
                bid = new Side(true, new Price(quote.Bid.Price), new Quantity(quote.Bid.Size), quote.Bid.Time, quote.Source);
            }

            if (quote.Ask.State == SideState.Set && (!ask.IsSet || IsBetter(~quote.Ask.Price, ~ask.Price.Raw, in quote.Ask, quote.Source, in ask, order)))
            {
                ask = new Side(true, new Price(quote.Ask.Price), new Quantity(quote.Ask.Size), quote.Ask.Time, quote.Source);
            }
        }
    }

    private static bool IsBetter(long price, long bestPrice, in SideMark mark, SourceId source, in Side best, EventOrder order)
    {
        if (price != bestPrice)
        {
            return price > bestPrice;
        }

        return mark.Time != best.Time ? mark.Time < best.Time : order.CompareSources(source, best.Source) < 0;
    }
}

/// <summary>As a record of history: the newest sides that one source set in one minute.</summary>
public struct QuoteMark
{
    /// <summary>Start of the minute.</summary>
    public UnixNanos Start;

    /// <summary>The sides.</summary>
    public SourceQuote Quote;
}
