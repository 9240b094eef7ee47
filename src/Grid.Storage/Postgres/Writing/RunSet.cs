using Grid.Domain.Cusips;
using Grid.Domain.Events;

namespace Grid.Storage.Postgres.Writing;

/// <summary>Dealers' runs of one month of session dates, on their way straight into its partition.</summary>
internal sealed class RunSet(string table, List<RunRow> rows, NameNumbers names, int epoch) : RowSet<RunRow>(rows)
{
    private const int Columns = 27;

    public override string Table => table;

    public override PostgresStatement CopyName => PostgresStatement.CopyRuns;

    public override string Copy =>
        $"COPY {table} (event_time, receive_time, sequence, session, conditions, lsn, bid, bid_size, ask, ask_size, "
        + "bid_spread, ask_spread, bid_yield, ask_yield, instrument_id, source_id, channel_id, venue_id, epoch, frame_row, day, "
        + "event_ns, receive_ns, flags, outcome, cusip, benchmark) FROM STDIN (FORMAT binary)";

    public override RejectedRow? Refuse(int index, string message) => new(Rows[index].Tick, string.Empty, Rows[index].Detail, Message: message);

    protected override void Write(CopyBuffer buffer, in RunRow row)
    {
        var e = row.Tick.Event;
        buffer.BeginRow(Columns);
        buffer.Time(e.EventTime);
        buffer.Time(e.ReceiveTime);
        buffer.Int64((long)e.Sequence);
        buffer.Int64(e.Session);
        buffer.Int64(e.Conditions);
        buffer.Int64((long)row.Tick.Lsn);
        EventColumns.WriteSides(buffer, in e);
        WriteNumbers(buffer, row.Detail);
        buffer.Int32(names.Of(e.Instrument));
        buffer.Int32(names.Of(e.Source));
        buffer.Int32(names.Of(e.Channel));
        buffer.Int32(names.Of(e.Venue));
        buffer.Int32(epoch);
        buffer.Int32(row.Tick.Row);
        buffer.Date(row.Date);
        buffer.Nanoseconds(e.EventTime);
        buffer.Nanoseconds(e.ReceiveTime);
        buffer.Int16((short)e.Flags);
        buffer.Int16(row.Tick.Outcome.Value);
        WriteCusip(buffer, row.Detail.Cusip);
        WriteCusip(buffer, row.Detail.Benchmark);
    }

    /// <summary>Spreads and yields; null where the run does not give them.</summary>
    public static void WriteNumbers(CopyBuffer buffer, in RunDetail detail)
    {
        buffer.Int64(detail.BidSpread != RunDetail.Absent, detail.BidSpread);
        buffer.Int64(detail.AskSpread != RunDetail.Absent, detail.AskSpread);
        buffer.Int64(detail.BidYield != RunDetail.Absent, detail.BidYield);
        buffer.Int64(detail.AskYield != RunDetail.Absent, detail.AskYield);
    }

    /// <summary>A CUSIP; null if there is none.</summary>
    public static void WriteCusip(CopyBuffer buffer, Cusip cusip)
    {
        if (cusip.IsNone)
        {
            buffer.Null();
            return;
        }

        Span<byte> text = stackalloc byte[Cusip.Length];
        cusip.Write(text);
        buffer.Bytes(text);
    }
}
