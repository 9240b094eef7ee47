using Grid.Domain.Identifiers;
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

    private static readonly string TicksSql = $"SELECT g.id, {StoredEvents.TickColumns} {TailsSql.Replace("{0}", "grid.tick", StringComparison.Ordinal)}";

    private static readonly string RunsSql =
        $"SELECT g.id, {StoredEvents.RunColumns} "
        + TailsSql.Replace("{0}", "grid.run", StringComparison.Ordinal);

    private const string DefinitionsSql = $"""
        SELECT g.id, {StoredEvents.DefinitionColumns}
        FROM grid.grain AS g
        JOIN grid.instrument AS i ON i.symbol = g.key
        JOIN grid.instrument_definition AS d ON d.instrument_id = i.id AND d.epoch = 0
        WHERE g.id = ANY ($1) AND g.kind = 1
        ORDER BY g.id, d.lsn, d.frame_row
        """;

    private readonly StoredEvents _events = new(names);

    /// <summary>Loads grains that were claimed, in the order given.</summary>
    public async Task<IReadOnlyList<LoadedGrain>> LoadAsync(NpgsqlConnection connection, List<GrainClaim> claims, CancellationToken cancel)
    {
        // The claims are committed: whatever these grains have, its names were stored before.
        await _events.RefreshAsync(connection, cancel).ConfigureAwait(false);

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

    private void ReadTick(NpgsqlDataReader reader, Parts parts) => parts.Ticks.Add(_events.ReadTick(reader, parts.Claim.Instrument));

    private void ReadRun(NpgsqlDataReader reader, Parts parts) => parts.Runs.Add(_events.ReadRun(reader, parts.Claim.Instrument));

    private void ReadDefinition(NpgsqlDataReader reader, Parts parts) => parts.Definitions.Add(_events.ReadDefinition(reader, parts.Claim.Instrument));

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
