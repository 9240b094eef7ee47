using Grid.Domain.Events;
using Grid.Domain.Identifiers;

namespace Grid.Domain.Instruments;

/// <summary>Puts records of history together into bars: pieces add, replacements replace, quotes carry forward.</summary>
public static class BarFold
{
    /// <summary>One accumulator for each interval that the records touch, by start.</summary>
    public static SortedDictionary<long, BarAccumulator> Combine(IReadOnlyList<BarAccumulator> records, EventOrder order)
    {
        ArgumentNullException.ThrowIfNull(records);
        var combined = new SortedDictionary<long, BarAccumulator>();
        foreach (var record in records)
        {
            if (record.IsReplacement || !combined.TryGetValue(record.Start.Value, out var held))
            {
                held = BarAccumulator.From(record.Start);
            }

            held.Merge(in record, order);
            combined[record.Start.Value] = held;
        }

        return combined;
    }

    /// <summary>
    /// Bars of an interval that is a multiple of the records', oldest first, from the records of trades and quotes in order of
    /// appending. Bars that start before <paramref name="from"/> only carry their quotes forward. The newest quotes hold from
    /// their own times on, though their marks may be gone; of themselves they make no bar.
    /// </summary>
    public static List<Bar> ToBars(
        IReadOnlyList<BarAccumulator> trades, IReadOnlyList<QuoteMark> marks, ReadOnlySpan<SourceQuote> newest, long intervalNs, UnixNanos from, UnixNanos to, int limit, EventOrder order)
    {
        var byStart = new SortedDictionary<long, BarAccumulator>();
        foreach (var (start, trade) in Combine(trades, order))
        {
            if (trade.IsEmpty)
            {
                // Every trade of it was cancelled.
                continue;
            }

            var interval = new UnixNanos(start).Floor(intervalNs);
            var held = byStart.GetValueOrDefault(interval.Value, BarAccumulator.From(interval));
            held.Merge(in trade, order);
            byStart[interval.Value] = held;
        }

        var quotesByStart = new SortedDictionary<long, List<QuoteMark>>();
        foreach (var mark in marks)
        {
            var interval = mark.Start.Floor(intervalNs).Value;
            byStart.TryAdd(interval, BarAccumulator.From(new UnixNanos(interval)));
            if (!quotesByStart.TryGetValue(interval, out var list))
            {
                quotesByStart[interval] = list = [];
            }

            list.Add(mark);
        }

        return Carry(byStart, quotesByStart, SidesByInterval(newest, intervalNs), from, to, limit, order);
    }

    private static List<Bar> Carry(
        SortedDictionary<long, BarAccumulator> trades, SortedDictionary<long, List<QuoteMark>> marks, Queue<QuoteMark> newest, UnixNanos from, UnixNanos to, int limit, EventOrder order)
    {
        var bars = new List<Bar>();
        var inForce = new List<SourceQuote>();
        foreach (var (start, trade) in trades)
        {
            if (start >= to.Value || bars.Count == limit)
            {
                break;
            }

            while (newest.TryPeek(out var side) && side.Start.Value <= start)
            {
                MergeQuote(inForce, newest.Dequeue().Quote);
            }

            foreach (var mark in marks.GetValueOrDefault(start) ?? [])
            {
                MergeQuote(inForce, mark.Quote);
            }

            if (start < from.Value)
            {
                continue;
            }

            var bar = trade.ToBar();
            SourceQuote.Best(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(inForce), order, out bar.Bid, out bar.Ask);
            bars.Add(bar);
        }

        return bars;
    }

    private static Queue<QuoteMark> SidesByInterval(ReadOnlySpan<SourceQuote> quotes, long intervalNs)
    {
        var sides = new List<QuoteMark>();
        foreach (var quote in quotes)
        {
            sides.Add(new QuoteMark { Start = quote.Bid.Time.Floor(intervalNs), Quote = new SourceQuote { Source = quote.Source, Bid = quote.Bid } });
            sides.Add(new QuoteMark { Start = quote.Ask.Time.Floor(intervalNs), Quote = new SourceQuote { Source = quote.Source, Ask = quote.Ask } });
        }

        return new Queue<QuoteMark>(sides.Where(s => s.Quote.IsAny).OrderBy(s => s.Start));
    }

    private static void MergeQuote(List<SourceQuote> inForce, SourceQuote quote)
    {
        for (var i = 0; i < inForce.Count; i++)
        {
            if (inForce[i].Source == quote.Source)
            {
                var merged = inForce[i];
                merged.Merge(in quote);
                inForce[i] = merged;
                return;
            }
        }

        inForce.Add(quote);
    }
}
