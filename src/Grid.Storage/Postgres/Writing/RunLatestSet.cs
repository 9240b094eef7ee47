namespace Grid.Storage.Postgres.Writing;

/// <summary>The newest run of each dealer by date and CUSIP, put in where it is newer by the order of events than what is there.</summary>
internal sealed class RunLatestSet(List<RunRow> rows, NameNumbers names, int epoch) : RowSet<RunRow>(rows)
{
    private const int Columns = 20;

    public override string Table => "grid.run_latest";

    public override PostgresStatement CopyName => PostgresStatement.CopyRunLatest;

    public override PostgresStatement AfterName => PostgresStatement.MergeRunLatest;

    public override string Copy =>
        "COPY pg_temp.new_run_latest (day, cusip, source_id, instrument_id, event_time, event_ns, session, sequence, bid, bid_size, ask, ask_size, "
        + "bid_spread, ask_spread, bid_yield, ask_yield, benchmark, epoch, lsn, frame_row) FROM STDIN (FORMAT binary)";

    public override string? Staging => "pg_temp.new_run_latest";

    public override string? Before => "CREATE TEMP TABLE IF NOT EXISTS new_run_latest (LIKE grid.run_latest) ON COMMIT DELETE ROWS";

    // Sequences are unsigned numbers: flipping their first bit gives them their order. One dealer is one source.
    public override string? After => """
        INSERT INTO grid.run_latest AS old SELECT * FROM pg_temp.new_run_latest
        ON CONFLICT (day, cusip, source_id) DO UPDATE SET
            instrument_id = excluded.instrument_id, event_time = excluded.event_time, event_ns = excluded.event_ns,
            session = excluded.session, sequence = excluded.sequence, bid = excluded.bid, bid_size = excluded.bid_size,
            ask = excluded.ask, ask_size = excluded.ask_size, bid_spread = excluded.bid_spread, ask_spread = excluded.ask_spread,
            bid_yield = excluded.bid_yield, ask_yield = excluded.ask_yield, benchmark = excluded.benchmark,
            epoch = excluded.epoch, lsn = excluded.lsn, frame_row = excluded.frame_row
        WHERE (excluded.event_time, excluded.event_ns, excluded.session, excluded.sequence # (-9223372036854775808)::bigint)
            >= (old.event_time, old.event_ns, old.session, old.sequence # (-9223372036854775808)::bigint)
        """;

    protected override void Write(CopyBuffer buffer, in RunRow row)
    {
        var e = row.Tick.Event;
        buffer.BeginRow(Columns);
        buffer.Date(row.Date);
        RunSet.WriteCusip(buffer, row.Detail.Cusip);
        buffer.Int32(names.Of(e.Source));
        buffer.Int32(names.Of(e.Instrument));
        buffer.Time(e.EventTime);
        buffer.Nanoseconds(e.EventTime);
        buffer.Int64(e.Session);
        buffer.Int64((long)e.Sequence);
        EventColumns.WriteSides(buffer, in e);
        RunSet.WriteNumbers(buffer, row.Detail);
        RunSet.WriteCusip(buffer, row.Detail.Benchmark);
        buffer.Int32(epoch);
        buffer.Int64((long)row.Tick.Lsn);
        buffer.Int32(row.Tick.Row);
    }
}
