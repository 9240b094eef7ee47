using System.Globalization;

namespace Grid.Storage.Postgres.Writing;

/// <summary>Ticks of one UTC day, on their way straight into its partition.</summary>
internal sealed class TickSet(int day, List<TickRow> rows, NameNumbers names, int epoch) : RowSet<TickRow>(rows)
{
    private const string ColumnNames =
        "event_time, receive_time, sequence, session, conditions, lsn, price, size, bid, bid_size, ask, ask_size, amends, "
        + "instrument_id, source_id, channel_id, venue_id, epoch, frame_row, event_ns, receive_ns, kind, flags, outcome";

    private const int Columns = 24;

    public override string Table { get; } = Partitions.TickTable(day);

    public override string Copy => string.Create(CultureInfo.InvariantCulture, $"COPY {Table} ({ColumnNames}) FROM STDIN (FORMAT binary)");

    public override RejectedRow? Refuse(int index, string message) => new(Rows[index], string.Empty, Message: message);

    protected override void Write(CopyBuffer buffer, in TickRow row)
    {
        var e = row.Event;
        buffer.BeginRow(Columns);
        buffer.Time(e.EventTime);
        buffer.Time(e.ReceiveTime);
        buffer.Int64((long)e.Sequence);
        buffer.Int64(e.Session);
        buffer.Int64(e.Conditions);
        buffer.Int64((long)row.Lsn);
        EventColumns.WritePrice(buffer, in e);
        EventColumns.WriteSides(buffer, in e);
        EventColumns.WriteAmends(buffer, in e);
        buffer.Int32(names.Of(e.Instrument));
        buffer.Int32(names.Of(e.Source));
        buffer.Int32(names.Of(e.Channel));
        buffer.Int32(names.Of(e.Venue));
        buffer.Int32(epoch);
        buffer.Int32(row.Row);
        buffer.Nanoseconds(e.EventTime);
        buffer.Nanoseconds(e.ReceiveTime);
        buffer.Int16((short)e.Kind);
        buffer.Int16((short)e.Flags);
        buffer.Int16(row.Outcome.Value);
    }
}
