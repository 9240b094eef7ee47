using Grid.Domain.Instruments;

namespace Grid.Storage.Postgres.Writing;

/// <summary>Minutes, put in where they are no older than what is there.</summary>
internal sealed class BarSet(List<BarRow> rows, NameNumbers names, int epoch) : RowSet<BarRow>(rows)
{
    private const int Columns = 16;
    private const int IntervalSeconds = 60;

    private const string ColumnNames =
        "start_time, instrument_id, interval_s, epoch, ticks, open, high, low, close, volume, notional, count, bid, bid_size, ask, ask_size";

    public override string Table => "grid.bar";

    public override PostgresStatement CopyName => PostgresStatement.CopyBars;

    public override PostgresStatement AfterName => PostgresStatement.MergeBars;

    public override string Copy => $"COPY pg_temp.new_bar ({ColumnNames}) FROM STDIN (FORMAT binary)";

    public override string? Staging => "pg_temp.new_bar";

    public override string? Before => "CREATE TEMP TABLE IF NOT EXISTS new_bar (LIKE grid.bar) ON COMMIT DELETE ROWS";

    public override string? After => $"""
        INSERT INTO grid.bar AS old ({ColumnNames}) SELECT {ColumnNames} FROM pg_temp.new_bar ORDER BY instrument_id, start_time
        ON CONFLICT (instrument_id, interval_s, start_time) DO UPDATE SET
            epoch = excluded.epoch, ticks = excluded.ticks, open = excluded.open, high = excluded.high, low = excluded.low,
            close = excluded.close, volume = excluded.volume, notional = excluded.notional, count = excluded.count,
            bid = excluded.bid, bid_size = excluded.bid_size, ask = excluded.ask, ask_size = excluded.ask_size
        WHERE (excluded.epoch, excluded.ticks) >= (old.epoch, old.ticks)
        """;

    protected override void Write(CopyBuffer buffer, in BarRow row)
    {
        var bar = row.Bar;
        buffer.BeginRow(Columns);
        buffer.Time(bar.Start);
        buffer.Int32(names.Of(row.Instrument));
        buffer.Int32(IntervalSeconds);

        // What is not whole is older than all that is.
        buffer.Int32(row.IsWhole ? epoch : 0);
        buffer.Int64(row.IsWhole ? (long)row.Ticks : 0);
        buffer.Int64(bar.HasPrices, bar.Open.Raw);
        buffer.Int64(bar.HasPrices, bar.High.Raw);
        buffer.Int64(bar.HasPrices, bar.Low.Raw);
        buffer.Int64(bar.HasPrices, bar.Close.Raw);
        buffer.Numeric(bar.Volume);
        buffer.Numeric(bar.Notional);
        buffer.Int64(bar.Count);
        WriteSide(buffer, bar.Bid);
        WriteSide(buffer, bar.Ask);
    }

    private static void WriteSide(CopyBuffer buffer, Side side)
    {
        buffer.Int64(side.IsSet, side.Price.Raw);
        buffer.Int64(side.IsSet, side.Size.Raw);
    }
}
