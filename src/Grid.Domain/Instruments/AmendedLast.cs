using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;

namespace Grid.Domain.Instruments;

/// <summary>Finds the newest trade that counts for last after an amendment.</summary>
internal sealed class AmendedLast(InstrumentContext context, Amendments amendments) : TickVisitor(new(long.MinValue), new(long.MaxValue))
{
    private MarketEvent _newest;

    /// <summary>The last trade as it counts now; kind None if there is none.</summary>
    public ref readonly MarketEvent Newest => ref _newest;

    /// <summary>Finds it; false if a newer one may have been among ticks that history no longer holds.</summary>
    /// <param name="before">The last trade as it counted before the amendment.</param>
    /// <param name="amended">The trades whose counting the amendment changes, as they came.</param>
    /// <param name="history">Where the others are.</param>
    public bool Find(in MarketEvent before, List<MarketEvent> amended, InstrumentHistory history)
    {
        var isAmended = false;
        foreach (var trade in amended)
        {
            isAmended |= trade.Sequence == before.Sequence && SequenceDomain.Of(in trade) == SequenceDomain.Of(in before);
            Visit(in trade, Outcome.Accepted);
        }

        if (before.Kind == EventKind.None)
        {
            // Of the trades that were not amended none counts.
            return true;
        }

        if (!isAmended)
        {
            Take(in before);
            return true;
        }

        // No other trade is newer than the one before was, so what was amended only has to be compared with what lies between.
        To = new UnixNanos(before.EventTime.Value + (before.EventTime.Value == long.MaxValue ? 0 : 1));
        return _newest.EventTime > before.EventTime || history.ReadTicksBackwards(this);
    }

    public override void Visit(in MarketEvent e, Outcome outcome)
    {
        var trade = e;
        if (trade.Kind == EventKind.Trade && (context.Counts(in trade) & CountsFor.Last) != CountsFor.None && amendments.TryAmend(ref trade))
        {
            Take(in trade);
        }
    }

    private void Take(in MarketEvent trade)
    {
        if (_newest.Kind == EventKind.None || context.Order.Compare(in trade, in _newest) > 0)
        {
            _newest = trade;
            From = trade.EventTime;
        }
    }
}
