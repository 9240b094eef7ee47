using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;

namespace Grid.Domain.Instruments;

/// <summary>
/// Makes a minute again from its ticks, and with it the day that holds it: a removed high cannot be taken out of a sum.
/// </summary>
internal sealed class AmendedMinute : TickVisitor
{
    private readonly InstrumentContext _context;
    private readonly Amendments _amendments;
    private BarAccumulator _minute;

    public AmendedMinute(InstrumentContext context, Amendments amendments, UnixNanos start)
        : base(start, new UnixNanos(Math.Min(start.Value, long.MaxValue - UnixNanos.PerMinute) + UnixNanos.PerMinute))
    {
        _context = context;
        _amendments = amendments;
        _minute = BarAccumulator.From(start);
    }

    /// <summary>Replaces minute and day; false, and neither is touched, if history no longer holds all that they are made of.</summary>
    public bool TryReplace(ref TradeSeries series, InstrumentHistory history, DayFromMinutes days)
    {
        if (!history.ReadTicks(this))
        {
            return false;
        }

        if (series.IsInMinute(_minute.Start))
        {
            series.Minute = _minute;
            series.Second = BarAccumulator.From(series.Second.Start);
            return true;
        }

        _minute.IsReplacement = true;
        if (!days.TryReplaceMinute(ref series, in _minute))
        {
            return false;
        }

        history.AppendBar(in _minute);
        return true;
    }

    public override void Visit(in MarketEvent e, Outcome outcome)
    {
        var trade = e;
        if (trade.Kind == EventKind.Trade && _amendments.TryAmend(ref trade))
        {
            _minute.Add(in trade, _context.Counts(in trade), _context.Order);
        }
    }
}
