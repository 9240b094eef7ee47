using System.Numerics;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;
using Grid.Storage.Postgres.Committing;
using Grid.Storage.Postgres.Writing;
using Npgsql;

namespace Grid.Storage.Postgres.Restoring;

/// <summary>Rows of a database as this process's values. One reading at a time, inside of one transaction.</summary>
public sealed class StoredRows
{
    private const string After = "(epoch, lsn) > ($1, $2)";

    private readonly NpgsqlConnection _connection;
    private readonly StoredEvents _events;
    private readonly StoredNames _instruments;

    // A batch of one quarantined event.
    private readonly EventBatch _one = new(capacity: 1);

    internal StoredRows(NpgsqlConnection connection, GridNames names)
    {
        _connection = connection;
        _events = new StoredEvents(names);
        _instruments = new StoredNames("grid.instrument", names.Instruments, "symbol");
    }

    /// <summary>What the sources declared, each with its number.</summary>
    public async Task<IReadOnlyList<(SourceId Id, SourceDeclaration Declaration)>> ReadSourcesAsync(CancellationToken cancel)
    {
        var sources = new List<(SourceId, SourceDeclaration)>();
        await ReadAsync(
            "SELECT id, name::text, policy, contiguous, unknown_instrument, not_last, not_high_low, not_volume FROM grid.source",
            r => sources.Add((Source(r.GetInt32(0)), new SourceDeclaration
            {
                Name = r.GetString(1),
                Policy = Enum.Parse<DedupPolicy>(r.GetString(2), ignoreCase: true),
                IsContiguous = r.GetBoolean(3),
                UnknownInstrument = Enum.Parse<UnknownInstrumentAction>(r.GetString(4), ignoreCase: true),
                NotLastConditions = (uint)r.GetInt64(5),
                NotHighLowConditions = (uint)r.GetInt64(6),
                NotVolumeConditions = (uint)r.GetInt64(7),
            })),
            cancel).ConfigureAwait(false);
        return sources;
    }

    /// <summary>Shows the definitions that came after a position, in the order in which they came.</summary>
    public Task ReadDefinitionsAsync(StoredPosition after, Action<DefinitionRow> show, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(show);
        return ReadAsync(
            $"""
            SELECT d.instrument_id, {StoredEvents.DefinitionColumns}
            FROM grid.instrument_definition AS d WHERE {After} ORDER BY epoch, lsn, frame_row
            """,
            r => show(_events.ReadDefinition(r, Instrument(r.GetInt32(0)))),
            cancel,
            Parameters(after));
    }

    /// <summary>
    /// Shows the ticks that came after a position: partition by partition, in each those of one instrument as they came. Gives
    /// the partitions that are gone.
    /// </summary>
    public async Task<IReadOnlyList<string>> ReadTicksAsync(StoredPosition after, Action<TickRow> show, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(show);
        var (partitions, gone) = await PartitionsAsync("tick", after, cancel).ConfigureAwait(false);
        foreach (var partition in partitions)
        {
            await ReadAsync(
                $"SELECT t.instrument_id, {StoredEvents.TickColumns} FROM {Partitions.TableOf(partition)} AS t WHERE {After}",
                r => show(_events.ReadTick(r, Instrument(r.GetInt32(0)))),
                cancel,
                Parameters(after)).ConfigureAwait(false);
        }

        return gone;
    }

    /// <summary>Shows the runs likewise.</summary>
    public async Task<IReadOnlyList<string>> ReadRunsAsync(StoredPosition after, Action<RunRow> show, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(show);
        var (partitions, gone) = await PartitionsAsync("run", after, cancel).ConfigureAwait(false);
        foreach (var partition in partitions)
        {
            await ReadAsync(
                $"SELECT t.instrument_id, {StoredEvents.RunColumns} FROM {Partitions.TableOf(partition)} AS t WHERE {After}",
                r => show(_events.ReadRun(r, Instrument(r.GetInt32(0)))),
                cancel,
                Parameters(after)).ConfigureAwait(false);
        }

        return gone;
    }

    /// <summary>Shows the quarantine that came after a position, in the order in which it came. What the database itself refused has a message, and was applied.</summary>
    public Task ReadQuarantineAsync(StoredPosition after, Action<RejectedRow> show, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(show);
        return ReadAsync(
            $"""
            SELECT q.instrument_id, q.source_id, q.channel_id, q.venue_id, q.receive_time, q.receive_ns::smallint, q.raw, q.reason, q.message, q.lsn, q.frame_row, p.name::text
            FROM grid.quarantine AS q JOIN grid.producer AS p ON p.id = q.producer_id WHERE (q.epoch, q.lsn) > ($1, $2) ORDER BY q.epoch, q.lsn, q.frame_row
            """,
            r => show(ReadRejected(r)),
            cancel,
            Parameters(after));
    }

    /// <summary>How far the producers' batches are in.</summary>
    public async Task<IReadOnlyList<ProducerRow>> ReadProducersAsync(CancellationToken cancel)
    {
        var producers = new List<ProducerRow>();
        await ReadAsync(
            "SELECT name::text, epoch, last_batch FROM grid.producer WHERE last_batch <> 0",
            r => producers.Add(new ProducerRow(r.GetString(0), (ulong)r.GetInt64(1), (ulong)r.GetInt64(2))),
            cancel).ConfigureAwait(false);
        return producers;
    }

    /// <summary>The contiguous sequence domains and what is missing in them, older sessions first.</summary>
    public async Task<IReadOnlyList<GapDomainRow>> ReadGapsAsync(CancellationToken cancel)
    {
        var open = new Dictionary<SequenceDomain, List<SequenceRange>>();
        await ReadAsync(
            "SELECT source_id, channel_id, session, first_missing, last_missing FROM grid.gap",
            r =>
            {
                var domain = ReadDomain(r);
                if (!open.TryGetValue(domain, out var gaps))
                {
                    open[domain] = gaps = [];
                }

                gaps.Add(new SequenceRange((ulong)r.GetInt64(3), (ulong)r.GetInt64(4)));
            },
            cancel).ConfigureAwait(false);
        var domains = new List<GapDomainRow>();
        await ReadAsync(
            "SELECT source_id, channel_id, session, first_seen, last_seen, forgotten_gaps, forgotten_numbers FROM grid.gap_domain ORDER BY session, source_id, channel_id",
            r => domains.Add(new GapDomainRow(
                ReadDomain(r), (ulong)r.GetInt64(3), (ulong)r.GetInt64(4), (ulong)r.GetInt64(5), (UInt128)r.GetFieldValue<BigInteger>(6),
                open.TryGetValue(ReadDomain(r), out var gaps) ? [.. gaps.OrderBy(g => g.First)] : [])),
            cancel).ConfigureAwait(false);
        return domains;
    }

    /// <summary>What became of each instrument's events, of all time.</summary>
    public async Task<IReadOnlyList<(InstrumentId Instrument, InstrumentCounts Counts)>> ReadQualityAsync(CancellationToken cancel)
    {
        var quality = new List<(InstrumentId, InstrumentCounts)>();
        await ReadAsync(
            """
            SELECT instrument_id, sum(accepted)::bigint, sum(flagged)::bigint, sum(duplicate)::bigint, sum(rejected)::bigint, sum(late)::bigint, max(last_received), 0::smallint
            FROM grid.data_quality_log GROUP BY instrument_id
            """,
            r => quality.Add((Instrument(r.GetInt32(0)), new InstrumentCounts
            {
                Accepted = r.GetInt64(1),
                Flagged = r.GetInt64(2),
                Duplicate = r.GetInt64(3),
                Rejected = r.GetInt64(4),
                Late = r.GetInt64(5),
                LastReceived = StoredEvents.TimeAt(r, 6),
            })),
            cancel).ConfigureAwait(false);
        return quality;
    }

    // Rows of a partition lie in the order in which they were written, and are wanted in that: by one reader, from the first page on.
    internal async Task BeginAsync(CancellationToken cancel)
    {
        await ReadAsync("SET LOCAL synchronize_seqscans = off; SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL statement_timeout = 0", static _ => { }, cancel).ConfigureAwait(false);
        await _events.RefreshAsync(_connection, cancel).ConfigureAwait(false);
        await _instruments.RefreshAsync(_connection, cancel).ConfigureAwait(false);
    }

    private async Task<(List<string> There, List<string> Gone)> PartitionsAsync(string parent, StoredPosition after, CancellationToken cancel)
    {
        var (there, gone) = (new List<string>(), new List<string>());
        await ReadAsync(
            $"""
            SELECT partition, to_regclass(format('grid.%I', partition)) IS NOT NULL FROM grid.partition_newest
            WHERE partition LIKE '{parent}\_%' AND {After} ORDER BY partition
            """,
            r => (r.GetBoolean(1) ? there : gone).Add(r.GetString(0)),
            cancel,
            Parameters(after)).ConfigureAwait(false);
        return (there, gone);
    }

    // Each of its names has the number 1 in the bytes, or 0 for none.
    private RejectedRow ReadRejected(NpgsqlDataReader r)
    {
        int[] instruments = [0, _instruments[r.GetInt32(0)]];
        int[] sources = [0, _events.Sources[r.GetInt32(1)]];
        int[] channels = [0, _events.Channels[r.GetInt32(2)]];
        int[] venues = [0, _events.Venues[r.GetInt32(3)]];
        var fault = EventBatchDecoder.Decode(r.GetFieldValue<byte[]>(6), new NameMaps(instruments, sources, venues, channels), StoredEvents.TimeAt(r, 4), _one, out _);
        if (fault != BatchFault.None || _one.Count != 1)
        {
            throw new GridStorageException($"the quarantined event of frame {r.GetInt64(9)}, row {r.GetInt32(10)}, cannot be read from the database: {fault}");
        }

        var e = _one.Events[0];
        var message = r.IsDBNull(8) ? null : r.GetString(8);
        var outcome = message is null ? Outcome.Reject((RejectReason)r.GetInt16(7)) : Outcome.Accepted;
        return new RejectedRow(
            new TickRow(e, outcome, (ulong)r.GetInt64(9), r.GetInt32(10)),
            r.GetString(11),
            e.Kind == EventKind.Run ? _one.Runs[0] : null,
            e.Kind == EventKind.Definition ? _one.Definitions[0] : null,
            message);
    }

    private SequenceDomain ReadDomain(NpgsqlDataReader r) => new(Source(r.GetInt32(0)), Channel(r.GetInt32(1)), (uint)r.GetInt64(2));

    private InstrumentId Instrument(int id) => new((uint)_instruments[id]);

    private SourceId Source(int id) => new((ushort)_events.Sources[id]);

    private ChannelId Channel(int id) => new((uint)_events.Channels[id]);

    private static NpgsqlParameter[] Parameters(StoredPosition after) => [CommitStatements.Of(after.Epoch), CommitStatements.Of((long)after.Lsn)];

    private async Task ReadAsync(string sql, Action<NpgsqlDataReader> row, CancellationToken cancel, params NpgsqlParameter[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, _connection);
        command.Parameters.AddRange(parameters);
        await using var reader = await command.ExecuteReaderAsync(cancel).ConfigureAwait(false);
        while (await reader.ReadAsync(cancel).ConfigureAwait(false))
        {
            row(reader);
        }
    }
}
