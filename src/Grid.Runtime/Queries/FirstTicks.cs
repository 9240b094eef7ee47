using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;

namespace Grid.Runtime.Queries;

/// <summary>The first ticks of a range by event order, or of those behind a place. Holds no more than it gives, however many there are.</summary>
internal sealed class FirstTicks : TickVisitor
{
    private readonly TickPosition? _after;
    private readonly EventOrder _order;
    private readonly int _limit;

    // What may be held: the page, those of the place's very content that earlier pages gave, and one that tells that there are more.
    private readonly long _heldMax;

    // The first ticks so far, the last of them on top.
    private readonly PriorityQueue<Outcome, MarketEvent> _first;

    public FirstTicks(UnixNanos from, UnixNanos to, in TickPosition? after, int limit, EventOrder order)
        : base(from, to)
    {
        _after = after;
        _order = order;
        _limit = limit;
        _heldMax = limit + 1L + (after?.Same ?? 0);
        _first = new PriorityQueue<Outcome, MarketEvent>(Comparer<MarketEvent>.Create((a, b) => TickOrder.Compare(in b, in a, order)));
    }

    public override void Visit(in MarketEvent e, Outcome outcome)
    {
        if (_after is { } place && _order.Compare(in e, place.Event) < 0)
        {
            return;
        }

        if (_first.Count < _heldMax)
        {
            _first.Enqueue(outcome, e);
        }
        else
        {
            _first.EnqueueDequeue(outcome, e);
        }

        if (_first.Count == _heldMax && _first.TryPeek(out _, out var last) && last.EventTime.Value < long.MaxValue)
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
        var ticks = _first.UnorderedItems.Select(t => new HistoryTick(t.Priority, t.Element)).ToList();
        TickOrder.Sort(ticks, _order);
        var page = TickOrder.Page(ticks, in _after, _limit, isPending, _order);
        return page with { IsComplete = page.IsComplete && isWhole };
    }
}
