using Grid.Domain.Events;
using Grid.Domain.Identifiers;

namespace Grid.Storage.Postgres.Writing;

/// <summary>Events that were rejected, and those that the database would not take.</summary>
internal sealed class QuarantineSet(List<RejectedRow> rows, NameNumbers names, int epoch) : RowSet<RejectedRow>(rows)
{
    private const int Columns = 29;

    private const string ColumnNames =
        "epoch, lsn, frame_row, reason, reason_name, message, producer_id, instrument_id, source_id, channel_id, venue_id, kind, flags, session, "
        + "sequence, conditions, event_time, event_ns, receive_time, receive_ns, price, size, bid, bid_size, ask, ask_size, amends, cusip, raw";

    // What the database refused has no reason of the grid's.
    private const short RefusedByDatabase = -1;

    private readonly EventBatchEncoder _encoder = new(capacityBytes: 2048);

    public override string Table => "grid.quarantine";

    // PostgreSQL copies into no table that a policy guards.
    public override string? Staging => "pg_temp.new_quarantine";

    public override string? Before => "CREATE TEMP TABLE IF NOT EXISTS new_quarantine (LIKE grid.quarantine INCLUDING DEFAULTS) ON COMMIT DELETE ROWS";

    public override PostgresStatement CopyName => PostgresStatement.CopyQuarantine;

    public override PostgresStatement AfterName => PostgresStatement.InsertQuarantine;

    public override string Copy => $"COPY pg_temp.new_quarantine ({ColumnNames}) FROM STDIN (FORMAT binary)";

    public override string? After => $"INSERT INTO grid.quarantine ({ColumnNames}) SELECT {ColumnNames} FROM pg_temp.new_quarantine";

    protected override void Write(CopyBuffer buffer, in RejectedRow row)
    {
        var e = row.Tick.Event;
        buffer.BeginRow(Columns);
        buffer.Int32(epoch);
        buffer.Int64((long)row.Tick.Lsn);
        buffer.Int32(row.Tick.Row);
        buffer.Int16(row.Message is null ? (short)row.Tick.Outcome.Reason : RefusedByDatabase);
        buffer.Text(row.Message is null ? row.Tick.Outcome.Reason.ToString() : "RefusedByDatabase");
        buffer.Text(row.Message);
        buffer.Int32(names.OfProducer(row.Producer));
        buffer.Int32(names.Of(e.Instrument));
        buffer.Int32(names.Of(e.Source));
        buffer.Int32(names.Of(e.Channel));
        buffer.Int32(names.Of(e.Venue));
        buffer.Int16((short)e.Kind);
        buffer.Int16((short)e.Flags);
        buffer.Int64(e.Session);
        buffer.Int64((long)e.Sequence);
        buffer.Int64(e.Conditions);
        buffer.Time(e.EventTime);
        buffer.Nanoseconds(e.EventTime);
        buffer.Time(e.ReceiveTime);
        buffer.Nanoseconds(e.ReceiveTime);
        EventColumns.WritePrice(buffer, in e);
        EventColumns.WriteSides(buffer, in e);
        EventColumns.WriteAmends(buffer, in e);
        RunSet.WriteCusip(buffer, row.Run?.Cusip ?? default);
        buffer.Bytes(Encode(e, in row));
    }

    // A batch of one event in which each of its names, which stand beside it, has the number 1.
    private ReadOnlySpan<byte> Encode(MarketEvent e, in RejectedRow row)
    {
        e.Instrument = new InstrumentId(1);
        e.Source = new SourceId(1);
        e.Venue = new VenueId((ushort)Math.Min(e.Venue.Value, 1u));
        e.Channel = new ChannelId(Math.Min(e.Channel.Value, 1));
        e.Flags &= EventFlags.FromFeed;
        _encoder.Clear();
        if (row.Run is { } run)
        {
            _encoder.Add(in e, in run);
        }
        else if (row.Definition is { } definition)
        {
            _encoder.Add(in e, definition);
        }
        else
        {
            _encoder.Add(in e);
        }

        return _encoder.Finish();
    }
}
