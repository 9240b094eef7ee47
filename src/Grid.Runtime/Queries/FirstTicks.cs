using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;

namespace Grid.Runtime.Queries;

/// <summary>The first ticks of a range by event order. Holds no more than it gives, however many there are.</summary>
internal sealed class FirstTicks : TickVisitor
{
    private readonly EventOrder _order;
    private readonly int _limit;

    // The first ticks so far, the last of them on top: one more than may be given, which tells that there are more.
    private readonly PriorityQueue<Outcome, MarketEvent> _first;

    public FirstTicks(UnixNanos from, UnixNanos to, int limit, EventOrder order)
        : base(from, to)
    {
        _order = order;
        _limit = limit;
        _first = new PriorityQueue<Outcome, MarketEvent>(Comparer<MarketEvent>.Create((a, b) => order.Compare(in b, in a)));
    }

    public override void Visit(in MarketEvent e, Outcome outcome)
    {
        if (_first.Count <= _limit)
        {
            _first.Enqueue(outcome, e);
        }
        else
        {
            _first.EnqueueDequeue(outcome, e);
        }

        if (_first.Count > _limit && _first.TryPeek(out _, out var last) && last.EventTime.Value < long.MaxValue)
        {
            // Others of the same time may still come before it.
            To = new UnixNanos(last.EventTime.Value + 1);
        }
    }

    /// <summary>The ticks in event order.</summary>
    /// <param name="isWhole">True if history held all of the range.</param>
    /// <param name="isPending">True if an amendment waits.</param>
    public TickPage ToPage(bool isWhole, bool isPending)
    {
        var isCut = _first.Count > _limit;
        var ticks = _first.UnorderedItems.Select(t => new Tick(t.Priority, t.Element)).ToList();
        ticks.Sort((a, b) => _order.Compare(a.Event, b.Event));
        if (isCut)
        {
            ticks.RemoveAt(ticks.Count - 1);
        }

        return new TickPage(ticks, isWhole && !isCut, isPending);
    }
}
