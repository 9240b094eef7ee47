using System.Runtime.InteropServices;
using Grid.Domain;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;

namespace Grid.Testing;

/// <summary>An instrument's history in memory. It keeps everything, and is saved whole.</summary>
public sealed class MemoryHistory : InstrumentHistory
{
    private const int RecordsMax = 1 << 24;

    private List<HistoryTick> _ticks = [];
    private List<BarAccumulator> _bars = [];
    private List<QuoteMark> _marks = [];
    private int _barsSeen = -1;

    /// <summary>The ticks in the order in which they were appended.</summary>
    public IReadOnlyList<HistoryTick> Ticks => _ticks;

    /// <inheritdoc/>
    public override void AppendTick(in MarketEvent e, Outcome outcome) => _ticks.Add(new HistoryTick(e, outcome));

    /// <inheritdoc/>
    public override void AppendBar(in BarAccumulator bar) => _bars.Add(bar);

    /// <inheritdoc/>
    public override void AppendMark(in QuoteMark mark) => _marks.Add(mark);

    /// <inheritdoc/>
    public override void ReadTicks(UnixNanos from, UnixNanos to, List<HistoryTick> ticks)
    {
        ArgumentNullException.ThrowIfNull(ticks);
        foreach (var tick in _ticks)
        {
            if (from <= tick.Event.EventTime && tick.Event.EventTime < to)
            {
                ticks.Add(tick);
            }
        }
    }

    /// <inheritdoc/>
    public override void ReadBars(UnixNanos from, UnixNanos to, List<BarAccumulator> bars)
    {
        ArgumentNullException.ThrowIfNull(bars);
        foreach (var bar in _bars)
        {
            if (from <= bar.Start && bar.Start < to)
            {
                bars.Add(bar);
            }
        }
    }

    /// <inheritdoc/>
    public override void ReadMarks(UnixNanos to, List<QuoteMark> marks)
    {
        ArgumentNullException.ThrowIfNull(marks);
        foreach (var mark in _marks)
        {
            if (mark.Start < to)
            {
                marks.Add(mark);
            }
        }
    }

    /// <inheritdoc/>
    public override bool TryFindTrade(in SequenceDomain domain, ulong sequence, out MarketEvent trade)
    {
        for (var i = _ticks.Count - 1; i >= 0; i--)
        {
            trade = _ticks[i].Event;
            if (trade.Kind == EventKind.Trade && trade.Sequence == sequence && SequenceDomain.Of(in trade) == domain)
            {
                return true;
            }
        }

        trade = default;
        return false;
    }

    /// <inheritdoc/>
    public override void Save(StateWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Put<HistoryTick>(CollectionsMarshal.AsSpan(_ticks));
        writer.Put<BarAccumulator>(CollectionsMarshal.AsSpan(_bars));
        writer.Put<QuoteMark>(CollectionsMarshal.AsSpan(_marks));
    }

    /// <inheritdoc/>
    public override void Load(ref StateReader reader)
    {
        _ticks = [.. reader.TakeArray<HistoryTick>(RecordsMax)];
        _bars = [.. reader.TakeArray<BarAccumulator>(RecordsMax)];
        _marks = [.. reader.TakeArray<QuoteMark>(RecordsMax)];
    }

    /// <inheritdoc/>
    public override InstrumentHistory Freeze() => new MemoryHistory { _ticks = [.. _ticks], _bars = [.. _bars], _marks = [.. _marks] };

    /// <inheritdoc/>
    public override void Refreeze(InstrumentHistory view)
    {
        var target = (MemoryHistory)view;
        target._ticks = [.. _ticks];
        target._bars = [.. _bars];
        target._marks = [.. _marks];
    }

    /// <inheritdoc/>
    public override int ReadTicksAfter(ulong after, ulong newest, Span<HistoryTick> target, out ulong lost)
    {
        lost = 0;
        var count = (int)Math.Min((ulong)target.Length, newest - after);
        CollectionsMarshal.AsSpan(_ticks).Slice((int)after, count).CopyTo(target);
        return count;
    }

    /// <inheritdoc/>
    public override void ReadBarsSince(List<BarAccumulator> bars)
    {
        ArgumentNullException.ThrowIfNull(bars);
        bars.AddRange(_barsSeen < 0 ? [] : _bars.Skip(_barsSeen));
        _barsSeen = _bars.Count;
    }
}
