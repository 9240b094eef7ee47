using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;

namespace Grid.Domain.Dedup;

/// <summary>
/// The sequence windows of one instrument, one for each sequence domain. Of a (source, channel) the newest
/// <see cref="SessionsMax"/> sessions are kept; numbers of an older session are older than the window can tell. Where there are
/// <see cref="GridLimits.WindowsPerInstrumentMax"/> windows, the (source, channel) with the most sessions gives up its oldest; if
/// each has one, a new session takes the place of its own, and a new (source, channel) finds no room.
/// </summary>
public sealed class DomainWindows
{
    /// <summary>Sessions kept of one (source, channel): a quarter of trading days.</summary>
    public const int SessionsMax = 64;

    private readonly int _windowsMax;
    private Entry[] _windows = [];

    // Of each (source, channel) one at most, and only where it has a window too.
    private SessionFloor[] _floors = [];

    // Once it is so, it stays so: what is full is never less full, and a session only takes the place of another.
    private bool _isFullOfSingleSessions;

    /// <summary>Windows of up to so many domains.</summary>
    public DomainWindows(int windowsMax = GridLimits.WindowsPerInstrumentMax) => _windowsMax = windowsMax;

    /// <summary>Domains held.</summary>
    public int Count => _windows.Length;

    /// <summary>Asks for a number and marks it as seen.</summary>
    public SequenceSeen Observe(in SequenceDomain domain, ulong sequence) => Find(in domain, out var missing)?.Observe(sequence) ?? missing;

    /// <summary>The window of a domain, made if the domain is new; null if its session is older than those kept, or there is no room.</summary>
    public SequenceWindow? Find(in SequenceDomain domain) => Find(in domain, out _);

    /// <summary>The window of a domain likewise; <paramref name="missing"/> says what its numbers are if there is none.</summary>
    public SequenceWindow? Find(in SequenceDomain domain, out SequenceSeen missing)
    {
        missing = SequenceSeen.TooOld;
        foreach (ref readonly var entry in _windows.AsSpan())
        {
            if (entry.Domain == domain)
            {
                return entry.Window;
            }
        }

        foreach (var floor in _floors)
        {
            if (floor.Source == domain.Source && floor.Channel == domain.Channel && domain.Session <= floor.Session)
            {
                return null;
            }
        }

        if (_windows.Length >= _windowsMax && !TryMakeRoom(in domain, out missing))
        {
            return null;
        }

        var added = new SequenceWindow();
        _windows = [.. _windows, new Entry(domain, added)];
        DropOldestSession(domain.Source, domain.Channel);

        // One that is older than all that are kept is dropped again at once.
        return Array.Exists(_windows, e => e.Window == added) ? added : null;
    }

    /// <summary>All windows, in the order in which their domains were met.</summary>
    public IEnumerable<(SequenceDomain Domain, SequenceWindow Window)> All()
    {
        foreach (var entry in _windows)
        {
            yield return (entry.Domain, entry.Window);
        }
    }

    internal void VisitNames(NameVisitor visitor)
    {
        for (var i = 0; i < _windows.Length; i++)
        {
            _windows[i] = _windows[i] with { Domain = visitor.Visited(_windows[i].Domain) };
        }

        for (var i = 0; i < _floors.Length; i++)
        {
            var (source, channel) = (_floors[i].Source, _floors[i].Channel);
            visitor.Visit(ref source);
            visitor.Visit(ref channel);
            _floors[i] = _floors[i] with { Source = source, Channel = channel };
        }
    }

    internal void Save(StateWriter writer)
    {
        writer.Put<SessionFloor>(_floors);
        writer.Put(_windows.Length);
        foreach (var entry in _windows)
        {
            writer.Put(entry.Domain);
            entry.Window.Save(writer);
        }
    }

    internal static DomainWindows Load(ref StateReader reader)
    {
        var loaded = new DomainWindows { _floors = reader.TakeArray<SessionFloor>(1 << 20) };
        loaded._windows = new Entry[reader.TakeCount(1 << 20)];
        for (var i = 0; i < loaded._windows.Length; i++)
        {
            loaded._windows[i] = new Entry(reader.Take<SequenceDomain>(), SequenceWindow.Load(ref reader));
        }

        return loaded;
    }

    private void DropOldestSession(SourceId source, ChannelId channel)
    {
        var sessions = 0;
        var oldest = uint.MaxValue;
        foreach (var entry in _windows)
        {
            if (entry.Domain.Source == source && entry.Domain.Channel == channel)
            {
                sessions++;
                oldest = Math.Min(oldest, entry.Domain.Session);
            }
        }

        if (sessions > SessionsMax)
        {
            Drop(source, channel, oldest);
        }
    }

    private bool TryMakeRoom(in SequenceDomain domain, out SequenceSeen missing)
    {
        missing = SequenceSeen.NoRoom;
        if (!_isFullOfSingleSessions)
        {
            // Of equals the one that was met first: that depends on the order of events and on nothing else.
            var most = _windows.GroupBy(e => (e.Domain.Source, e.Domain.Channel)).MaxBy(sessions => sessions.Count())!;
            if (most.Count() > 1)
            {
                Drop(most.Key.Source, most.Key.Channel, most.Min(e => e.Domain.Session));
                return true;
            }

            _isFullOfSingleSessions = true;
        }

        foreach (ref readonly var entry in _windows.AsSpan())
        {
            if (entry.Domain.Source == domain.Source && entry.Domain.Channel == domain.Channel)
            {
                missing = SequenceSeen.TooOld;
                if (domain.Session < entry.Domain.Session)
                {
                    return false;
                }

                Drop(domain.Source, domain.Channel, entry.Domain.Session);
                return true;
            }
        }

        return false;
    }

    private void Drop(SourceId source, ChannelId channel, uint oldest)
    {
        _windows = Array.FindAll(_windows, e => e.Domain != new SequenceDomain(source, channel, oldest));
        _floors = [.. Array.FindAll(_floors, f => f.Source != source || f.Channel != channel), new SessionFloor(source, channel, oldest)];
    }

    private readonly record struct Entry(SequenceDomain Domain, SequenceWindow Window);

    // Sessions up to `Session` of a (source, channel) are older than the window can tell.
    private readonly record struct SessionFloor(SourceId Source, ChannelId Channel, uint Session);
}
