using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;

namespace Grid.Domain.Instruments;

/// <summary>
/// Is shown the ticks of a range by an <see cref="InstrumentHistory"/>, so that what is made of them needs no list of them. The
/// range may shrink while it is shown: what lies outside then need not be read.
/// </summary>
public abstract class TickVisitor(UnixNanos from, UnixNanos to)
{
    /// <summary>Ticks before it are not wanted.</summary>
    public UnixNanos From { get; protected set; } = from;

    /// <summary>Ticks at or after it are not wanted.</summary>
    public UnixNanos To { get; protected set; } = to;

    /// <summary>True if ticks of a time are wanted.</summary>
    public bool Wants(UnixNanos time) => From <= time && time < To;

    /// <summary>Shows a tick of the range.</summary>
    public abstract void Visit(in MarketEvent e, Outcome outcome);
}

/// <summary>Keeps all ticks of a range.</summary>
internal sealed class TickList(UnixNanos from, UnixNanos to, List<HistoryTick> ticks) : TickVisitor(from, to)
{
    public override void Visit(in MarketEvent e, Outcome outcome) => ticks.Add(new HistoryTick(e, outcome));
}
