using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;

namespace Grid.Runtime.Clustering;

/// <summary>Finds in a batch what the gaps of its contiguous sources must be told, whatever becomes of the events.</summary>
public static class SourceSightings
{
    /// <summary>The sequence numbers of the contiguous sources, by source.</summary>
    public static Dictionary<SourceId, List<SourceSighting>> Of(ReadOnlySpan<MarketEvent> events, InstrumentContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var numbers = new Dictionary<SequenceDomain, List<ulong>>();
        var source = default(SourceId);
        var isContiguous = false;
        foreach (ref readonly var e in events)
        {
            if (e.Source != source)
            {
                source = e.Source;
                isContiguous = context.Source(source) is { IsContiguous: true };
            }

            if (isContiguous && e.Sequence != 0)
            {
                if (!numbers.TryGetValue(SequenceDomain.Of(in e), out var list))
                {
                    numbers[SequenceDomain.Of(in e)] = list = [];
                }

                list.Add(e.Sequence);
            }
        }

        var found = new Dictionary<SourceId, List<SourceSighting>>();
        foreach (var (domain, list) in numbers)
        {
            if (!found.TryGetValue(domain.Source, out var sightings))
            {
                found[domain.Source] = sightings = [];
            }

            sightings.Add(new SourceSighting(context.Names.Channels.Text((int)domain.Channel.Value), domain.Session, RangesOf(list)));
        }

        return found;
    }

    private static List<SequenceRange> RangesOf(List<ulong> numbers)
    {
        numbers.Sort();
        var ranges = new List<SequenceRange>();
        foreach (var number in numbers)
        {
            if (ranges.Count > 0 && number - ranges[^1].Last <= 1)
            {
                ranges[^1] = ranges[^1] with { Last = number };
            }
            else
            {
                ranges.Add(new SequenceRange(number, number));
            }
        }

        return ranges;
    }
}
