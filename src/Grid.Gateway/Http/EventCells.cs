using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;
using Grid.Gateway.Http.Rows;
using Grid.Runtime;

namespace Grid.Gateway.Http;

/// <summary>An event as cells, the same for ticks and for the quarantine.</summary>
internal static class EventCells
{
    /// <summary>The columns of an event.</summary>
    public static readonly Column[] Columns =
    [
        Column.Time("time", "When it happened, by the source."),
        Column.Text("kind", "trade", "trade, quote, run, cancel, correct or definition."),
        Column.Text("source", "sip", "The feed that sent it."),
        Column.Text("channel", "A", "The source's channel; empty if it has none."),
        Column.Number("session", "20131007", "The source's session: a date as yyyymmdd, or a number."),
        Column.Number("sequence", "4711", "The source's number in (source, channel, session); 0 if it gives none."),
        Column.Text("venue", "XNAS", "Where it happened; empty if not said."),
        Column.Number("conditions", "0", "Condition bits as the source defines them."),
        Column.Decimal("price", "100.25", "Of a trade or correction.").OrNull(),
        Column.Decimal("size", "300", "Of a trade or correction.").OrNull(),
        Column.Decimal("bid", "100.24", "Of a quote or run that sets the bid; 'cleared' where it withdraws it.").OrNull(),
        Column.Decimal("bid_size", "500", "Of a quote or run that sets the bid.").OrNull(),
        Column.Decimal("ask", "100.26", "Of a quote or run that sets the ask; 'cleared' where it withdraws it.").OrNull(),
        Column.Decimal("ask_size", "200", "Of a quote or run that sets the ask.").OrNull(),
        Column.Number("amends", "4700", "Of a cancel or correction: the sequence number it amends.").OrNull(),
        Column.Text("outcome", "accepted", "accepted, flagged, duplicate or rejected."),
        Column.Text("reason", "PriceBand", "Why, unless it was accepted without a mark.").OrNull(),
        Column.Time("received", "When it was taken in."),
    ];

    private static readonly byte[][] Kinds = Words<EventKind>(lowerCase: true);
    private static readonly byte[][] Dispositions = Words<Disposition>(lowerCase: true);
    private static readonly byte[][] Reasons = Words<RejectReason>(lowerCase: false);

    /// <summary>Writes an event's cells.</summary>
    public static void Add(RowBody row, in Tick tick, GridNames names)
    {
        var e = tick.Event;
        row.Time(e.EventTime);
        row.Name(Kinds[(int)e.Kind]);
        row.Name(names.Sources[e.Source.Value]);
        row.Name(names.Channels[(int)e.Channel.Value]);
        row.Number((long)e.Session);
        row.Number(e.Sequence);
        row.Name(names.Venues[e.Venue.Value]);
        row.Number((long)e.Conditions);
        AddValues(row, in e);
        row.Name(Dispositions[(int)tick.Outcome.Disposition]);
        if (tick.Outcome.Reason == RejectReason.None)
        {
            row.Null();
        }
        else
        {
            row.Name(Reasons[(int)tick.Outcome.Reason]);
        }

        row.Time(e.ReceiveTime);
    }

    private static void AddValues(RowBody row, in MarketEvent e)
    {
        AddPair(row, e.Kind is EventKind.Trade or EventKind.Correct, false, e.Price, e.Size);
        var isQuote = e.Kind is EventKind.Quote or EventKind.Run;
        AddPair(row, isQuote && e.Has(EventFlags.BidSet), isQuote && e.Has(EventFlags.BidCleared), e.BidPrice, e.BidSize);
        AddPair(row, isQuote && e.Has(EventFlags.AskSet), isQuote && e.Has(EventFlags.AskCleared), e.AskPrice, e.AskSize);
        if (e.Kind is EventKind.Cancel or EventKind.Correct)
        {
            row.Number(e.AmendedSequence);
        }
        else
        {
            row.Null();
        }
    }

    private static void AddPair(RowBody row, bool isSet, bool isCleared, Price price, Quantity size)
    {
        if (isSet)
        {
            row.Price(price);
            row.Size(size);
            return;
        }

        if (isCleared)
        {
            row.Name("cleared"u8);
        }
        else
        {
            row.Null();
        }

        row.Null();
    }

    // The names of an enum's values by number.
    private static byte[][] Words<T>(bool lowerCase)
        where T : struct, Enum
    {
        var words = new byte[Enum.GetValues<T>().Max(v => Convert.ToInt32(v, System.Globalization.CultureInfo.InvariantCulture)) + 1][];
        for (var i = 0; i < words.Length; i++)
        {
            var name = Enum.ToObject(typeof(T), i).ToString()!;
            words[i] = System.Text.Encoding.ASCII.GetBytes(lowerCase ? name.ToLowerInvariant() : name);
        }

        return words;
    }
}
