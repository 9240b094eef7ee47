using Grid.Domain.Instruments;

namespace Grid.Storage.Postgres.Writing;

/// <summary>What is known of instruments, put in where it is no older than what is there.</summary>
internal sealed class LatestSet(List<Latest> rows, NameNumbers names, int epoch) : RowSet<Latest>(rows)
{
    private const int Columns = 32;

    public override string Table => "grid.latest";

    public override PostgresStatement CopyName => PostgresStatement.CopyLatest;

    public override PostgresStatement AfterName => PostgresStatement.MergeLatest;

    public override string Copy => $"COPY pg_temp.new_latest ({ColumnNames}) FROM STDIN (FORMAT binary)";

    public override string? Staging => "pg_temp.new_latest";

    public override string? Before => "CREATE TEMP TABLE IF NOT EXISTS new_latest (LIKE grid.latest INCLUDING DEFAULTS) ON COMMIT DELETE ROWS";

    public override string? After => $"""
        INSERT INTO grid.latest AS old ({ColumnNames}) SELECT {ColumnNames} FROM pg_temp.new_latest ORDER BY instrument_id
        ON CONFLICT (instrument_id) DO UPDATE SET
            epoch = excluded.epoch, ticks = excluded.ticks, event_time = excluded.event_time, event_ns = excluded.event_ns,
            last_price = excluded.last_price, last_size = excluded.last_size, last_time = excluded.last_time, last_ns = excluded.last_ns,
            last_sequence = excluded.last_sequence, last_session = excluded.last_session, last_conditions = excluded.last_conditions,
            last_source_id = excluded.last_source_id, last_channel_id = excluded.last_channel_id, last_venue_id = excluded.last_venue_id,
            bid = excluded.bid, bid_size = excluded.bid_size, bid_time = excluded.bid_time, bid_ns = excluded.bid_ns,
            bid_source_id = excluded.bid_source_id, ask = excluded.ask, ask_size = excluded.ask_size, ask_time = excluded.ask_time,
            ask_ns = excluded.ask_ns, ask_source_id = excluded.ask_source_id, day = excluded.day, day_open = excluded.day_open,
            day_high = excluded.day_high, day_low = excluded.day_low, day_volume = excluded.day_volume,
            day_notional = excluded.day_notional, day_count = excluded.day_count, updated_at = now()
        WHERE (excluded.epoch, excluded.ticks) >= (old.epoch, old.ticks)
        """;

    private const string ColumnNames =
        "instrument_id, epoch, ticks, event_time, event_ns, last_price, last_size, last_time, last_ns, last_sequence, last_session, "
        + "last_conditions, last_source_id, last_channel_id, last_venue_id, bid, bid_size, bid_time, bid_ns, bid_source_id, "
        + "ask, ask_size, ask_time, ask_ns, ask_source_id, day, day_open, day_high, day_low, day_volume, day_notional, day_count";

    protected override void Write(CopyBuffer buffer, in Latest row)
    {
        buffer.BeginRow(Columns);
        buffer.Int32(names.Of(row.Instrument));
        buffer.Int32(epoch);
        buffer.Int64((long)row.Ticks);
        buffer.Time(row.Time);
        buffer.Nanoseconds(row.Time);
        WriteLast(buffer, in row);
        WriteSide(buffer, row.Bid);
        WriteSide(buffer, row.Ask);
        buffer.Date(row.Day.Date);
        var hasDay = row.Day.Date != 0;
        buffer.Int64(hasDay, row.Day.Open.Raw);
        buffer.Int64(hasDay, row.Day.High.Raw);
        buffer.Int64(hasDay, row.Day.Low.Raw);
        buffer.Numeric(row.Day.Volume);
        buffer.Numeric(row.Day.Notional);
        buffer.Int64(row.Day.Count);
    }

    private void WriteLast(CopyBuffer buffer, in Latest row)
    {
        if (!row.HasLast)
        {
            for (var column = 0; column < 10; column++)
            {
                buffer.Null();
            }

            return;
        }

        ref readonly var last = ref row.Last;
        buffer.Int64(last.F0);
        buffer.Int64(last.F1);
        buffer.Time(last.EventTime);
        buffer.Nanoseconds(last.EventTime);
        buffer.Int64((long)last.Sequence);
        buffer.Int64(last.Session);
        buffer.Int64(last.Conditions);
        buffer.Int32(names.Of(last.Source));
        buffer.Int32(names.Of(last.Channel));
        buffer.Int32(names.Of(last.Venue));
    }

    private void WriteSide(CopyBuffer buffer, Side side)
    {
        if (!side.IsSet)
        {
            for (var column = 0; column < 5; column++)
            {
                buffer.Null();
            }

            return;
        }

        buffer.Int64(side.Price.Raw);
        buffer.Int64(side.Size.Raw);
        buffer.Time(side.Time);
        buffer.Nanoseconds(side.Time);
        buffer.Int32(names.Of(side.Source));
    }
}
