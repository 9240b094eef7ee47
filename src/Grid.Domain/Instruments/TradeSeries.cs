using System.Runtime.CompilerServices;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;

namespace Grid.Domain.Instruments;

/// <summary>
/// The open second and minute of an instrument and the statistics of its newest session date. A trade touches the
/// second only; a closed second is merged into the minute, a closed minute into the day.
/// </summary>
internal struct TradeSeries
{
    // Second lies within Minute. Minute does not contain Second's trades, Day not the Minute's. Before the first event
    // IsOpen is false and SecondStart is where no event time falls.
    public BarAccumulator Second;
    public BarAccumulator Minute;
    public BarAccumulator Day;
    public bool IsOpen;

    // Session dates as yyyymmdd of Day (0: none yet) and of Minute.
    public uint DayDate;
    public uint MinuteDate;

    /// <summary>True if a time lies in the open second.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly bool IsInSecond(UnixNanos time) => IsOpen && (ulong)(time.Value - Second.Start.Value) < UnixNanos.PerSecond;

    /// <summary>True if a time lies before the open second.</summary>
    public readonly bool IsLate(UnixNanos time) => IsOpen && time < Second.Start;

    /// <summary>True if a time lies in the open minute.</summary>
    public readonly bool IsInMinute(UnixNanos time) => IsOpen && (ulong)(time.Value - Minute.Start.Value) < UnixNanos.PerMinute;

    /// <summary>Opens the second of a time within the open minute.</summary>
    public void OpenSecond(UnixNanos time, EventOrder order)
    {
        if (!Second.IsEmpty)
        {
            Minute.Merge(in Second, order);
        }

        Second = BarAccumulator.From(time.Floor(UnixNanos.PerSecond));
    }

    /// <summary>Opens the minute of a time, which must have been closed before with <see cref="CloseMinute"/>.</summary>
    public void OpenMinute(UnixNanos time, uint date)
    {
        IsOpen = true;
        Minute = BarAccumulator.From(time.Floor(UnixNanos.PerMinute));
        Second = BarAccumulator.From(time.Floor(UnixNanos.PerSecond));
        MinuteDate = date;
    }

    /// <summary>Closes the open minute: all of it is in Minute and in Day then.</summary>
    public void CloseMinute(EventOrder order)
    {
        if (!Second.IsEmpty)
        {
            Minute.Merge(in Second, order);
            Second = BarAccumulator.From(Second.Start);
        }

        AddToDay(in Minute, MinuteDate, order);
    }

    /// <summary>Adds trades of a session date: to the day if it is that date, as a new day if it is newer.</summary>
    public void AddToDay(in BarAccumulator trades, uint date, EventOrder order)
    {
        if (trades.IsEmpty || date < DayDate)
        {
            return;
        }

        if (date > DayDate)
        {
            DayDate = date;
            Day = default;
        }

        Day.Merge(in trades, order);
    }

    /// <summary>The open minute with its open second.</summary>
    public readonly BarAccumulator WholeMinute(EventOrder order)
    {
        var minute = Minute;
        if (!Second.IsEmpty)
        {
            minute.Merge(in Second, order);
        }

        return minute;
    }

    /// <summary>The statistics of the newest session date that had a trade, open minute included.</summary>
    public readonly DayStatistics Statistics(EventOrder order)
    {
        var copy = this;
        copy.CloseMinute(order);
        if (copy.DayDate == 0)
        {
            return default;
        }

        var bar = copy.Day.ToBar();
        return new DayStatistics
        {
            Date = copy.DayDate, Count = bar.Count, Open = bar.Open, High = bar.High, Low = bar.Low, Volume = bar.Volume, Notional = bar.Notional,
        };
    }
}
