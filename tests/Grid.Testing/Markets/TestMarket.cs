using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;

namespace Grid.Testing;

/// <summary>Names and events of tests that say what they send: one source for each policy, all times on 2024-03-01 UTC.</summary>
internal static class TestMarket
{
    public const ushort BySequence = 1;
    public const ushort Contiguous = 2;
    public const ushort ByBatch = 3;
    public const ushort ByContent = 4;
    public const ushort ByNothing = 5;
    public const ushort Strict = 6;
    public const uint Apple = 1;
    public const uint Msft = 2;
    public const uint Bond = 3;

    /// <summary>The names.</summary>
    public static MarketNames Names { get; } = new()
    {
        ByKind = new Dictionary<NameKind, string[]>
        {
            [NameKind.Instrument] = ["", "AAPL", "MSFT", "T-2030", "ZZZ"],
            [NameKind.Source] = ["", "by-sequence", "contiguous", "by-batch", "by-content", "by-nothing", "strict"],
            [NameKind.Venue] = ["", "N"],
            [NameKind.Channel] = ["", "left"],
        },
        Declarations =
        [
            new() { Name = "" },
            new() { Name = "by-sequence" },
            new() { Name = "contiguous", IsContiguous = true },
            new() { Name = "by-batch", Policy = DedupPolicy.Batch },
            new() { Name = "by-content", Policy = DedupPolicy.Content },
            new() { Name = "by-nothing", Policy = DedupPolicy.None },
            new() { Name = "strict", UnknownInstrument = UnknownInstrumentAction.Reject },
        ],
    };

    /// <summary>2024-03-01 at a time of day.</summary>
    public static UnixNanos At(string timeOfDay) =>
        UnixNanos.TryParse($"2024-03-01T{timeOfDay}Z", out var time) ? time : throw new ArgumentException($"'{timeOfDay}' is no time of day");

    /// <summary>A trade.</summary>
    public static MarketLine Trade(ulong sequence, string at, string price, string size = "1", ushort source = BySequence, uint instrument = Apple) =>
        Line(new MarketEvent
        {
            Kind = EventKind.Trade,
            Source = new SourceId(source),
            Instrument = new InstrumentId(instrument),
            Sequence = sequence,
            EventTime = At(at),
            F0 = Price.Parse(price).Raw,
            F1 = Quantity.Parse(size).Raw,
        });

    /// <summary>A quote; a side that is null does not change, one that is empty is cleared.</summary>
    public static MarketLine Quote(ulong sequence, string at, string? bid, string? ask, ushort source = BySequence, uint instrument = Apple) =>
        Line(new MarketEvent
        {
            Kind = EventKind.Quote,
            Flags = (bid is null ? EventFlags.None : bid.Length == 0 ? EventFlags.BidCleared : EventFlags.BidSet)
                | (ask is null ? EventFlags.None : ask.Length == 0 ? EventFlags.AskCleared : EventFlags.AskSet),
            Source = new SourceId(source),
            Instrument = new InstrumentId(instrument),
            Sequence = sequence,
            EventTime = At(at),
            F0 = bid is { Length: > 0 } ? Price.Parse(bid).Raw : 0,
            F1 = bid is { Length: > 0 } ? Quantity.One : 0,
            F2 = ask is { Length: > 0 } ? Price.Parse(ask).Raw : 0,
            F3 = ask is { Length: > 0 } ? Quantity.One : 0,
        });

    /// <summary>A cancel of what has a number.</summary>
    public static MarketLine Cancel(ulong sequence, string at, ulong amends, ushort source = BySequence, uint instrument = Apple) =>
        Line(new MarketEvent
        {
            Kind = EventKind.Cancel,
            Source = new SourceId(source),
            Instrument = new InstrumentId(instrument),
            Sequence = sequence,
            EventTime = At(at),
            F3 = (long)amends,
        });

    /// <summary>A correction of what has a number.</summary>
    public static MarketLine Correct(
        ulong sequence, string at, ulong amends, string price, string size = "1", ushort source = BySequence, uint instrument = Apple)
    {
        var line = Trade(sequence, at, price, size, source, instrument);
        return Line(line.Event with { Kind = EventKind.Correct, F3 = (long)amends });
    }

    /// <summary>A definition.</summary>
    public static MarketLine Define(ulong sequence, string at, InstrumentDefinition definition, uint instrument = Apple) =>
        new(
            new MarketEvent
            {
                Kind = EventKind.Definition,
                Source = new SourceId(BySequence),
                Instrument = new InstrumentId(instrument),
                Sequence = sequence,
                EventTime = At(at),
            },
            default,
            definition,
            true);

    private static MarketLine Line(MarketEvent e) => new(e, default, null, true);
}
