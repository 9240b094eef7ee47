using System.Runtime.CompilerServices;
using Grid.Domain;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Runtime.Snapshots;
using Grid.Storage.Postgres;

namespace Grid.Runtime.Sequencing;

/// <summary>
/// The gap trackers of all contiguous sequence domains. Written by the sequencer; any thread may list the gaps. With more domains
/// or open gaps than it may hold, it forgets the domains that were heard of least recently: their open gaps count as forgotten, and
/// a domain that is heard of again begins with that number.
/// </summary>
internal sealed class GapBook(int domainsMax = GridLimits.GapDomainsMax, int gapsMax = GridLimits.OpenGapsMax)
{
    // So many at once (one of sixteen), since finding them looks at all.
    private const int ForgottenShare = 16;

    // While so many are copied, the sequencer waits: at most a megabyte.
    private const int SavedAtOnce = 16;

    private readonly Lock _gate = new();
    private readonly Dictionary<SequenceDomain, Heard> _trackers = [];

    // _open is the sum of all trackers' open gaps. _heard is when a domain was heard of last, counted in switches between domains.
    private long _open;
    private ulong _heard;
    private ForgottenGaps _forgotten;

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

                var (open, gaps, numbers) = (tracker.Open.Length, tracker.ForgottenGaps, tracker.ForgottenNumbers);
                if (tracker.Observe(e.Sequence) is GapChange.Opened or GapChange.Split or GapChange.Closed)
                {
                    // One that opens a gap too many forgets its oldest.
                    _open += tracker.Open.Length - open;
                    _forgotten = _forgotten.Plus(0, tracker.ForgottenGaps - gaps, tracker.ForgottenNumbers - numbers);
                }
            }

            if (_trackers.Count > domainsMax || _open > gapsMax)
            {
                ForgetDomains();
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
                return (int)_open;
            }
        }
    }

    /// <summary>What was forgotten since the data folder was made.</summary>
    public ForgottenGaps Forgotten
    {
        get
        {
            lock (_gate)
            {
                return _forgotten;
            }
        }
    }

    /// <summary>Open gaps of some domains.</summary>
    public int CountIn(IEnumerable<SequenceDomain> domains)
    {
        lock (_gate)
        {
            return domains.Sum(d => _trackers.TryGetValue(d, out var heard) ? heard.Tracker.Open.Length : 0);
        }
    }

    /// <summary>The open gaps, by source, channel and session as this process numbers them.</summary>
    public IReadOnlyList<Gap> Open(int limit)
    {
        lock (_gate)
        {
            return [.. _trackers
                .Where(t => t.Value.Tracker.Open.Length > 0)
                .OrderBy(t => t.Key.Source.Value).ThenBy(t => t.Key.Channel.Value).ThenBy(t => t.Key.Session)
                .SelectMany(t => t.Value.Tracker.Open.ToArray().Select(g => new Gap(t.Key.Source, t.Key.Channel, t.Key.Session, g.First, g.Last)))
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
                if (_trackers.TryGetValue(domain, out var heard))
                {
                    var t = heard.Tracker;
                    target.Add(new GapDomainRow(domain, t.First, t.Last, t.ForgottenGaps, t.ForgottenNumbers, t.Open.ToArray()));
                }
            }
        }
    }

    public void Save(SectionPieces pieces)
    {
        (SequenceDomain Domain, ulong At)[] domains;
        lock (_gate)
        {
            domains = [.. _trackers.Select(t => (t.Key, t.Value.At))];
        }

        // The one heard of least recently first, so that the next to be forgotten is the same after a restart.
        Array.Sort(domains, static (a, b) => a.At.CompareTo(b.At));
        foreach (var some in domains.Chunk(SavedAtOnce))
        {
            lock (_gate)
            {
                foreach (var (domain, _) in some)
                {
                    if (_trackers.TryGetValue(domain, out var heard))
                    {
                        pieces.Item.Put(domain);
                        heard.Tracker.Save(pieces.Item);
                        pieces.EndItem();
                    }
                }
            }

            pieces.WriteIfFull();
        }

        pieces.Finish();
    }

    public void Load(ref StateReader reader)
    {
        for (var left = reader.TakeCount(int.MaxValue); left > 0; left--)
        {
            var domain = reader.Take<SequenceDomain>();
            var tracker = GapTracker.Load(ref reader);
            _trackers[domain] = new Heard(tracker) { At = ++_heard };
            _open += tracker.Open.Length;
            _forgotten = _forgotten.Plus(0, tracker.ForgottenGaps, tracker.ForgottenNumbers);
        }
    }

    /// <summary>Sets what is known of a domain, in the place of what was.</summary>
    public void Restore(GapDomainRow row)
    {
        var tracker = GapTracker.Of(row.First, row.Last, row.ForgottenGaps, row.ForgottenNumbers, [.. row.Open]);
        lock (_gate)
        {
            if (_trackers.Remove(row.Domain, out var before))
            {
                _open -= before.Tracker.Open.Length;
                _forgotten = _forgotten.Plus(0, 0 - before.Tracker.ForgottenGaps, 0 - before.Tracker.ForgottenNumbers);
            }

            _trackers[row.Domain] = new Heard(tracker) { At = ++_heard };
            _open += tracker.Open.Length;
            _forgotten = _forgotten.Plus(0, tracker.ForgottenGaps, tracker.ForgottenNumbers);
        }
    }

    public void SaveForgotten(StateWriter writer) => writer.Put(Forgotten);

    /// <summary>Reads what was forgotten, after all domains.</summary>
    public void LoadForgotten(ref StateReader reader) => _forgotten = reader.Take<ForgottenGaps>();

    private GapTracker Get(SequenceDomain domain)
    {
        if (!_trackers.TryGetValue(domain, out var heard))
        {
            _trackers[domain] = heard = new Heard(new GapTracker());
        }

        heard.At = ++_heard;
        return heard.Tracker;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ForgetDomains()
    {
        while (_trackers.Count > domainsMax || _open > gapsMax)
        {
            foreach (var domain in _trackers.OrderBy(t => t.Value.At).Select(t => t.Key).Take(Math.Max(1, _trackers.Count / ForgottenShare)).ToList())
            {
                _trackers.Remove(domain, out var heard);
                _open -= heard!.Tracker.Open.Length;
                _forgotten = _forgotten.Plus(1, 0, 0);
                foreach (var gap in heard.Tracker.Open)
                {
                    _forgotten = _forgotten.Plus(0, 1, (UInt128)gap.Last - gap.First + 1);
                }
            }
        }
    }

    private sealed class Heard(GapTracker tracker)
    {
        public GapTracker Tracker => tracker;

        public ulong At { get; set; }
    }
}
