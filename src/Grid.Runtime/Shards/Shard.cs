using System.Runtime.CompilerServices;
using Grid.Domain.Cusips;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;
using Grid.Runtime.Decisions;
using Grid.Runtime.Sequencing;
using Grid.Runtime.Snapshots;

namespace Grid.Runtime.Shards;

/// <summary>
/// One thread's worth of instruments: decides and applies their events in journal order. Knows no threads itself: one
/// caller drives it.
/// </summary>
internal sealed class Shard : IInstrumentOwner, IDisposable
{
    // Events whose states are looked up and fetched together before the first is applied. Each event touches some ten cache
    // lines of its instrument, most of them far away; fetched one by one they cost more than all the arithmetic.
    private const int EventsAtOnce = 16;

    private readonly GridImage _image;
    private readonly uint _index;
    private readonly uint _mask;
    private readonly Dictionary<InstrumentId, DefinitionLog> _definitions = [];

    // The states of the events at hand; null where an event belongs to another shard.
    private readonly InstrumentState?[] _gathered = new InstrumentState?[EventsAtOnce];

    // What subscribers must be told of the batch at hand, and which round of telling it is.
    private readonly List<StateWatch> _changed = [];
    private readonly List<InstrumentState> _added = [];
    private long _round = 1;

    // Not null while a snapshot is being taken: what is not in it yet is written before it changes.
    private ShardSweep? _sweep;

    public Shard(GridImage image, int index, int shards, HistoryStore history)
    {
        _image = image;
        _index = (uint)index;
        _mask = (uint)shards - 1;
        History = history;
    }

    public int Index => (int)_index;

    public EventOrder Order => _image.Context.Order;

    public HistoryStore History { get; }

    /// <summary>Outcomes since the data folder was made.</summary>
    public OutcomeCounts Counts { get; } = new();

    /// <summary>Instruments with state.</summary>
    public int Instruments { get; private set; }

    /// <summary>True while a snapshot is being taken.</summary>
    public bool IsSweeping => _sweep is not null;

    /// <summary>True while a snapshot is being taken and its next piece has room on the way to the disk.</summary>
    public bool CanSweep => _sweep is { HasRoom: true };

    /// <summary>Decides and applies this shard's events of a batch, and writes their outcomes into it.</summary>
    public void Process(PendingBatch batch)
    {
        for (var from = 0; from < batch.Events.Count; from += EventsAtOnce)
        {
            var states = Gather(batch.Events.Events, from);
            for (var k = 0; k < states.Length; k++)
            {
                var state = states[k];
                if (state is null)
                {
                    continue;
                }

                ref var e = ref batch.Events.Events[from + k];
                _sweep?.SaveBefore(state);
                var outcome = Decision.Of(this, state, in e, _image.Context.Source(e.Source), batch.Events);
                batch.Outcomes[from + k] = outcome;
                Finish(state, ref e, outcome, batch);
            }
        }

        if (_changed.Count + _added.Count > 0)
        {
            TellSubscribers();
        }
    }

    /// <summary>Applies this shard's events of a replayed batch with the outcomes that were decided then.</summary>
    public void Replay(PendingBatch batch)
    {
        for (var from = 0; from < batch.Events.Count; from += EventsAtOnce)
        {
            var states = Gather(batch.Events.Events, from);
            for (var k = 0; k < states.Length; k++)
            {
                var state = states[k];
                if (state is not null)
                {
                    ref var e = ref batch.Events.Events[from + k];
                    Decision.Observe(state, in e, _image.Context.Source(e.Source), batch.Events);
                    Finish(state, ref e, batch.Outcomes[from + k], batch);
                }
            }
        }
    }

    /// <summary>Begins a snapshot of this shard as it is now.</summary>
    public void BeginSweep(ShardSweep begun)
    {
        _sweep = begun;
        begun.Begin(this);
    }

    /// <summary>Goes on with the snapshot for a bounded while; true when the shard has finished it.</summary>
    public bool ContinueSweep()
    {
        if (_sweep is not null && _sweep.SaveSome())
        {
            _sweep = null;
        }

        return _sweep is null;
    }

    /// <summary>This shard's instruments, by number.</summary>
    public IEnumerable<InstrumentState> OwnInstruments() => _image.Instruments.All().Where(s => (s.Id.Value & _mask) == _index);

    public bool HasRoomFor(Cusip cusip) => _image.Cusips.HasRoomFor(cusip);

    /// <summary>The definitions of an instrument; null if it has none.</summary>
    public DefinitionLog? DefinitionsOf(InstrumentId id)
    {
        lock (_definitions)
        {
            return _definitions.GetValueOrDefault(id);
        }
    }

    /// <summary>The state of an instrument that has none yet.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public InstrumentState AddInstrument(InstrumentId id)
    {
        var state = new InstrumentState(id, _image.Context, History.Create(), _image.Rules.TimelineOf());
        _sweep?.Exclude(state);
        _image.Instruments.Set(id, state);
        Instruments++;
        if (_image.Subscriptions.WantsNewInstruments)
        {
            _added.Add(state);
        }

        return state;
    }

    /// <summary>Sets what an instrument is.</summary>
    public void Define(InstrumentState state, in MarketEvent e, InstrumentDefinition definition)
    {
        lock (_definitions)
        {
            if (!_definitions.TryGetValue(state.Id, out var log))
            {
                _definitions[state.Id] = log = new DefinitionLog();
            }

            log.Add(in e, definition, _image.Context.Order);
            state.Redefine(_image.Rules.TimelineOf(log.NewestFirst()), definition);
        }
    }

    /// <summary>Sets an instrument's definitions as a snapshot has them.</summary>
    public void SetDefinitions(InstrumentState state, DefinitionLog log)
    {
        lock (_definitions)
        {
            _definitions[state.Id] = log;
            state.Rules = _image.Rules.TimelineOf(log.NewestFirst());
        }
    }

    public void Dispose() => History.Dispose();

    private ReadOnlySpan<InstrumentState?> Gather(ReadOnlySpan<MarketEvent> events, int from)
    {
        var states = _gathered.AsSpan(0, Math.Min(EventsAtOnce, events.Length - from));
        for (var k = 0; k < states.Length; k++)
        {
            var id = events[from + k].Instrument;
            var state = (id.Value & _mask) != _index ? null : _image.Instruments[id] ?? AddInstrument(id);
            states[k] = state;
            state?.PrefetchState();
        }

        foreach (var state in states)
        {
            state?.PrefetchParts();
        }

        foreach (var state in states)
        {
            state?.PrefetchTails();
        }

        return states;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Finish(InstrumentState state, ref MarketEvent e, Outcome outcome, PendingBatch batch)
    {
        Counts.Add(outcome);
        if (outcome.IsApplied)
        {
            if (outcome.Disposition == Disposition.Flagged)
            {
                e.Flags |= EventFlags.Flagged;
            }

            state.Apply(in e, outcome);
            if (state.Watch is { } watch)
            {
                Note(watch);
            }

            if (e.Kind != EventKind.Trade && (e.Kind is EventKind.Run or EventKind.Definition || !state.RulesAt(e.EventTime).Cusip.IsNone))
            {
                Route(state, in e, batch.Events);
            }
        }
        else
        {
            state.CountUnapplied(in e, outcome);
            if (outcome.Disposition == Disposition.Rejected)
            {
                _image.Quarantine.Add(in e, outcome, batch);
            }
        }
    }

    // What goes beyond the instrument: a definition to the rules, runs and quotes to the CUSIP.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Route(InstrumentState state, in MarketEvent e, EventBatch batch)
    {
        var rules = state.RulesAt(e.EventTime);
        switch (e.Kind)
        {
            case EventKind.Definition:
                Define(state, in e, batch.Definitions[e.Detail]);
                _image.Cusips.Add(batch.Definitions[e.Detail].Cusip);
                break;
            case EventKind.Run:
                NoteCusip(_image.Cusips.Contribute(rules.Calendar.DateOf(e.EventTime), in e, batch.Runs[e.Detail]));
                break;
            case EventKind.Quote:
                NoteCusip(_image.Cusips.Contribute(rules.Calendar.DateOf(e.EventTime), rules.Cusip, state.Id, SourceQuote.Of(in e)));
                break;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Note(StateWatch watch)
    {
        if (watch.NotedIn != _round)
        {
            watch.NotedIn = _round;
            _changed.Add(watch);
        }
    }

    // A CUSIP has contributions of several shards, so it has no owner's round; whom it is told to sees to repetitions.
    private void NoteCusip(StateWatch? watch)
    {
        if (watch is not null)
        {
            _changed.Add(watch);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void TellSubscribers()
    {
        _round++;
        _image.Subscriptions.Publish(_changed, _added);
        _changed.Clear();
        _added.Clear();
    }
}
