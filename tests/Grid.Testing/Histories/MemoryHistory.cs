using System.Runtime.InteropServices;
using Grid.Domain;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;

namespace Grid.Testing;

/// <summary>An instrument's history in memory. It keeps everything that it is not told to forget, and is saved whole.</summary>
public sealed class MemoryHistory : InstrumentHistory
{
    private const int RecordsMax = 1 << 24;

    private List<HistoryTick> _ticks = [];
    private List<BarAccumulator> _bars = [];
    private List<QuoteMark> _marks = [];
    private int _barsSeen = -1;
    private UnixNanos _keptFrom = new(long.MinValue);

    /// <summary>The ticks in the order in which they were appended.</summary>
    public IReadOnlyList<HistoryTick> Ticks => _ticks;

    /// <summary>Is called when a tick is appended, which is in the middle of a change of the instrument's state.</summary>
    public Action? Appending { get; set; }

    /// <inheritdoc/>
    public override void AppendTick(in MarketEvent e, Outcome outcome)
    {
        Appending?.Invoke();
        _ticks.Add(new HistoryTick(e, outcome));
    }

    /// <inheritdoc/>
    public override void AppendBar(in BarAccumulator bar) => _bars.Add(bar);

    /// <inheritdoc/>
    public override void AppendMark(in QuoteMark mark) => _marks.Add(mark);

    /// <inheritdoc/>
    public override long Dropped => _keptFrom.Value;

    /// <inheritdoc/>
    public override bool ReadTicks(TickVisitor visitor) => Show(_ticks, visitor);

    /// <summary>Drops what is before a time, as a hot store does with what is oldest.</summary>
    public void ForgetBefore(UnixNanos time)
    {
        _keptFrom = time;
        _ticks.RemoveAll(t => t.Event.EventTime < time);
        _bars.RemoveAll(b => b.Start < time);
        _marks.RemoveAll(m => m.Start < time);
    }

    /// <inheritdoc/>
    public override bool ReadTicksBackwards(TickVisitor visitor) => Show(Enumerable.Reverse(_ticks), visitor);

    /// <inheritdoc/>
    public override bool ReadBars(UnixNanos from, UnixNanos to, List<BarAccumulator> bars)
    {
        ArgumentNullException.ThrowIfNull(bars);
        bars.AddRange(_bars.Where(bar => from <= bar.Start && bar.Start < to));
        return from >= _keptFrom;
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
    public override void FindTrades(in SequenceDomain domain, IReadOnlySet<ulong> sequences, bool isUnique, List<MarketEvent> trades)
    {
        var wanted = domain;
        var found = _ticks.Select(t => t.Event)
            .Where(e => e.Kind == EventKind.Trade && sequences.Contains(e.Sequence) && SequenceDomain.Of(in e) == wanted);
        trades.AddRange(isUnique ? found.Take(1) : found);
    }

    /// <inheritdoc/>
    public override void ReadSequences(List<SequenceRange> ranges) =>
        ranges.AddRange(_ticks.Select(t => new SequenceRange(t.Event.Sequence, t.Event.Sequence)));

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
    public override InstrumentHistory Freeze() => new MemoryHistory { _ticks = [.. _ticks], _bars = [.. _bars], _marks = [.. _marks], _keptFrom = _keptFrom };

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

    private bool Show(IEnumerable<HistoryTick> ticks, TickVisitor visitor)
    {
        foreach (var (e, outcome) in ticks)
        {
            if (visitor.Wants(e.EventTime))
            {
                visitor.Visit(in e, outcome);
            }
        }

        return visitor.From >= _keptFrom;
    }
}
