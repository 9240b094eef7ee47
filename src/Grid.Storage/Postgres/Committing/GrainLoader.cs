using Grid.Domain.Cusips;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;
using Npgsql;

namespace Grid.Storage.Postgres.Committing;

/// <summary>Reads what activations of many grains go on from: windows, snapshots, and the events behind them.</summary>
internal sealed class GrainLoader(GridNames names)
{
    private const string WindowsSql = """
        SELECT s.grain_id, p.name::text, s.producer_epoch, s.highest, s.seen FROM grid.slice AS s JOIN grid.producer AS p ON p.id = s.producer_id
        WHERE s.grain_id = ANY ($1) ORDER BY s.grain_id, p.name
        """;

    private const string SnapshotsSql = "SELECT grain_id, commit_id, frame_row, state FROM grid.grain_snapshot WHERE grain_id = ANY ($1)";

    // Only grains with a tail, each from its own time on, which the index finds and which leaves out older partitions.
    private const string TailsSql = """
        FROM grid.grain AS g
        JOIN grid.instrument AS i ON i.symbol = g.key
        LEFT JOIN grid.grain_snapshot AS s ON s.grain_id = g.id
        CROSS JOIN LATERAL (
            SELECT * FROM {0} AS e
            WHERE e.instrument_id = i.id AND e.event_time >= g.tail_from AND e.epoch = 0
                AND (e.lsn, e.frame_row) >= (coalesce(s.commit_id, 0), coalesce(s.frame_row, 0))
        ) AS t
        WHERE g.id = ANY ($1) AND g.kind = 1 AND g.tail_from IS NOT NULL
        ORDER BY g.id, t.lsn, t.frame_row
        """;

    private const string EventColumns =
        "g.id, t.event_time, t.event_ns, t.receive_time, t.receive_ns, t.sequence, t.session, t.conditions, t.lsn, t.frame_row, "
        + "t.source_id, t.channel_id, t.venue_id, t.flags, t.outcome, t.bid, t.bid_size, t.ask, t.ask_size";

    private static readonly string TicksSql = $"SELECT {EventColumns}, t.kind, t.price, t.size, t.amends {TailsSql.Replace("{0}", "grid.tick", StringComparison.Ordinal)}";

    private static readonly string RunsSql =
        $"SELECT {EventColumns}, t.cusip, t.bid_spread, t.ask_spread, t.bid_yield, t.ask_yield, t.benchmark, t.day "
        + TailsSql.Replace("{0}", "grid.run", StringComparison.Ordinal);

    private const string DefinitionsSql = """
        SELECT g.id, d.lsn, d.frame_row, d.source_id, d.channel_id, d.session, d.sequence, d.event_time, d.event_ns, d.class, d.tick_size,
            d.lot_size, d.currency, d.calendar, d.cusip, d.valid_from, d.valid_from_ns, d.valid_to, d.valid_to_ns
        FROM grid.grain AS g
        JOIN grid.instrument AS i ON i.symbol = g.key
        JOIN grid.instrument_definition AS d ON d.instrument_id = i.id AND d.epoch = 0
        WHERE g.id = ANY ($1) AND g.kind = 1
        ORDER BY g.id, d.lsn, d.frame_row
        """;

    private readonly StoredNames _sources = new("grid.source", names.Sources);
    private readonly StoredNames _channels = new("grid.channel", names.Channels);
    private readonly StoredNames _venues = new("grid.venue", names.Venues);

    /// <summary>Loads grains that were claimed, in the order given.</summary>
    public async Task<IReadOnlyList<LoadedGrain>> LoadAsync(NpgsqlConnection connection, List<GrainClaim> claims, CancellationToken cancel)
    {
        // The claims are committed: whatever these grains have, its names were stored before.
        foreach (var stored in (StoredNames[])[_sources, _channels, _venues])
        {
            await stored.RefreshAsync(connection, cancel).ConfigureAwait(false);
        }

        var parts = claims.ToDictionary(c => c.Id, c => new Parts(c));
        var ids = claims.ConvertAll(c => c.Id).ToArray();
        await ReadAsync(WindowsSql, r => parts[r.GetInt32(0)].Add(
            new ProducerWindow(r.GetString(1), new SliceWindow((ulong)r.GetInt64(2), (ulong)r.GetInt64(3), (ulong)r.GetInt64(4))))).ConfigureAwait(false);
        await ReadAsync(SnapshotsSql, r => parts[r.GetInt32(0)].Snapshot =
            new GrainSnapshot(new CommitPosition(r.GetInt64(1), r.GetInt32(2)), r.GetFieldValue<byte[]>(3))).ConfigureAwait(false);
        await ReadAsync(TicksSql, r => ReadTick(r, parts[r.GetInt32(0)])).ConfigureAwait(false);
        await ReadAsync(RunsSql, r => ReadRun(r, parts[r.GetInt32(0)])).ConfigureAwait(false);
        await ReadAsync(DefinitionsSql, r => ReadDefinition(r, parts[r.GetInt32(0)])).ConfigureAwait(false);
        return claims.ConvertAll(c => parts[c.Id].ToGrain());

        async Task ReadAsync(string sql, Action<NpgsqlDataReader> row)
        {
            await using var command = new NpgsqlCommand(sql, connection) { Parameters = { CommitStatements.Of(ids) } };
            await using var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
            while (await reader.ReadAsync(cancel).ConfigureAwait(false))
            {
                row(reader);
            }
        }
    }

    private void ReadTick(NpgsqlDataReader reader, Parts parts)
    {
        var e = ReadEvent(reader, parts.Claim.Instrument, (EventKind)reader.GetInt16(19));
        if (!reader.IsDBNull(20))
        {
            (e.F0, e.F1) = (reader.GetInt64(20), reader.GetInt64(21));
        }

        if (!reader.IsDBNull(22))
        {
            e.F3 = reader.GetInt64(22);
        }

        parts.Ticks.Add(RowOf(reader, e));
    }

    private void ReadRun(NpgsqlDataReader reader, Parts parts)
    {
        var e = ReadEvent(reader, parts.Claim.Instrument, EventKind.Run);
        var detail = new RunDetail(Cusip.Parse(reader.GetString(19)), Number(20), Number(21), Number(22), Number(23), reader.IsDBNull(24) ? default : Cusip.Parse(reader.GetString(24)));
        var day = reader.GetFieldValue<DateOnly>(25);
        parts.Runs.Add(new RunRow(RowOf(reader, e), detail, (uint)((day.Year * 10_000) + (day.Month * 100) + day.Day)));

        long Number(int column) => reader.IsDBNull(column) ? RunDetail.Absent : reader.GetInt64(column);
    }

    private void ReadDefinition(NpgsqlDataReader reader, Parts parts)
    {
        var e = new MarketEvent
        {
            Kind = EventKind.Definition,
            Source = new SourceId((ushort)_sources[reader.GetInt32(3)]),
            Instrument = parts.Claim.Instrument,
            Channel = new ChannelId((uint)_channels[reader.GetInt32(4)]),
            Session = (uint)reader.GetInt64(5),
            Sequence = (ulong)reader.GetInt64(6),
            EventTime = Time(reader, 7),
        };
        var definition = new InstrumentDefinition
        {
            Class = reader.GetString(9),
            TickSize = new Price(reader.GetInt64(10)),
            LotSize = new Quantity(reader.GetInt64(11)),
            Currency = reader.GetString(12),
            Calendar = reader.GetString(13),
            Cusip = reader.IsDBNull(14) ? default : Cusip.Parse(reader.GetString(14)),
            ValidFrom = reader.IsDBNull(15) ? new UnixNanos(long.MinValue) : Time(reader, 15),
            ValidTo = reader.IsDBNull(17) ? new UnixNanos(long.MaxValue) : Time(reader, 17),
        };
        parts.Definitions.Add(new DefinitionRow(new TickRow(e, Outcome.Accepted, (ulong)reader.GetInt64(1), reader.GetInt32(2)), definition));
    }

    private MarketEvent ReadEvent(NpgsqlDataReader reader, InstrumentId instrument, EventKind kind)
    {
        var e = new MarketEvent
        {
            Kind = kind,
            Flags = (EventFlags)reader.GetInt16(13),
            Source = new SourceId((ushort)_sources[reader.GetInt32(10)]),
            Instrument = instrument,
            Channel = new ChannelId((uint)_channels[reader.GetInt32(11)]),
            Session = (uint)reader.GetInt64(6),
            Conditions = (uint)reader.GetInt64(7),
            Venue = new VenueId((ushort)_venues[reader.GetInt32(12)]),
            Sequence = (ulong)reader.GetInt64(5),
            EventTime = Time(reader, 1),
            ReceiveTime = Time(reader, 3),
        };
        if (!reader.IsDBNull(15))
        {
            (e.F0, e.F1) = (reader.GetInt64(15), reader.GetInt64(16));
        }

        if (!reader.IsDBNull(17))
        {
            (e.F2, e.F3) = (reader.GetInt64(17), reader.GetInt64(18));
        }

        return e;
    }

    // The nanoseconds stand in the column behind.
    private static UnixNanos Time(NpgsqlDataReader reader, int column) =>
        new(UnixNanos.From(reader.GetFieldValue<DateTimeOffset>(column)).Value + reader.GetInt16(column + 1));

    private static TickRow RowOf(NpgsqlDataReader reader, in MarketEvent e) =>
        new(e, new Outcome((byte)reader.GetInt16(14)), (ulong)reader.GetInt64(8), reader.GetInt32(9));

    private sealed class Parts(GrainClaim claim)
    {
        private readonly List<ProducerWindow> _windows = [];

        public GrainClaim Claim => claim;

        public GrainSnapshot? Snapshot { get; set; }

        public List<TickRow> Ticks { get; } = [];

        public List<RunRow> Runs { get; } = [];

        public List<DefinitionRow> Definitions { get; } = [];

        public void Add(ProducerWindow window)
        {
            _windows.Add(window);
            claim.SetWindow(window.Producer, window.Window);
        }

        public LoadedGrain ToGrain() => new(claim, _windows, Snapshot, Ticks, Runs, Definitions);
    }
}
