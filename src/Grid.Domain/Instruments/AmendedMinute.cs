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
    /// <param name="series">What is replaced.</param>
    /// <param name="dateOf">The session date of a time.</param>
    public void Replace(ref TradeSeries series, Func<UnixNanos, uint> dateOf)
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
        ReplaceDay(ref series, dateOf);
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

    // The day is that of the newest date that has a trade: an amendment may take the only one away or bring it back.
    private void ReplaceDay(ref TradeSeries series, Func<UnixNanos, uint> dateOf)
    {
        var date = dateOf(tradeTime.Floor(UnixNanos.PerMinute));
        if (date < series.DayDate)
        {
            return;
        }

        var near = tradeTime.Floor(UnixNanos.PerMinute).Value;
        var to = new UnixNanos(near + DayReachNs);
        var days = Days(new UnixNanos(near - DayReachNs), to, dateOf);
        if (days.TryGetValue(date, out var day))
        {
            (series.DayDate, series.Day) = (date, day);
        }
        else if (date == series.DayDate)
        {
            days = Days(new UnixNanos(long.MinValue), to, dateOf);
            series.DayDate = days.Count > 0 ? days.Keys.Max() : 0;
            series.Day = days.GetValueOrDefault(series.DayDate);
        }
    }

    // Of the closed minutes in a range, those with trades, by date.
    private Dictionary<uint, BarAccumulator> Days(UnixNanos from, UnixNanos to, Func<UnixNanos, uint> dateOf)
    {
        var records = new List<BarAccumulator>();
        history.ReadBars(from, to, records);
        var days = new Dictionary<uint, BarAccumulator>();
        foreach (var (start, minute) in BarFold.Combine(records, context.Order))
        {
            if (!minute.IsEmpty)
            {
                var date = dateOf(new UnixNanos(start));
                var day = days.GetValueOrDefault(date);
                day.Merge(in minute, context.Order);
                days[date] = day;
            }
        }

        return days;
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
