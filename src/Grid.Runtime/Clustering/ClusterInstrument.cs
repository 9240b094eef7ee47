using System.Buffers;
using Grid.Domain;
using Grid.Domain.Cusips;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;
using Grid.Runtime.Decisions;
using Grid.Runtime.Shards;
using Grid.Storage.Postgres;
using Grid.Storage.Postgres.Committing;

namespace Grid.Runtime.Clustering;

/// <summary>
/// One instrument of a cluster: decides the events of slices as a shard does, applies them, and says what is to be committed. Its
/// grain calls, waits and answers, and decides nothing.
/// </summary>
/// <remarks>
/// One caller at a time applies. A slice counts as known once it is applied, so what is handed over must be committed, or the
/// whole object given up.
/// </remarks>
public sealed class ClusterInstrument : IInstrumentOwner
{
    private const byte Version = 1;

    private readonly ClusterScope _scope;
    private readonly GrainClaim _claim;
    private readonly RecentHistory _history;
    private readonly InstrumentState _state;
    private readonly DefinitionLog _definitions = new();

    // Slices that are committed or handed over, by producer.
    private readonly Dictionary<string, SliceWindow> _windows = new(StringComparer.Ordinal);

    // For rows that are replayed.
    private readonly EventBatch _replayed = new(1);

    /// <summary>The instrument as its activation goes on from what is in the database.</summary>
    /// <exception cref="FormatException">The saved state cannot be read.</exception>
    public ClusterInstrument(LoadedGrain loaded, ClusterScope scope)
    {
        ArgumentNullException.ThrowIfNull(loaded);
        ArgumentNullException.ThrowIfNull(scope);
        _scope = scope;
        _claim = loaded.Claim;
        _history = new RecentHistory(scope.RecentTicksMax, scope.RecentBarsMax);
        var id = new InstrumentId((uint)scope.Names.Instruments.GetOrAdd(loaded.Claim.Key.Name));
        _state = new InstrumentState(id, scope.Context, _history, scope.Rules.TimelineOf());
        foreach (var (producer, window) in loaded.Windows)
        {
            _windows[producer] = window;
        }

        var at = loaded.Snapshot?.At ?? default;
        foreach (var row in loaded.Definitions.Where(d => IsBefore(d.Tick, at)))
        {
            _definitions.Add(row.Tick.Event, row.Definition, scope.Context.Order);
        }

        if (loaded.Snapshot is { } snapshot)
        {
            Load(snapshot.State);
        }

        _state.Rules = scope.Rules.TimelineOf(_definitions.NewestFirst());
        Replay(loaded, at);
    }

    /// <summary>The sources whose declarations must be known before an instrument goes on from what was loaded.</summary>
    public static IReadOnlySet<SourceId> SourcesOf(LoadedGrain loaded, ClusterScope scope)
    {
        ArgumentNullException.ThrowIfNull(loaded);
        ArgumentNullException.ThrowIfNull(scope);
        var sources = loaded.Ticks.Concat(loaded.Runs.Select(r => r.Tick)).Concat(loaded.Definitions.Select(d => d.Tick))
            .Select(t => t.Event.Source).ToHashSet();
        if (loaded.Snapshot is { } snapshot)
        {
            var reader = ReaderOf(snapshot.State, loaded.Claim.Key);
            StateNames.Read(ref reader, scope.Names, out var saved);
            sources.UnionWith(saved);
        }

        return sources;
    }

    /// <summary>Its state; for whoever may read while nothing is applied.</summary>
    public InstrumentState State => _state;

    /// <summary>Events that were applied since the state was saved last.</summary>
    public int EventsUnsaved { get; private set; }

    /// <summary>The definition that is valid at a time, or null.</summary>
    public InstrumentDefinition? DefinitionAt(UnixNanos time) => _definitions.At(time);

    /// <summary>What is known of a slice.</summary>
    public SliceState StateOf(string producer, ulong producerEpoch, ulong batch) =>
        _windows.GetValueOrDefault(producer).StateOf(producerEpoch, batch);

    /// <summary>
    /// Decides and applies the events of a slice that is new, and gives what is to be committed. It is handed over before anything
    /// else is applied.
    /// </summary>
    /// <param name="producer">Who sent the batch.</param>
    /// <param name="producerEpoch">In which life.</param>
    /// <param name="number">The batch's number.</param>
    /// <param name="events">The instrument's events of it.</param>
    /// <param name="refused">Places of events that the database did not take when the slice was tried before, with what it said.</param>
    /// <param name="counts">Outcomes are added here.</param>
    public DecidedSlice Apply(
        string producer, ulong producerEpoch, ulong number, EventBatch events, IReadOnlyDictionary<int, string> refused, OutcomeCounts counts)
    {
        ArgumentNullException.ThrowIfNull(events);
        ArgumentNullException.ThrowIfNull(refused);
        ArgumentNullException.ThrowIfNull(counts);
        if (StateOf(producer, producerEpoch, number) != SliceState.New)
        {
            throw new ArgumentException($"batch {number} of {producer}, life {producerEpoch}, is not new to {_claim}");
        }

        var slice = _claim.NewSlice(producer, producerEpoch, number, events.Count);
        var decided = new DecidedSlice(slice);
        for (var i = 0; i < events.Count; i++)
        {
            ref var e = ref events.Events[i];
            var outcome = Decision.Of(this, _state, in e, _scope.Context.Source(e.Source), events);
            if (outcome.IsApplied && refused.TryGetValue(i, out var message))
            {
                outcome = Outcome.Reject(RejectReason.NotStorable);
                Reject(slice, in e, outcome, events, message);
            }
            else if (outcome.IsApplied)
            {
                Apply(slice, ref e, outcome, events);
            }
            else if (outcome.Disposition == Disposition.Rejected)
            {
                Reject(slice, in e, outcome, events, null);
            }
            else
            {
                _state.CountUnapplied(in e, outcome);
                decided.NoteUnwritten(i);
            }

            counts.Add(outcome);
        }

        EventsUnsaved += slice.Rows;
        _windows[producer] = _windows.GetValueOrDefault(producer).With(producerEpoch, number);
        return decided;
    }

    /// <summary>The state as bytes: what all slices that were applied so far come to.</summary>
    public byte[] Save()
    {
        var used = new UsedNames();
        _state.VisitNames(used);
        _history.VisitNames(used);
        var bytes = new ArrayBufferWriter<byte>(16 << 10);
        var writer = new StateWriter(bytes);
        writer.Put(Version);
        StateNames.Write(writer, _scope.Names, used);
        _state.Save(writer);
        _history.Save(writer);
        EventsUnsaved = 0;
        return bytes.WrittenSpan.ToArray();
    }

    /// <inheritdoc/>
    EventOrder IInstrumentOwner.Order => _scope.Context.Order;

    // The CUSIPs of a cluster are grains, as many as come.
    bool IInstrumentOwner.HasRoomFor(Cusip cusip) => true;

    DefinitionLog? IInstrumentOwner.DefinitionsOf(InstrumentId id) => _definitions;

    private void Load(byte[] saved)
    {
        var reader = ReaderOf(saved, _claim.Key);
        var translation = StateNames.Read(ref reader, _scope.Names);
        _state.Load(ref reader);
        _history.Load(ref reader);
        _state.VisitNames(translation);
        _history.VisitNames(translation);
    }

    private static StateReader ReaderOf(byte[] saved, GrainKey key)
    {
        var reader = new StateReader(saved);
        return reader.Take<byte>() is not Version and var version
            ? throw new FormatException($"the saved state of {key} has version {version}; this program knows {Version}")
            : reader;
    }

    // In the order in which they were committed; definitions come back whole, those of the snapshot among them.
    private void Replay(LoadedGrain loaded, CommitPosition at)
    {
        var rows = loaded.Ticks.Select(t => (Tick: t, Run: (RunDetail?)null, Definition: (InstrumentDefinition?)null))
            .Concat(loaded.Runs.Select(r => (r.Tick, (RunDetail?)r.Detail, (InstrumentDefinition?)null)))
            .Concat(loaded.Definitions.Where(d => !IsBefore(d.Tick, at)).Select(d => (d.Tick, (RunDetail?)null, (InstrumentDefinition?)d.Definition)))
            .OrderBy(r => r.Tick.Lsn).ThenBy(r => r.Tick.Row);
        foreach (var (tick, run, definition) in rows)
        {
            var e = tick.Event;
            _replayed.Clear();
            if (run is { } detail)
            {
                _replayed.Add(in e, in detail);
            }
            else if (definition is not null)
            {
                _replayed.Add(in e, definition);
            }

            Decision.Observe(_state, in e, _scope.Context.Source(e.Source), _replayed);
            _state.Apply(in e, tick.Outcome);
            Define(in e, definition);
            EventsUnsaved++;
        }
    }

    private void Apply(CommitSlice slice, ref MarketEvent e, Outcome outcome, EventBatch events)
    {
        var detail = e.Detail;
        e.Detail = 0;
        if (outcome.Disposition == Disposition.Flagged)
        {
            e.Flags |= EventFlags.Flagged;
        }

        _state.Apply(in e, outcome);
        switch (e.Kind)
        {
            case EventKind.Run:
                var run = events.Runs[detail];
                slice.Add(in e, outcome, in run, _state.RulesAt(e.EventTime).Calendar.DateOf(e.EventTime));
                break;
            case EventKind.Definition:
                Define(in e, events.Definitions[detail]);
                slice.Add(in e, outcome, events.Definitions[detail], _definitions.At(e.ReceiveTime));
                break;
            default:
                slice.Add(in e, outcome);
                break;
        }
    }

    private void Reject(CommitSlice slice, in MarketEvent e, Outcome outcome, EventBatch events, string? message)
    {
        _state.CountUnapplied(in e, outcome);
        slice.Reject(
            e with { Detail = 0 },
            outcome,
            e.Kind == EventKind.Run ? events.Runs[e.Detail] : null,
            e.Kind == EventKind.Definition ? events.Definitions[e.Detail] : null,
            message);
    }

    private void Define(in MarketEvent e, InstrumentDefinition? definition)
    {
        if (definition is not null)
        {
            _definitions.Add(in e, definition, _scope.Context.Order);
            _state.Redefine(_scope.Rules.TimelineOf(_definitions.NewestFirst()), definition);
        }
    }

    private static bool IsBefore(in TickRow row, CommitPosition at) =>
        (long)row.Lsn < at.Commit || ((long)row.Lsn == at.Commit && row.Row < at.Row);
}
