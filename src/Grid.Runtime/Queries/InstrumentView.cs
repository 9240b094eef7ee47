using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;

namespace Grid.Runtime.Queries;

/// <summary>
/// What a query needs of one instrument, copied at one moment on its shard's thread; the rest is read on the asker's.
/// </summary>
internal sealed record InstrumentView(
    InstrumentHistory History, BarAccumulator? OpenMinute, IReadOnlyList<QuoteMark> OpenMarks, Amendments? Amendments, bool HasPendingAmendments)
{
    // The first moment whose day can be told.
    private static readonly UnixNanos Earliest = new(long.MinValue + UnixNanos.PerDay);

    public static InstrumentView Of(InstrumentState state) => new(
        state.History.Freeze(),
        state.TryGetOpenMinute(out var minute) ? minute : null,
        state.OpenMarks(),
        state.CopyAmendments(),
        state.HasPendingAmendments);

    /// <summary>Ticks in event order, from a time on or behind a place.</summary>
    public TickPage Ticks(UnixNanos from, UnixNanos to, in TickPosition? after, int limit, EventOrder order)
    {
        var ticks = new List<HistoryTick>();
        History.ReadTicks(from, to, ticks);
        TickOrder.Sort(ticks, order);
        return TickOrder.Page(ticks, in after, limit, HasPendingAmendments, order);
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
            AddFromTicks(intervalNs, minuteFrom, readTo, trades, marks, order, context);
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

        return BarFold.ToBars(trades, marks, intervalNs, from, to, limit, order);
    }

    private static UnixNanos EndOfInterval(UnixNanos time, long intervalNs)
    {
        var start = time < Earliest ? time : time.Floor(intervalNs);
        return start == time || time.Value > long.MaxValue - intervalNs ? time : new UnixNanos(start.Value + intervalNs);
    }

    private void AddFromTicks(
        long intervalNs, UnixNanos from, UnixNanos to, List<BarAccumulator> trades, List<QuoteMark> marks, EventOrder order, InstrumentContext context)
    {
        var ticks = new List<HistoryTick>();
        History.ReadTicks(from, to, ticks);
        var open = new Dictionary<long, BarAccumulator>();
        foreach (var tick in ticks)
        {
            var e = tick.Event;
            var start = e.EventTime.Floor(intervalNs);
            if (e.Kind == EventKind.Trade && (Amendments is null || Amendments.TryAmend(ref e)))
            {
                var bar = open.GetValueOrDefault(start.Value, BarAccumulator.From(start));
                bar.Add(in e, context.Counts(in e), order);
                open[start.Value] = bar;
            }
            else if (e.Kind is EventKind.Quote or EventKind.Run)
            {
                marks.Add(new QuoteMark { Start = start, Quote = SourceQuote.Of(in e) });
            }
        }

        trades.AddRange(open.Values);
    }
}
