using Grid.Gateway.Http;
using Grid.Gateway.Http.Rows;

namespace Grid.Gateway.Streams;

/// <summary>What the objects that a subscriber is told are made of, for the description of the interface. <see cref="StreamText"/> and <see cref="StreamReply"/> write them.</summary>
/// <param name="Name">A name for the schema.</param>
/// <param name="Types">The values of <c>type</c> that it is for.</param>
/// <param name="Shape">Its members; those that may be null may be absent.</param>
internal sealed record StreamShape(string Name, IReadOnlyList<string> Types, RowShape Shape)
{
    private static readonly Column Id = Column.Number("id", "1", "The subscription; absent in server-sent events.").OrNull();
    private static readonly Column Instrument = Column.Text("instrument", "IBM", "The instrument.");
    private static readonly Column Version = Column.Number("version", "123", "The number of the instrument's newest tick that this includes; each tick has the next one.");
    private static readonly Column Frame = Column.Number("frame", "4711", "Durable once a message 'flushed' has this frame or a higher one.");

    /// <summary>All of them.</summary>
    public static IReadOnlyList<StreamShape> All { get; } =
    [
        Make(
            "StreamHello",
            ["hello"],
            Column.Text("run", "5f3a2b1c0d9e8f71", "The run of the server that versions hold for."),
            Column.Number("flushed", "4711", "The frame up to which all is durable.")),
        Make(
            "StreamSubscribed",
            ["subscribed"],
            Id,
            Column.Number("instruments", "1", "How many instruments fit."),
            Column.Texts("waiting", "ZZZ", "Symbols that are not known yet."),
            Column.Flag("resumed", "With 'from': true if all instruments go on after it.").OrNull(),
            Column.Texts("reset", "MSFT", "With 'from': symbols that begin with a snapshot nevertheless.").OrNull()),
        Make(
            "StreamLatest",
            ["latest"],
            [Id, .. LatestEndpoint.Shape.Columns, Version, Frame, Column.Flag("snapshot", "True where what follows it are ticks.").OrNull()]),
        Make(
            "StreamTick",
            ["trade", "quote", "run", "cancel", "correct"],
            Id,
            Instrument,
            Column.Time("time", "When it happened, by the source."),
            Column.Text("source", "sip", "The feed that sent it."),
            Column.Text("channel", "A", "The source's channel; empty if it has none."),
            Column.Number("session", "20131007", "The source's session."),
            Column.Number("sequence", "4711", "The source's number; 0 if it gives none."),
            Column.Text("venue", "XNAS", "Where it happened; empty if not said."),
            Column.Number("conditions", "0", "Condition bits as the source defines them."),
            Column.Decimal("price", "100.25", "Of a trade or correction.").OrNull(),
            Column.Decimal("size", "300", "Of a trade or correction.").OrNull(),
            Column.Decimal("bid", string.Empty, "Of a quote or run that sets the bid; 'cleared' where it withdraws it.").OrNull(),
            Column.Decimal("bid_size", string.Empty, "Of a quote or run that sets the bid.").OrNull(),
            Column.Decimal("ask", string.Empty, "Of a quote or run that sets the ask; 'cleared' where it withdraws it.").OrNull(),
            Column.Decimal("ask_size", string.Empty, "Of a quote or run that sets the ask.").OrNull(),
            Column.Number("amends", string.Empty, "Of a cancel or correction: the sequence number it amends.").OrNull(),
            Column.Text("reason", string.Empty, "Why it was flagged.").OrNull(),
            Column.Time("received", "When it was taken in."),
            Version,
            Frame),
        Make(
            "StreamBar",
            ["bar"],
            [Id, Instrument, Column.Text("interval", "1m", "Length of the bar."), Column.Flag("closed", "True once its minute is over."), .. SeriesEndpoints.Bars.Columns, Version, Frame]),
        Make(
            "StreamCusip",
            ["cusip"],
            Id,
            Column.Text("cusip", "037833100", "The CUSIP."),
            Column.Number("date", "20131007", "The session date."),
            Column.Decimal("bid", "99.5", "Highest bid over dealers and sources.").OrNull(),
            Column.Decimal("bid_size", "1000000", "Its size.").OrNull(),
            Column.Text("bid_source", "dealer-a", "Who shows it; empty without one."),
            Column.Decimal("ask", "99.75", "Lowest ask, likewise.").OrNull(),
            Column.Decimal("ask_size", "1000000", "Its size.").OrNull(),
            Column.Text("ask_source", "dealer-b", "Who shows it; empty without one."),
            Column.Decimal("mid", "99.625", "Halfway between bid and ask.").OrNull(),
            Column.Decimal("spread", "0.25", "Ask less bid.").OrNull(),
            Column.Number("dealers", "2", "Dealers and sources that show a bid or an ask."),
            Version,
            Frame),
        Make("StreamDropped", ["dropped"], Id, Instrument, Column.Number("count", "70000", "Ticks that the client was too slow for; a snapshot follows."), Version, Frame),
        Make("StreamFlushed", ["flushed"], Column.Number("frame", "4711", "Updates with no higher frame are durable.")),
        Make("StreamUnsubscribed", ["unsubscribed"], Id),
        Make("StreamPong", ["pong"]),
        Make(
            "StreamError",
            ["error"],
            Column.Number("id", "1", "The subscription; absent if it is about none.").OrNull(),
            Column.Text("code", "BadArgument", "An error code."),
            Column.Text("detail", "'slow' is 'never'; it must be conflate or close", "A sentence that names the value, the rule and the place."),
            Column.Flag("retry", "True if the same may succeed later.")),
    ];

    private static StreamShape Make(string name, IReadOnlyList<string> types, params Column[] columns) =>
        new(name, types, new RowShape([Column.Text("type", types[0], "What it is."), .. columns]));
}
