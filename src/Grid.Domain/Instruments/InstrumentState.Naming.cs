using Grid.Domain.Identifiers;

namespace Grid.Domain.Instruments;

/// <content>The numbers of names in a state that goes from one process to another.</content>
public sealed partial class InstrumentState
{
    /// <summary>Shows all numbers of names to a visitor, but those of the history. While nobody reads the state, if the visitor replaces any.</summary>
    public void VisitNames(NameVisitor visitor)
    {
        ArgumentNullException.ThrowIfNull(visitor);
        visitor.Visit(ref _last);
        _series.Second.VisitNames(visitor);
        _series.Minute.VisitNames(visitor);
        _series.Day.VisitNames(visitor);
        foreach (ref var quote in _quotes.AsSpan(0, _quoteCount))
        {
            visitor.Visit(ref quote.Source);
        }

        _windows.VisitNames(visitor);
        _window = null;
        _amendments?.VisitNames(visitor);
        _content?.VisitNames(visitor);
    }
}
