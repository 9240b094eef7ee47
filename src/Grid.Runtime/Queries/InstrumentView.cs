using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;

namespace Grid.Runtime.Queries;

/// <summary>
/// What a query needs of one instrument, copied at one moment on its shard's thread; the rest is read on the asker's.
/// </summary>
internal sealed record InstrumentView(
    InstrumentHistory History, BarAccumulator? OpenMinute, IReadOnlyList<QuoteMark> OpenMarks, SourceQuote[] Quotes, Amendments? Amendments, bool HasPendingAmendments)
{
    // The first moment whose day can be told.
    private static readonly UnixNanos Earliest = new(long.MinValue + UnixNanos.PerDay);

    public static InstrumentView Of(InstrumentState state) => new(
        state.History.Freeze(),
        state.TryGetOpenMinute(out var minute) ? minute : null,
        state.OpenMarks(),
        state.Quotes.ToArray(),
        state.CopyAmendments(),
        state.HasPendingAmendments);

    /// <summary>Ticks in event order, from a time on or behind a place.</summary>
    public TickPage Ticks(UnixNanos from, UnixNanos to, in TickPosition? after, int limit, EventOrder order)
    {
        var first = new FirstTicks(from, to, in after, limit, order);
        return first.ToPage(History.ReadTicks(first), HasPendingAmendments);
    }

    /// <summary>Bars of any interval: from the minutes, or for shorter ones from the ticks.</summary>
    public List<Bar> Bars(long intervalNs, UnixNanos from, UnixNanos to, int limit, EventOrder order, InstrumentContext context)
    {
        // Bars are whole: one that begins before the end is read to its own end.
        from = from < Earliest ? Earliest : from;
        var minuteFrom = from.Floor(Math.Max(intervalNs, UnixNanos.PerMinute));
        var readTo = EndOfInterval(to, intervalNs);
        var trades = new List<BarAccumulator>();
        var marks = new List<QuoteMark>();
        if (intervalNs < UnixNanos.PerMinute)
        {
            History.ReadMarks(minuteFrom, marks);

            // Intervals that begin before the range carry their quotes into it.
            var before = (from.Value - minuteFrom.Value) / intervalNs;
            var bars = new ShortBars(intervalNs, minuteFrom, readTo, limit + before + 1, context, Amendments);
            History.ReadTicks(bars);
            trades.AddRange(bars.Trades);
            marks.AddRange(bars.Marks);
        }
        else
        {
            History.ReadBars(minuteFrom, readTo, trades);
            History.ReadMarks(readTo, marks);
            if (OpenMinute is { IsEmpty: false } minute && minute.Start < readTo)
            {
                trades.Add(minute);
            }

            marks.AddRange(OpenMarks.Where(m => m.Start < readTo));
        }

        return BarFold.ToBars(trades, marks, Quotes, intervalNs, from, to, limit, order);
    }

    private static UnixNanos EndOfInterval(UnixNanos time, long intervalNs)
    {
        var start = time < Earliest ? time : time.Floor(intervalNs);
        return start == time || time.Value > long.MaxValue - intervalNs ? time : new UnixNanos(start.Value + intervalNs);
    }
}
