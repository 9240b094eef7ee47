using Grid.Domain.Events;
using Grid.Domain.Identifiers;

namespace Grid.Domain.Instruments;

/// <summary>
/// Makes again, from the ticks, what an amendment of a trade changes: the minute of the trade, the day that holds it and
/// the last trade. Rare, and so written for clarity: a removed high cannot be taken out of a sum.
/// </summary>
internal sealed class AmendedMinute(InstrumentContext context, InstrumentHistory history, Amendments amendments, UnixNanos tradeTime)
{
    // A session may begin on the evening before and end in the night after its date.
    private const long DayReachNs = 36L * 60 * UnixNanos.PerMinute;

    /// <summary>Makes the trade's minute and the day again.</summary>
    public void Replace(ref TradeSeries series, SessionCalendar calendar)
    {
        var start = tradeTime.Floor(UnixNanos.PerMinute);
        var minute = BarAccumulator.From(start);
        foreach (var trade in EffectiveTrades(start, new UnixNanos(start.Value + UnixNanos.PerMinute)))
        {
            minute.Add(in trade, context.Counts(in trade), context.Order);
        }

        if (series.IsInMinute(tradeTime))
        {
            series.Minute = minute;
            series.Second = BarAccumulator.From(series.Second.Start);
            return;
        }

        minute.IsReplacement = true;
        history.AppendBar(in minute);
        var date = calendar.DateOf(start);
        if (date == series.DayDate)
        {
            series.Day = DayOf(date, start, calendar);
        }
    }

    /// <summary>The newest trade that counts for last, given what was the last before the amendment.</summary>
    public MarketEvent LastTrade(in MarketEvent before)
    {
        var newest = default(MarketEvent);
        var to = new UnixNanos(long.MaxValue);
        var reach = UnixNanos.PerMinute;
        var from = before.Kind == EventKind.None || tradeTime < before.EventTime ? tradeTime : before.EventTime;
        while (true)
        {
            foreach (var trade in EffectiveTrades(from, to))
            {
                var counts = (context.Counts(in trade) & CountsFor.Last) != CountsFor.None;
                if (counts && (newest.Kind == EventKind.None || context.Order.Compare(in trade, in newest) > 0))
                {
                    newest = trade;
                }
            }

            if (newest.Kind != EventKind.None || from.Value == long.MinValue)
            {
                return newest;
            }

            to = from;
            from = new UnixNanos(from.Value < long.MinValue + reach ? long.MinValue : from.Value - reach);
            reach = reach > long.MaxValue / 16 ? long.MaxValue / 2 : reach * 16;
        }
    }

    private BarAccumulator DayOf(uint date, UnixNanos near, SessionCalendar calendar)
    {
        var records = new List<BarAccumulator>();
        history.ReadBars(new UnixNanos(near.Value - DayReachNs), new UnixNanos(near.Value + DayReachNs), records);
        var day = default(BarAccumulator);
        foreach (var (start, minute) in BarFold.Combine(records, context.Order))
        {
            if (calendar.DateOf(new UnixNanos(start)) == date)
            {
                day.Merge(in minute, context.Order);
            }
        }

        return day;
    }

    private List<MarketEvent> EffectiveTrades(UnixNanos from, UnixNanos to)
    {
        var ticks = new List<HistoryTick>();
        history.ReadTicks(from, to, ticks);
        var trades = new List<MarketEvent>();
        foreach (var tick in ticks)
        {
            var trade = tick.Event;
            if (trade.Kind == EventKind.Trade && amendments.TryAmend(ref trade))
            {
                trades.Add(trade);
            }
        }

        return trades;
    }
}
