using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Storage.Postgres;
using Grid.Storage.Postgres.Committing;

namespace Grid.Testing;

/// <summary>
/// What the database would hold of one instrument of a cluster, in memory: each activation claims it from a process of its own,
/// whose numbers of names are others.
/// </summary>
internal sealed class GrainMemory(string symbol)
{
    private readonly GridNames _names = new();
    private readonly List<TickRow> _ticks = [];
    private readonly List<RunRow> _runs = [];
    private readonly List<DefinitionRow> _definitions = [];
    private readonly Dictionary<string, SliceWindow> _windows = new(StringComparer.Ordinal);
    private GrainSnapshot? _snapshot;
    private long _epoch;
    private long _commit;

    /// <summary>Events that were quarantined, with what the database said.</summary>
    public List<(MarketEvent Event, string? Message)> Rejected { get; } = [];

    /// <summary>The grain for a new activation in a process.</summary>
    public LoadedGrain Claim(GridNames names)
    {
        var key = new GrainKey(GrainKind.Instrument, symbol);
        var claim = new GrainClaim(key, id: 1, ++_epoch, new InstrumentId((uint)names.Instruments.GetOrAdd(symbol)), tailFrom: null);
        var at = _snapshot?.At ?? default;
        return new LoadedGrain(
            claim,
            [.. _windows.Select(w => new ProducerWindow(w.Key, w.Value))],
            _snapshot,
            [.. _ticks.Where(t => IsBehind(t, at)).Select(t => Renamed(t, _names, names))],
            [.. _runs.Where(r => IsBehind(r.Tick, at)).Select(r => r with { Tick = Renamed(r.Tick, _names, names) })],
            [.. _definitions.Select(d => d with { Tick = Renamed(d.Tick, _names, names) })]);
    }

    /// <summary>Commits a slice of a process.</summary>
    public void Commit(CommitSlice slice, GridNames names)
    {
        _commit++;
        _ticks.AddRange(slice.Ticks.Select(t => At(Renamed(t, names, _names))));
        _runs.AddRange(slice.Runs.Select(r => r with { Tick = At(Renamed(r.Tick, names, _names)) }));
        _definitions.AddRange(slice.Definitions.Select(d => d with { Tick = At(Renamed(d.Tick, names, _names)) }));
        Rejected.AddRange(slice.Rejected.Select(r => (Renamed(r.Tick, names, _names).Event, r.Message)));
        _windows[slice.Producer] = _windows.GetValueOrDefault(slice.Producer).With(slice.ProducerEpoch, slice.Batch);
    }

    /// <summary>Saves a state that holds all that was committed so far.</summary>
    public void Save(byte[] state) => _snapshot = new GrainSnapshot(new CommitPosition(_commit + 1, 0), state);

    private TickRow At(TickRow row) => row with { Lsn = (ulong)_commit };

    private static bool IsBehind(in TickRow row, CommitPosition at) => (long)row.Lsn >= at.Commit;

    private static TickRow Renamed(TickRow row, GridNames from, GridNames to)
    {
        return row with
        {
            Event = row.Event with
            {
                Instrument = new InstrumentId((uint)Number(NameKind.Instrument, row.Event.Instrument.Value)),
                Source = new SourceId((ushort)Number(NameKind.Source, row.Event.Source.Value)),
                Venue = new VenueId((ushort)Number(NameKind.Venue, row.Event.Venue.Value)),
                Channel = new ChannelId((uint)Number(NameKind.Channel, row.Event.Channel.Value)),
            },
        };

        int Number(NameKind kind, uint number) => number == 0 ? 0 : to[kind].GetOrAdd(from[kind][(int)number]);
    }
}
