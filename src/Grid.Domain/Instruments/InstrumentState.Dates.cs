using System.Runtime.CompilerServices;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;

namespace Grid.Domain.Instruments;

/// <content>Session dates, and definitions that move them.</content>
public sealed partial class InstrumentState
{
    /// <summary>Takes over the rules with a definition more, and makes the day again if it moves session dates.</summary>
    /// <param name="rules">All rules.</param>
    /// <param name="definition">What is new in them.</param>
    public void Redefine(RulesTimeline rules, InstrumentDefinition definition)
    {
        var before = _timeline;
        Rules = rules;
        if (!_series.IsOpen)
        {
            return;
        }

        // Earlier minutes belong to older dates than the day's by any calendar, and no minute is later than the open one.
        var earliest = DayFromMinutes.EarliestOf(_series.DayDate == 0 ? _series.MinuteDate : Math.Min(_series.DayDate, _series.MinuteDate));
        var from = definition.ValidFrom > earliest ? definition.ValidFrom.Floor(UnixNanos.PerMinute) : earliest;
        var to = definition.ValidTo <= _series.Minute.Start ? definition.ValidTo : new UnixNanos(_series.Minute.Start.Value + 1);
        if (rules.ChangesDates(before, from, to))
        {
            MoveDates();
        }
    }

    // Of a minute: that of its start, so that a definition that begins inside of it does not divide it.
    private uint DateOf(UnixNanos time)
    {
        var start = time.Floor(UnixNanos.PerMinute);
        return RulesAt(start).Calendar.DateOf(start);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void MoveDates()
    {
        Volatile.Write(ref _writes, _writes + 1);
        Volatile.WriteBarrier();
        _version++;
        _series.MinuteDate = DateOf(_series.Minute.Start);
        new DayFromMinutes(_context, History, DateOf).TryMakeNewest(ref _series);
        Volatile.Write(ref _writes, _writes + 1);
    }
}
