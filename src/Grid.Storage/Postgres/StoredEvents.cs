using Grid.Domain.Cusips;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;
using Grid.Storage.Postgres.Committing;
using Npgsql;

namespace Grid.Storage.Postgres;

/// <summary>Ticks and runs as they are read again: rows of a table <c>t</c>, behind a first column of the reader's choice.</summary>
internal sealed class StoredEvents(GridNames names)
{
    private const string EventColumns =
        "t.event_time, t.event_ns, t.receive_time, t.receive_ns, t.sequence, t.session, t.conditions, t.lsn, t.frame_row, "
        + "t.source_id, t.channel_id, t.venue_id, t.flags, t.outcome, t.bid, t.bid_size, t.ask, t.ask_size";

    /// <summary>What <see cref="ReadTick"/> reads, from column 1 on.</summary>
    public const string TickColumns = EventColumns + ", t.kind, t.price, t.size, t.amends";

    /// <summary>What <see cref="ReadRun"/> reads, from column 1 on.</summary>
    public const string RunColumns = EventColumns + ", t.cusip, t.bid_spread, t.ask_spread, t.bid_yield, t.ask_yield, t.benchmark, t.day";

    /// <summary>What <see cref="ReadDefinition"/> reads, from column 1 on, of a table <c>d</c>.</summary>
    public const string DefinitionColumns =
        "d.source_id, d.channel_id, d.session, d.sequence, d.lsn, d.frame_row, d.event_time, d.event_ns::smallint, d.class, d.tick_size, d.lot_size, d.currency, "
        + "d.calendar, d.cusip, d.valid_from, d.valid_from_ns::smallint, d.valid_to, d.valid_to_ns::smallint";

    /// <summary>Sources by their numbers in the database.</summary>
    public StoredNames Sources { get; } = new("grid.source", names.Sources);

    /// <summary>Channels likewise.</summary>
    public StoredNames Channels { get; } = new("grid.channel", names.Channels);

    /// <summary>Venues likewise.</summary>
    public StoredNames Venues { get; } = new("grid.venue", names.Venues);

    /// <summary>Reads the names that are new. Whatever rows are read after it were stored before.</summary>
    public async Task RefreshAsync(NpgsqlConnection connection, CancellationToken cancel)
    {
        foreach (var stored in (StoredNames[])[Sources, Channels, Venues])
        {
            await stored.RefreshAsync(connection, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Reads a trade, quote, cancel or correction.</summary>
    public TickRow ReadTick(NpgsqlDataReader reader, InstrumentId instrument)
    {
        var e = ReadEvent(reader, instrument, (EventKind)reader.GetInt16(19));
        if (!reader.IsDBNull(20))
        {
            (e.F0, e.F1) = (reader.GetInt64(20), reader.GetInt64(21));
        }

        if (!reader.IsDBNull(22))
        {
            e.F3 = reader.GetInt64(22);
        }

        return RowOf(reader, e);
    }

    /// <summary>Reads a run.</summary>
    public RunRow ReadRun(NpgsqlDataReader reader, InstrumentId instrument)
    {
        var e = ReadEvent(reader, instrument, EventKind.Run);
        var detail = new RunDetail(Cusip.Parse(reader.GetString(19)), Number(20), Number(21), Number(22), Number(23), reader.IsDBNull(24) ? default : Cusip.Parse(reader.GetString(24)));
        var day = reader.GetFieldValue<DateOnly>(25);
        return new RunRow(RowOf(reader, e), detail, (uint)((day.Year * 10_000) + (day.Month * 100) + day.Day));

        long Number(int column) => reader.IsDBNull(column) ? RunDetail.Absent : reader.GetInt64(column);
    }

    /// <summary>Reads a definition. No row has when it was received.</summary>
    public DefinitionRow ReadDefinition(NpgsqlDataReader reader, InstrumentId instrument)
    {
        var e = new MarketEvent
        {
            Kind = EventKind.Definition,
            Instrument = instrument,
            Source = new SourceId((ushort)Sources[reader.GetInt32(1)]),
            Channel = new ChannelId((uint)Channels[reader.GetInt32(2)]),
            Session = (uint)reader.GetInt64(3),
            Sequence = (ulong)reader.GetInt64(4),
            EventTime = TimeAt(reader, 7),
        };
        e.ReceiveTime = e.EventTime;
        return new DefinitionRow(new TickRow(e, Outcome.Accepted, (ulong)reader.GetInt64(5), reader.GetInt32(6)), new InstrumentDefinition
        {
            Class = reader.GetString(9),
            TickSize = new Price(reader.GetInt64(10)),
            LotSize = new Quantity(reader.GetInt64(11)),
            Currency = reader.GetString(12),
            Calendar = reader.GetString(13),
            Cusip = reader.IsDBNull(14) ? default : Cusip.Parse(reader.GetString(14)),
            ValidFrom = reader.IsDBNull(15) ? new UnixNanos(long.MinValue) : TimeAt(reader, 15),
            ValidTo = reader.IsDBNull(17) ? new UnixNanos(long.MaxValue) : TimeAt(reader, 17),
        });
    }

    /// <summary>A time, whose nanoseconds stand in the next column.</summary>
    public static UnixNanos TimeAt(NpgsqlDataReader reader, int column) =>
        new(((reader.GetDateTime(column).Ticks - DateTime.UnixEpoch.Ticks) * 100) + reader.GetInt16(column + 1));

    private MarketEvent ReadEvent(NpgsqlDataReader reader, InstrumentId instrument, EventKind kind)
    {
        var e = new MarketEvent
        {
            Kind = kind,
            Flags = (EventFlags)reader.GetInt16(13),
            Source = new SourceId((ushort)Sources[reader.GetInt32(10)]),
            Instrument = instrument,
            Channel = new ChannelId((uint)Channels[reader.GetInt32(11)]),
            Session = (uint)reader.GetInt64(6),
            Conditions = (uint)reader.GetInt64(7),
            Venue = new VenueId((ushort)Venues[reader.GetInt32(12)]),
            Sequence = (ulong)reader.GetInt64(5),
            EventTime = TimeAt(reader, 1),
            ReceiveTime = TimeAt(reader, 3),
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

    private static TickRow RowOf(NpgsqlDataReader reader, in MarketEvent e) =>
        new(e, new Outcome((byte)reader.GetInt16(14)), (ulong)reader.GetInt64(8), reader.GetInt32(9));
}
