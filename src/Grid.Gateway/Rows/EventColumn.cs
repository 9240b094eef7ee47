namespace Grid.Gateway.Rows;

/// <summary>The fields of an event in CSV and NDJSON. Their names are these, in snake case.</summary>
public enum EventColumn
{
    Kind,
    Time,
    Instrument,
    Source,
    Channel,
    Session,
    Venue,
    Sequence,
    Price,
    Size,
    Bid,
    BidSize,
    Ask,
    AskSize,
    Conditions,
    Flags,
    Amends,
    Cusip,
    BidSpread,
    AskSpread,
    BidYield,
    AskYield,
    Benchmark,
}

/// <summary>Names of <see cref="EventColumn"/> and what they hold.</summary>
public static class EventColumns
{
    /// <summary>The description that <c>grid feed --help</c> prints.</summary>
    public const string Description =
        """
        csv has a header line that names its columns, ndjson one JSON object per line with the same names:
          kind        trade, quote, run, cancel, correct; without it: trade if there is a price, else quote
          time        ISO 8601 with up to nine decimals, or nanoseconds since 1970 UTC
          instrument  symbol, 1 to 64 printable ASCII bytes (of a run: the CUSIP unless given)
          source      feed; without it: the name of --source
          channel, session, sequence
                      the series of the source's numbers; session is a date or a number, without it the UTC date
          venue       where it happened
          price, size             of a trade or a correct
          bid, bid_size, ask, ask_size
                      of a quote or a run; a side without a price does not change
          conditions  bits as a number, or hexadecimal after 0x
          flags       suspicious, bid_cleared, ask_cleared; several with | between
          amends      of a cancel or a correct: the sequence of the trade it is about
          cusip, bid_spread, ask_spread, bid_yield, ask_yield, benchmark   of a run
        Prices have up to 9 decimals and sizes up to 8; what cannot be held exactly is refused. Empty is absent.
        parquet has columns of the same names: decimals or texts, timestamps, integers; null is absent.

        ilp is the line protocol of InfluxDB and QuestDB: the measurement is the kind, tags and fields have the names above (symbol is
        instrument, seq is sequence), the time comes last. --mapping names a file for measurements of other names.
        """;

    /// <summary>All names, in order of <see cref="EventColumn"/>.</summary>
    public static readonly string[] Names =
    [
        "kind", "time", "instrument", "source", "channel", "session", "venue", "sequence", "price", "size", "bid", "bid_size", "ask",
        "ask_size", "conditions", "flags", "amends", "cusip", "bid_spread", "ask_spread", "bid_yield", "ask_yield", "benchmark",
    ];

    private static readonly byte[][] Encoded = [.. Names.Select(System.Text.Encoding.ASCII.GetBytes)];

    /// <summary>The column of a name; false if there is none.</summary>
    public static bool TryFind(ReadOnlySpan<byte> name, out EventColumn column)
    {
        for (var i = 0; i < Encoded.Length; i++)
        {
            if (name.SequenceEqual(Encoded[i]))
            {
                column = (EventColumn)i;
                return true;
            }
        }

        column = default;
        return false;
    }
}
