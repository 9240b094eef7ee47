using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;

namespace Grid.Domain.Validation;

/// <summary>
/// One instrument's rules over time: at each moment those of the newest definition that is valid then, and where none is, the
/// rules of an instrument that nobody defined. Made by <see cref="RuleBook.TimelineOf"/>; for one thread.
/// </summary>
/// <remarks>
/// Spans are worked out when they are asked for: few of many are, and a definition that comes makes a new timeline.
/// </remarks>
public sealed class RulesTimeline
{
    private readonly RuleBook _book;

    // Newest first.
    private readonly InstrumentDefinition[] _definitions;

    // The spans that were asked for, in order of time, without overlaps.
    private readonly List<InstrumentRules> _known = [];

    internal RulesTimeline(RuleBook book, IEnumerable<InstrumentDefinition> definitions)
    {
        _book = book;
        _definitions = [.. definitions];
    }

    /// <summary>The rules for events of a time.</summary>
    public InstrumentRules At(UnixNanos time)
    {
        var (next, end) = (0, _known.Count);
        while (next < end)
        {
            var middle = (next + end) >>> 1;
            (next, end) = _known[middle].FirstNs <= time.Value ? (middle + 1, end) : (next, middle);
        }

        if (next > 0 && _known[next - 1].HoldsAt(time))
        {
            return _known[next - 1];
        }

        var rules = Resolve(time);
        _known.Insert(next, rules);
        return rules;
    }

    /// <summary>True if session dates in a range are told by another calendar than in another timeline of the same book.</summary>
    public bool ChangesDates(RulesTimeline other, UnixNanos from, UnixNanos to)
    {
        if (_book.Calendars.Count == 0)
        {
            return false;
        }

        for (var time = from; time < to;)
        {
            var (own, others) = (At(time), other.At(time));
            if (own.Calendar != others.Calendar)
            {
                return true;
            }

            var last = Math.Min(own.LastNs, others.LastNs);
            time = new UnixNanos(last == long.MaxValue ? last : last + 1);
        }

        return false;
    }

    // A span ends where the definition that holds does, or where a newer one begins or ended.
    private InstrumentRules Resolve(UnixNanos time)
    {
        // What ends with time itself holds for its last moment too.
        var asked = new UnixNanos(Math.Min(time.Value, long.MaxValue - 1));
        var (first, last) = (long.MinValue, long.MaxValue);
        InstrumentDefinition? holding = null;
        foreach (var definition in _definitions)
        {
            Limit(definition.ValidFrom.Value);
            Limit(definition.ValidTo.Value);
            if (definition.IsValidAt(asked))
            {
                holding = definition;
                break;
            }
        }

        return _book.Resolve(holding, first, last == long.MaxValue - 1 ? long.MaxValue : last);

        void Limit(long bound)
        {
            (first, last) = bound <= asked.Value ? (Math.Max(first, bound), last) : (first, Math.Min(last, bound - 1));
        }
    }
}
