using Grid.Domain.Instruments;

namespace Grid.Domain.Events;

/// <summary>
/// Events in the order in which their producer sent them, with the wider parts of runs and definitions beside them.
/// Reused: whoever rents one returns it.
/// </summary>
public sealed class EventBatch
{
    // _events[0..Count) are complete. Detail of a Run indexes Runs, of a Definition indexes Definitions.
    private MarketEvent[] _events;

    /// <summary>A batch that holds up to <see cref="GridLimits.BatchEventsMax"/> events, with room for <paramref name="capacity"/> at first.</summary>
    public EventBatch(int capacity = 1024) => _events = new MarketEvent[capacity];

    /// <summary>Events held.</summary>
    public int Count { get; private set; }

    /// <summary>The events, to read or to change in place.</summary>
    public Span<MarketEvent> Events => _events.AsSpan(0, Count);

    /// <summary>Wider parts of the runs.</summary>
    public List<RunDetail> Runs { get; } = [];

    /// <summary>Content of the definitions.</summary>
    public List<InstrumentDefinition> Definitions { get; } = [];

    /// <summary>Forgets the content, keeps the memory.</summary>
    public void Clear()
    {
        Count = 0;
        Runs.Clear();
        Definitions.Clear();
    }

    /// <summary>Adds an event that has no wider part.</summary>
    public void Add(in MarketEvent e) => Next() = e;

    /// <summary>Adds a run.</summary>
    public void Add(in MarketEvent e, in RunDetail run)
    {
        ref var added = ref Next();
        added = e;
        added.Kind = EventKind.Run;
        added.Detail = (ushort)Runs.Count;
        Runs.Add(run);
    }

    /// <summary>Adds a definition.</summary>
    public void Add(in MarketEvent e, InstrumentDefinition definition)
    {
        ref var added = ref Next();
        added = e;
        added.Kind = EventKind.Definition;
        added.Detail = (ushort)Definitions.Count;
        Definitions.Add(definition);
    }

    /// <summary>Makes room for exactly <paramref name="count"/> events, to be filled in place.</summary>
    /// <exception cref="ArgumentOutOfRangeException">More than <see cref="GridLimits.BatchEventsMax"/>.</exception>
    public Span<MarketEvent> Resize(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)GridLimits.BatchEventsMax, nameof(count));
        if (count > _events.Length)
        {
            Array.Resize(ref _events, Math.Max(count, Math.Min(_events.Length * 2, GridLimits.BatchEventsMax)));
        }

        Count = count;
        return _events.AsSpan(0, count);
    }

    private ref MarketEvent Next()
    {
        var at = Count;
        Resize(at + 1);
        return ref _events[at];
    }
}
