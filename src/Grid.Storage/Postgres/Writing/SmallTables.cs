using System.Numerics;
using Grid.Domain.Dedup;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Npgsql;
using NpgsqlTypes;

namespace Grid.Storage.Postgres.Writing;

/// <summary>The statements of a flush that bring few rows: as arrays, all in one round trip.</summary>
internal sealed class SmallTables(NameNumbers names, int epoch)
{
    /// <summary>Adds what a flush has for these tables to a batch of statements.</summary>
    /// <param name="batch">The statements.</param>
    /// <param name="flush">The flush.</param>
    /// <param name="partitions">The partitions of ticks and runs into which it brings rows.</param>
    public void AddTo(NpgsqlBatch batch, PostgresFlush flush, List<string> partitions)
    {
        AddPartitions(batch, partitions, flush.ThroughLsn);
        AddSources(batch, flush.Sources);
        AddDefinitions(batch, flush.Definitions);
        AddInstruments(batch, flush.Instruments);
        AddProducers(batch, flush.Producers);
        AddQuality(batch, flush.Quality);
        AddGaps(batch, flush.Gaps);
        AddGoneBars(batch, flush.GoneBars);
    }

    private void AddPartitions(NpgsqlBatch batch, List<string> rows, ulong throughLsn)
    {
        if (rows.Count > 0)
        {
            Add(
                batch,
                """
                INSERT INTO grid.partition_newest (partition, epoch, lsn) SELECT unnest($1), $2, $3
                ON CONFLICT (partition) DO UPDATE SET epoch = excluded.epoch, lsn = excluded.lsn
                """,
                Of(rows, Partitions.NameOf),
                new NpgsqlParameter<int> { TypedValue = epoch },
                new NpgsqlParameter<long> { TypedValue = (long)throughLsn });
        }
    }

    private static void AddSources(NpgsqlBatch batch, List<SourceDeclaration> rows)
    {
        if (rows.Count > 0)
        {
            Add(
                batch,
                """
                UPDATE grid.source AS s SET policy = n.policy, contiguous = n.contiguous, unknown_instrument = n.unknown_instrument,
                    not_last = n.not_last, not_high_low = n.not_high_low, not_volume = n.not_volume
                FROM unnest($1, $2, $3, $4, $5, $6, $7) AS n (name, policy, contiguous, unknown_instrument, not_last, not_high_low, not_volume)
                WHERE s.name = n.name AND (s.policy, s.contiguous, s.unknown_instrument, s.not_last, s.not_high_low, s.not_volume)
                    IS DISTINCT FROM (n.policy, n.contiguous, n.unknown_instrument, n.not_last, n.not_high_low, n.not_volume)
                """,
                Of(rows, r => r.Name),
                Of(rows, r => r.Policy.ToString().ToLowerInvariant()),
                Of(rows, r => r.IsContiguous),
                Of(rows, r => r.UnknownInstrument.ToString().ToLowerInvariant()),
                Of(rows, r => (long)r.NotLastConditions),
                Of(rows, r => (long)r.NotHighLowConditions),
                Of(rows, r => (long)r.NotVolumeConditions));
        }
    }

    private void AddDefinitions(NpgsqlBatch batch, List<DefinitionRow> rows)
    {
        if (rows.Count > 0)
        {
            Add(
                batch,
                """
                INSERT INTO grid.instrument_definition (instrument_id, epoch, lsn, frame_row, source_id, channel_id, session, sequence, event_time,
                    event_ns, class, tick_size, lot_size, currency, calendar, cusip, valid_from, valid_from_ns, valid_to, valid_to_ns)
                SELECT instrument_id, $20, lsn, frame_row, source_id, channel_id, session, sequence, event_time, event_ns, class, tick_size,
                    lot_size, currency, calendar, cusip, valid_from, valid_from_ns, valid_to, valid_to_ns
                FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) AS n (instrument_id, lsn,
                    frame_row, source_id, channel_id, session, sequence, event_time, event_ns, class, tick_size, lot_size, currency, calendar,
                    cusip, valid_from, valid_from_ns, valid_to, valid_to_ns)
                """,
                Of(rows, r => names.Of(r.Tick.Event.Instrument)),
                Of(rows, r => (long)r.Tick.Lsn),
                Of(rows, r => r.Tick.Row),
                Of(rows, r => names.Of(r.Tick.Event.Source)),
                Of(rows, r => names.Of(r.Tick.Event.Channel)),
                Of(rows, r => (long)r.Tick.Event.Session),
                Of(rows, r => (long)r.Tick.Event.Sequence),
                Of(rows, r => Microseconds(r.Tick.Event.EventTime)),
                Of(rows, r => Nanoseconds(r.Tick.Event.EventTime)),
                Of(rows, r => r.Definition.Class),
                Of(rows, r => r.Definition.TickSize.Raw),
                Of(rows, r => r.Definition.LotSize.Raw),
                Of(rows, r => r.Definition.Currency),
                Of(rows, r => r.Definition.Calendar),
                Of(rows, r => CusipOf(r.Definition)),
                Of(rows, r => r.Definition.ValidFrom.Value == long.MinValue ? null : (DateTime?)Microseconds(r.Definition.ValidFrom)),
                Of(rows, r => r.Definition.ValidFrom.Value == long.MinValue ? (short)0 : Nanoseconds(r.Definition.ValidFrom)),
                Of(rows, r => r.Definition.ValidTo.Value == long.MaxValue ? null : (DateTime?)Microseconds(r.Definition.ValidTo)),
                Of(rows, r => r.Definition.ValidTo.Value == long.MaxValue ? (short)0 : Nanoseconds(r.Definition.ValidTo)),
                new NpgsqlParameter<int> { TypedValue = epoch });
        }
    }

    private void AddInstruments(NpgsqlBatch batch, List<InstrumentNow> rows)
    {
        if (rows.Count > 0)
        {
            Add(
                batch,
                """
                UPDATE grid.instrument AS i SET class = n.class, tick_size = n.tick_size, lot_size = n.lot_size, currency = n.currency,
                    calendar = n.calendar, cusip = n.cusip
                FROM unnest($1, $2, $3, $4, $5, $6, $7) AS n (id, class, tick_size, lot_size, currency, calendar, cusip)
                WHERE i.id = n.id
                """,
                Of(rows, r => names.Of(r.Instrument)),
                Of(rows, r => r.Definition.Class),
                Of(rows, r => r.Definition.TickSize.Raw),
                Of(rows, r => r.Definition.LotSize.Raw),
                Of(rows, r => r.Definition.Currency),
                Of(rows, r => r.Definition.Calendar),
                Of(rows, r => CusipOf(r.Definition)));
        }
    }

    private static void AddProducers(NpgsqlBatch batch, List<ProducerRow> rows)
    {
        if (rows.Count > 0)
        {
            Add(
                batch,
                """
                UPDATE grid.producer AS p SET epoch = n.epoch, last_batch = n.last_batch, updated_at = now()
                FROM unnest($1, $2, $3) AS n (name, epoch, last_batch) WHERE p.name = n.name
                """,
                Of(rows, r => r.Name),
                Of(rows, r => (long)r.Epoch),
                Of(rows, r => (long)r.LastBatch));
        }
    }

    private void AddQuality(NpgsqlBatch batch, List<QualityRow> rows)
    {
        if (rows.Count > 0)
        {
            Add(
                batch,
                """
                INSERT INTO grid.data_quality_log AS old (day, instrument_id, source_id, accepted, flagged, duplicate, rejected, late, last_received)
                SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)
                ON CONFLICT (day, instrument_id, source_id) DO UPDATE SET
                    accepted = old.accepted + excluded.accepted, flagged = old.flagged + excluded.flagged,
                    duplicate = old.duplicate + excluded.duplicate, rejected = old.rejected + excluded.rejected,
                    late = old.late + excluded.late, last_received = greatest(old.last_received, excluded.last_received)
                """,
                Of(rows, r => DateOnly.FromDayNumber(new DateOnly(1970, 1, 1).DayNumber + r.Day)),
                Of(rows, r => names.Of(r.Instrument)),
                Of(rows, r => names.Of(r.Source)),
                Of(rows, r => r.Counts.Accepted),
                Of(rows, r => r.Counts.Flagged),
                Of(rows, r => r.Counts.Duplicate),
                Of(rows, r => r.Counts.Rejected),
                Of(rows, r => r.Counts.Late),
                Of(rows, r => Microseconds(r.Counts.LastReceived)));
        }
    }

    private void AddGoneBars(NpgsqlBatch batch, List<(InstrumentId Instrument, UnixNanos Start)> rows)
    {
        if (rows.Count > 0)
        {
            Add(
                batch,
                """
                DELETE FROM grid.bar AS b USING unnest($1, $2) AS n (instrument_id, start_time)
                WHERE b.interval_s = 60 AND (b.instrument_id, b.start_time) = (n.instrument_id, n.start_time)
                """,
                Of(rows, r => names.Of(r.Instrument)),
                Of(rows, r => Microseconds(r.Start)));
        }
    }

    // Gaps that closed go, those that shrank from behind are changed in place, and what is new is put in: each keeps its time.
    private void AddGaps(NpgsqlBatch batch, List<GapDomainRow> rows)
    {
        if (rows.Count == 0)
        {
            return;
        }

        Add(
            batch,
            """
            INSERT INTO grid.gap_domain (source_id, channel_id, session, first_seen, last_seen, forgotten_gaps, forgotten_numbers)
            SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7)
            ON CONFLICT (source_id, channel_id, session) DO UPDATE SET first_seen = excluded.first_seen, last_seen = excluded.last_seen,
                forgotten_gaps = excluded.forgotten_gaps, forgotten_numbers = excluded.forgotten_numbers
            """,
            Of(rows, r => names.Of(r.Domain.Source)),
            Of(rows, r => names.Of(r.Domain.Channel)),
            Of(rows, r => (long)r.Domain.Session),
            Of(rows, r => (long)r.First),
            Of(rows, r => (long)r.Last),
            Of(rows, r => (long)r.ForgottenGaps),
            Of(rows, r => (BigInteger)r.ForgottenNumbers));

        var open = rows.SelectMany(r => r.Open, (r, gap) => (r.Domain, Gap: gap)).ToList();
        Add(
            batch,
            """
            DELETE FROM grid.gap AS g USING unnest($1, $2, $3) AS d (source_id, channel_id, session)
            WHERE (g.source_id, g.channel_id, g.session) = (d.source_id, d.channel_id, d.session)
                AND NOT EXISTS (SELECT FROM unnest($4, $5, $6, $7) AS o (source_id, channel_id, session, first_missing)
                    WHERE (o.source_id, o.channel_id, o.session, o.first_missing) = (g.source_id, g.channel_id, g.session, g.first_missing))
            """,
            [
                Of(rows, r => names.Of(r.Domain.Source)), Of(rows, r => names.Of(r.Domain.Channel)), Of(rows, r => (long)r.Domain.Session),
                .. Starts(open),
            ]);
        Add(
            batch,
            """
            INSERT INTO grid.gap AS old (source_id, channel_id, session, first_missing, last_missing) SELECT * FROM unnest($1, $2, $3, $4, $5)
            ON CONFLICT (source_id, channel_id, session, first_missing) DO UPDATE SET last_missing = excluded.last_missing
            WHERE old.last_missing <> excluded.last_missing
            """,
            [.. Starts(open), Of(open, o => (long)o.Gap.Last)]);
    }

    private IEnumerable<NpgsqlParameter> Starts(List<(SequenceDomain Domain, SequenceRange Gap)> open) =>
    [
        Of(open, o => names.Of(o.Domain.Source)), Of(open, o => names.Of(o.Domain.Channel)), Of(open, o => (long)o.Domain.Session), Of(open, o => (long)o.Gap.First),
    ];

    private static void Add(NpgsqlBatch batch, string sql, params NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(parameter);
        }

        batch.BatchCommands.Add(command);
    }

    private static NpgsqlParameter<TColumn[]> Of<TRow, TColumn>(List<TRow> rows, Func<TRow, TColumn> column)
    {
        var values = new TColumn[rows.Count];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = column(rows[i]);
        }

        var parameter = new NpgsqlParameter<TColumn[]> { TypedValue = values };
        if (typeof(TColumn) == typeof(BigInteger))
        {
            parameter.NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Numeric;
        }
        else if (typeof(TColumn) == typeof(DateTime) || typeof(TColumn) == typeof(DateTime?))
        {
            parameter.NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz;
        }

        return parameter;
    }

    private static string? CusipOf(InstrumentDefinition definition) => definition.Cusip.IsNone ? null : definition.Cusip.ToString();

    private static DateTime Microseconds(UnixNanos time) => time.Floor(1000).ToDateTimeOffset().UtcDateTime;

    private static short Nanoseconds(UnixNanos time) => (short)(time.Value - time.Floor(1000).Value);
}
