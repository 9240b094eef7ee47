using System.Buffers;
using Grid.Domain;
using Grid.Domain.Dedup;

namespace Grid.Runtime.Clustering;

/// <summary>Sequence numbers of a contiguous source that a batch had, in one of its domains.</summary>
/// <param name="Channel">The channel; empty for none.</param>
/// <param name="Session">The session.</param>
/// <param name="Numbers">The numbers as ranges, ascending.</param>
public sealed record SourceSighting(string Channel, uint Session, IReadOnlyList<SequenceRange> Numbers);

/// <summary>An open gap of a source.</summary>
public readonly record struct SourceGap(string Channel, uint Session, ulong FirstMissing, ulong LastMissing);

/// <summary>
/// The gaps of one contiguous source over all its channels and sessions, of a cluster. Seeing a number again changes nothing, so
/// what is retried does no harm. With more domains than it may hold it forgets those heard of least recently.
/// </summary>
public sealed class SourceGaps(int domainsMax = SourceGaps.DomainsMax)
{
    /// <summary>Domains that are kept of a source.</summary>
    public const int DomainsMax = 1024;

    private const byte Version = 1;

    // In the order in which they were heard of last, newest at the end; at most domainsMax.
    private readonly OrderedDictionary<(string Channel, uint Session), GapTracker> _trackers = [];

    /// <summary>Domains that were forgotten.</summary>
    public long Forgotten { get; private set; }

    /// <summary>Notes numbers that were seen; false if all were known, so that nothing is to be saved.</summary>
    public bool Observe(IReadOnlyList<SourceSighting> sightings)
    {
        ArgumentNullException.ThrowIfNull(sightings);
        var isChanged = false;
        foreach (var (channel, session, numbers) in sightings)
        {
            var tracker = Find(channel, session);
            foreach (var range in numbers)
            {
                isChanged |= Observe(tracker, range);
            }
        }

        return isChanged;
    }

    /// <summary>The open gaps, by channel and session.</summary>
    public IEnumerable<SourceGap> Open() =>
        from domain in _trackers
        orderby domain.Key.Channel, domain.Key.Session
        from gap in domain.Value.Open.ToArray()
        select new SourceGap(domain.Key.Channel, domain.Key.Session, gap.First, gap.Last);

    /// <summary>Writes all of it.</summary>
    public byte[] Save()
    {
        var bytes = new ArrayBufferWriter<byte>();
        var writer = new StateWriter(bytes);
        writer.Put(Version);
        writer.Put(Forgotten);
        writer.Put(_trackers.Count);
        foreach (var ((channel, session), tracker) in _trackers)
        {
            writer.Put(channel);
            writer.Put(session);
            tracker.Save(writer);
        }

        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Reads what <see cref="Save"/> wrote, into one that is new.</summary>
    /// <exception cref="FormatException">The bytes are not that.</exception>
    public void Load(ReadOnlySpan<byte> saved)
    {
        var reader = new StateReader(saved);
        if (reader.Take<byte>() is not Version and var version)
        {
            throw new FormatException($"saved gaps of a source have version {version}; this program knows {Version}");
        }

        Forgotten = reader.Take<long>();
        for (var left = reader.TakeCount(int.MaxValue); left > 0; left--)
        {
            var channel = reader.TakeText();
            _trackers[(channel, reader.Take<uint>())] = GapTracker.Load(ref reader);
        }
    }

    private static bool Observe(GapTracker tracker, SequenceRange range)
    {
        var (first, last) = (tracker.First, tracker.Last);
        var isChanged = false;
        for (var number = range.First; ; number++)
        {
            isChanged |= tracker.Observe(number) != GapChange.None;
            if (number == range.Last)
            {
                return isChanged || tracker.First != first || tracker.Last != last;
            }
        }
    }

    private GapTracker Find(string channel, uint session)
    {
        if (_trackers.Remove((channel, session), out var tracker))
        {
            _trackers.Add((channel, session), tracker);
            return tracker;
        }

        if (_trackers.Count == domainsMax)
        {
            _trackers.RemoveAt(0);
            Forgotten++;
        }

        tracker = new GapTracker();
        _trackers.Add((channel, session), tracker);
        return tracker;
    }
}
