using Grid.Domain.Identifiers;

namespace Grid.Domain.Instruments;

/// <summary>
/// Makes the day again from the closed minutes. The day is that of the newest session date that has a trade: an amendment may
/// take its only trade away or bring it back, a definition may move trades to another date.
/// </summary>
internal sealed class DayFromMinutes(InstrumentContext context, InstrumentHistory history, Func<UnixNanos, uint> dateOf)
{
    // A date begins at most a day before its local midnight and ends at most a day after it, and clocks differ from UTC by up to
    // 18 hours: a moment of a date lies no farther than this from its midnight in UTC.
    private const long ReachNs = UnixNanos.PerDay + (ZoneOffset.OffsetSecondsMax * UnixNanos.PerSecond);

    // A minute as it will be appended to history, or null.
    private BarAccumulator? _replaced;

    /// <summary>The first moment that may belong to a session date, by any calendar.</summary>
    public static UnixNanos EarliestOf(uint date) => Clamp(Midnight(date) - ReachNs);

    /// <summary>Makes the day with a replaced minute that is not in history yet; false, and nothing is changed, if history does not hold all of it.</summary>
    public bool TryReplaceMinute(ref TradeSeries series, in BarAccumulator minute)
    {
        _replaced = minute;
        var date = dateOf(minute.Start);
        if (date < series.DayDate)
        {
            return true;
        }

        if (!TryMake(date, out var day))
        {
            return false;
        }

        if (!day.IsEmpty)
        {
            (series.DayDate, series.Day) = (date, day);
            return true;
        }

        return date > series.DayDate || TryMakeNewest(ref series);
    }

    /// <summary>Makes the day of the newest date; false, and nothing is changed, if history does not hold all of it.</summary>
    public bool TryMakeNewest(ref TradeSeries series)
    {
        // Every closed minute lies before the open one.
        var end = series.Minute.Start;
        var (from, to) = (Clamp((Int128)end.Value - ReachNs), end);
        for (var reach = (Int128)ReachNs; ; reach *= 16)
        {
            var isWhole = TryRead(from, to, out var minutes);
            if (minutes.Count > 0)
            {
                // An older minute can only belong to a newer date if it lies near.
                TryRead(Clamp((Int128)minutes.Keys.Max() - (2 * ReachNs)), end, out minutes);
                var date = minutes.Keys.Max(start => dateOf(new UnixNanos(start)));
                isWhole = TryMake(date, out var day);
                (series.DayDate, series.Day) = isWhole ? (date, day) : (series.DayDate, series.Day);
                return isWhole;
            }

            if (!isWhole)
            {
                return false;
            }

            if (from.Value == long.MinValue)
            {
                (series.DayDate, series.Day) = (0, default);
                return true;
            }

            (from, to) = (Clamp((Int128)from.Value - reach), from);
        }
    }

    private bool TryMake(uint date, out BarAccumulator day)
    {
        day = default;
        var from = EarliestOf(date);
        var end = Clamp(Midnight(date) + ReachNs);
        while (from < end && dateOf(from) != date)
        {
            from = Clamp((Int128)from.Value + UnixNanos.PerMinute).Floor(UnixNanos.PerMinute);
        }

        var isWhole = TryRead(from, end, out var minutes);
        foreach (var (start, minute) in minutes)
        {
            if (dateOf(new UnixNanos(start)) == date)
            {
                day.Merge(in minute, context.Order);
            }
        }

        return isWhole;
    }

    // The closed minutes of a range that have trades.
    private bool TryRead(UnixNanos from, UnixNanos to, out SortedDictionary<long, BarAccumulator> minutes)
    {
        var records = new List<BarAccumulator>();
        var isWhole = history.ReadBars(from, to, records);
        if (_replaced is { } replaced && from <= replaced.Start && replaced.Start < to)
        {
            records.Add(replaced);
        }

        minutes = BarFold.Combine(records, context.Order);
        foreach (var (start, _) in minutes.Where(m => m.Value.IsEmpty).ToList())
        {
            minutes.Remove(start);
        }

        return isWhole;
    }

    private static Int128 Midnight(uint date) =>
        (Int128)(new DateOnly((int)(date / 10_000), (int)(date / 100 % 100), (int)(date % 100)).DayNumber - DateOnly.FromDateTime(DateTime.UnixEpoch).DayNumber)
        * UnixNanos.PerDay;

    private static UnixNanos Clamp(Int128 time) => new((long)Int128.Clamp(time, long.MinValue, long.MaxValue));
}
