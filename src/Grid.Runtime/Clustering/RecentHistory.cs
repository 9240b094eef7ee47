using System.Runtime.InteropServices;
using Grid.Domain;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;

namespace Grid.Runtime.Clustering;

/// <summary>
/// The newest ticks and closed minutes of a grain's instrument, in memory: what amendments and moved session dates need. All
/// older ones are in PostgreSQL.
/// </summary>
/// <remarks>Those that were appended first go first, when there are twice as many as are kept.</remarks>
internal sealed class RecentHistory(int ticksMax, int barsMax) : InstrumentHistory
{
    private const int RecordsMax = 1 << 24;

    private List<HistoryTick> _ticks = [];
    private List<BarAccumulator> _bars = [];
    private List<QuoteMark> _marks = [];

    // The newest times of what was dropped, the earliest there is if nothing was: a range that begins later is whole.
    private UnixNanos _ticksDropped = new(long.MinValue);
    private UnixNanos _barsDropped = new(long.MinValue);
    private long _dropped;

    public override long Dropped => _dropped;

    public override void AppendTick(in MarketEvent e, Outcome outcome)
    {
        if (_ticks.Count >= 2 * ticksMax)
        {
            _ticksDropped = Drop(_ticks, ticksMax, static t => t.Event.EventTime, _ticksDropped);
            _dropped++;
        }

        _ticks.Add(new HistoryTick(e, outcome));
    }

    public override void AppendBar(in BarAccumulator bar)
    {
        if (_bars.Count >= 2 * barsMax)
        {
            _barsDropped = Drop(_bars, barsMax, static b => b.Start, _barsDropped);
        }

        _bars.Add(bar);
    }

    public override void AppendMark(in QuoteMark mark)
    {
        if (_marks.Count >= 2 * barsMax)
        {
            _marks.RemoveRange(0, _marks.Count - barsMax);
        }

        _marks.Add(mark);
    }

    public override bool ReadTicks(TickVisitor visitor)
    {
        foreach (ref readonly var tick in CollectionsMarshal.AsSpan(_ticks))
        {
            Show(in tick, visitor);
        }

        return IsWhole(visitor.From, _ticksDropped);
    }

    public override bool ReadTicksBackwards(TickVisitor visitor)
    {
        for (var i = _ticks.Count - 1; i >= 0; i--)
        {
            Show(in CollectionsMarshal.AsSpan(_ticks)[i], visitor);
        }

        return IsWhole(visitor.From, _ticksDropped);
    }

    public override bool ReadBars(UnixNanos from, UnixNanos to, List<BarAccumulator> bars)
    {
        bars.AddRange(_bars.Where(bar => from <= bar.Start && bar.Start < to));
        return IsWhole(from, _barsDropped);
    }

    public override void ReadMarks(UnixNanos to, List<QuoteMark> marks) => marks.AddRange(_marks.Where(mark => mark.Start < to));

    public override void FindTrades(in SequenceDomain domain, IReadOnlySet<ulong> sequences, bool isUnique, List<MarketEvent> trades)
    {
        var wanted = domain;
        var found = _ticks.Select(t => t.Event).Where(e => e.Kind == EventKind.Trade && sequences.Contains(e.Sequence) && SequenceDomain.Of(in e) == wanted);
        trades.AddRange(isUnique ? found.Take(1) : found);
    }

    public override void ReadSequences(List<SequenceRange> ranges) =>
        ranges.AddRange(_ticks.Select(t => new SequenceRange(t.Event.Sequence, t.Event.Sequence)));

    /// <summary>Shows all numbers of names to a visitor.</summary>
    public void VisitNames(NameVisitor visitor)
    {
        foreach (ref var tick in CollectionsMarshal.AsSpan(_ticks))
        {
            var e = tick.Event;
            visitor.Visit(ref e);
            tick = tick with { Event = e };
        }

        foreach (ref var bar in CollectionsMarshal.AsSpan(_bars))
        {
            bar.VisitNames(visitor);
        }

        foreach (ref var mark in CollectionsMarshal.AsSpan(_marks))
        {
            visitor.Visit(ref mark.Quote.Source);
        }
    }

    public override void Save(StateWriter writer)
    {
        writer.Put(_ticksDropped);
        writer.Put(_barsDropped);
        writer.Put<HistoryTick>(CollectionsMarshal.AsSpan(_ticks));
        writer.Put<BarAccumulator>(CollectionsMarshal.AsSpan(_bars));
        writer.Put<QuoteMark>(CollectionsMarshal.AsSpan(_marks));
    }

    public override void Load(ref StateReader reader)
    {
        _ticksDropped = reader.Take<UnixNanos>();
        _barsDropped = reader.Take<UnixNanos>();
        _ticks = [.. reader.TakeArray<HistoryTick>(RecordsMax)];
        _bars = [.. reader.TakeArray<BarAccumulator>(RecordsMax)];
        _marks = [.. reader.TakeArray<QuoteMark>(RecordsMax)];
    }

    public override InstrumentHistory Freeze()
    {
        var view = new RecentHistory(ticksMax, barsMax);
        Refreeze(view);
        return view;
    }

    public override void Refreeze(InstrumentHistory view)
    {
        var target = (RecentHistory)view;
        (target._ticks, target._bars, target._marks) = ([.. _ticks], [.. _bars], [.. _marks]);
        (target._ticksDropped, target._barsDropped) = (_ticksDropped, _barsDropped);
    }

    public override int ReadTicksAfter(ulong after, ulong newest, Span<HistoryTick> target, out ulong lost)
    {
        var first = newest - (ulong)_ticks.Count;
        lost = after < first ? first - after : 0;
        var from = (int)(Math.Max(after, first) - first);
        var count = Math.Min(target.Length, _ticks.Count - from);
        CollectionsMarshal.AsSpan(_ticks).Slice(from, count).CopyTo(target);
        return count;
    }

    public override void ReadBarsSince(List<BarAccumulator> bars) =>
        throw new NotSupportedException("closed minutes of a grain are not followed: a cluster's subscriptions read them from PostgreSQL");

    private static bool IsWhole(UnixNanos from, UnixNanos newestDropped) => newestDropped.Value == long.MinValue || from > newestDropped;

    private static void Show(in HistoryTick tick, TickVisitor visitor)
    {
        if (visitor.Wants(tick.Event.EventTime))
        {
            visitor.Visit(tick.Event, tick.Outcome);
        }
    }

    private static UnixNanos Drop<T>(List<T> records, int kept, Func<T, UnixNanos> time, UnixNanos newest)
    {
        var count = records.Count - kept;
        for (var i = 0; i < count; i++)
        {
            newest = time(records[i]) > newest ? time(records[i]) : newest;
        }

        records.RemoveRange(0, count);
        return newest;
    }
}
