using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;

namespace Grid.Domain.Validation;

/// <summary>
/// One instrument's rules over time: at each moment those of the newest definition that is valid then, and where none is, the
/// rules of an instrument that nobody defined. Immutable; made by <see cref="RuleBook.TimelineOf"/>.
/// </summary>
public sealed class RulesTimeline
{
    // In order of time, without holes or overlaps: the first holds from the beginning of time, the last to its end.
    private readonly InstrumentRules[] _spans;

    internal RulesTimeline(InstrumentRules[] spans) => _spans = spans;

    /// <summary>The rules for events of a time.</summary>
    public InstrumentRules At(UnixNanos time)
    {
        var at = _spans.Length - 1;
        while (time.Value < _spans[at].FirstNs)
        {
            at--;
        }

        return _spans[at];
    }
}
