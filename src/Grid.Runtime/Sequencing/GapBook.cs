using Grid.Domain;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Storage.Postgres;

namespace Grid.Runtime.Sequencing;

/// <summary>The gap trackers of all contiguous sequence domains. Written by the sequencer; any thread may list the gaps.</summary>
internal sealed class GapBook
{
    private readonly Lock _gate = new();
    private readonly Dictionary<SequenceDomain, GapTracker> _trackers = [];

    /// <summary>Observes the sequence numbers of a batch, whatever becomes of its events.</summary>
    public void Observe(ReadOnlySpan<MarketEvent> events, InstrumentContext context)
    {
        // What was asked last is nearly always asked again.
        var source = default(SourceId);
        var isContiguous = false;
        var domain = default(SequenceDomain);
        GapTracker? tracker = null;
        lock (_gate)
        {
            foreach (ref readonly var e in events)
            {
                if (e.Source != source)
                {
                    source = e.Source;
                    isContiguous = context.Source(source) is { IsContiguous: true };
                }

                if (!isContiguous || e.Sequence == 0)
                {
                    continue;
                }

                if (tracker is null || SequenceDomain.Of(in e) != domain)
                {
                    domain = SequenceDomain.Of(in e);
                    tracker = Get(domain);
                }

                tracker.Observe(e.Sequence);
            }
        }
    }

    /// <summary>Open gaps.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _trackers.Values.Sum(t => t.Open.Length);
            }
        }
    }

    /// <summary>Open gaps of some domains.</summary>
    public int CountIn(IEnumerable<SequenceDomain> domains)
    {
        lock (_gate)
        {
            return domains.Sum(d => _trackers.TryGetValue(d, out var tracker) ? tracker.Open.Length : 0);
        }
    }

    /// <summary>The open gaps, by source, channel and session as this process numbers them.</summary>
    public IReadOnlyList<Gap> Open(int limit)
    {
        lock (_gate)
        {
            return [.. _trackers
                .OrderBy(t => t.Key.Source.Value).ThenBy(t => t.Key.Channel.Value).ThenBy(t => t.Key.Session)
                .SelectMany(t => t.Value.Open.ToArray().Select(g => new Gap(t.Key.Source, t.Key.Channel, t.Key.Session, g.First, g.Last)))
                .Take(limit)];
        }
    }

    /// <summary>Adds what is known of some domains.</summary>
    public void Read(IEnumerable<SequenceDomain> domains, List<GapDomainRow> target)
    {
        lock (_gate)
        {
            foreach (var domain in domains)
            {
                if (_trackers.TryGetValue(domain, out var t))
                {
                    target.Add(new GapDomainRow(domain, t.First, t.Last, t.ForgottenGaps, t.ForgottenNumbers, t.Open.ToArray()));
                }
            }
        }
    }

    public void Save(StateWriter writer)
    {
        lock (_gate)
        {
            writer.Put(_trackers.Count);
            foreach (var (domain, tracker) in _trackers)
            {
                writer.Put(domain);
                tracker.Save(writer);
            }
        }
    }

    public void Load(ref StateReader reader)
    {
        for (var left = reader.TakeCount(int.MaxValue); left > 0; left--)
        {
            _trackers[reader.Take<SequenceDomain>()] = GapTracker.Load(ref reader);
        }
    }

    private GapTracker Get(SequenceDomain domain)
    {
        if (!_trackers.TryGetValue(domain, out var tracker))
        {
            _trackers[domain] = tracker = new GapTracker();
        }

        return tracker;
    }
}
