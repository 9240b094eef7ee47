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
    /// appending. Bars that start before <paramref name="from"/> only carry their quotes forward.
    /// </summary>
    public static List<Bar> ToBars(
        IReadOnlyList<BarAccumulator> trades, IReadOnlyList<QuoteMark> marks, long intervalNs, UnixNanos from, UnixNanos to, int limit, EventOrder order)
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

        return Carry(byStart, quotesByStart, from, to, limit, order);
    }

    private static List<Bar> Carry(
        SortedDictionary<long, BarAccumulator> trades, SortedDictionary<long, List<QuoteMark>> marks, UnixNanos from, UnixNanos to, int limit, EventOrder order)
    {
        var bars = new List<Bar>();
        var inForce = new List<SourceQuote>();
        foreach (var (start, trade) in trades)
        {
            if (start >= to.Value || bars.Count == limit)
            {
                break;
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
