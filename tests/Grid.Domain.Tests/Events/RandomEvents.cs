using Grid.Domain.Cusips;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;

namespace Grid.Domain.Tests.Events;

/// <summary>Seeded events for codecs: plausible ones, and ones at the ends of what their fields hold.</summary>
internal sealed class RandomEvents(int seed)
{
    private static readonly string[] Classes = ["default", "equity", "Zürich", string.Empty, new string('c', 64)];
    private static readonly Cusip[] Cusips = [Cusip.Parse("037833100"), Cusip.Parse("92940*118"), Cusip.Parse("G0083B108")];

    public Random Random { get; } = new(seed);

    /// <summary>An event that a decoder may give back: a known kind, flags of a feed, names of the producer's dictionary.</summary>
    public MarketEvent Next(EventKind kind, uint names) => new()
    {
        Kind = kind,
        Flags = (EventFlags)Random.Next(256) & EventFlags.FromFeed,
        Source = new SourceId((ushort)Random.Next(1, (int)Math.Min(names, ushort.MaxValue) + 1)),
        Instrument = new InstrumentId((uint)Random.NextInt64(1, (long)names + 1)),
        Channel = new ChannelId((uint)Random.NextInt64(0, (long)names + 1)),
        Session = Random.Next(3) == 0 ? 20131007 : (uint)Number(),
        Conditions = Random.Next(3) == 0 ? 0 : (uint)Number(),
        Venue = new VenueId((ushort)Random.Next(0, (int)Math.Min(names, ushort.MaxValue) + 1)),
        Sequence = (ulong)Number(),
        EventTime = new UnixNanos(Number()),
        ReceiveTime = new UnixNanos(Number()),
        F0 = Number(),
        F1 = Number(),
        F2 = Number(),
        F3 = Number(),
    };

    /// <summary>A kind that has no wider part.</summary>
    public EventKind NextPlainKind() => Random.Next(4) switch
    {
        0 => EventKind.Trade,
        1 => EventKind.Quote,
        2 => EventKind.Cancel,
        _ => EventKind.Correct,
    };

    public RunDetail NextRun() => new(
        Cusips[Random.Next(Cusips.Length)],
        Number(),
        Number(),
        RunDetail.Absent,
        Number(),
        Random.Next(2) == 0 ? default : Cusips[Random.Next(Cusips.Length)]);

    public InstrumentDefinition NextDefinition() => new()
    {
        Class = Classes[Random.Next(Classes.Length)],
        TickSize = new Price(Number()),
        LotSize = new Quantity(Number()),
        Currency = Random.Next(2) == 0 ? "USD" : string.Empty,
        Calendar = Random.Next(2) == 0 ? "us-equity" : string.Empty,
        Cusip = Random.Next(2) == 0 ? default : Cusips[Random.Next(Cusips.Length)],
        ValidFrom = new UnixNanos(Number()),
        ValidTo = new UnixNanos(Number()),
    };

    /// <summary>Any 64-bit number: all lengths, whole units of prices and sizes, and the ends.</summary>
    public long Number() => Random.Next(8) switch
    {
        0 => 0,
        1 => long.MinValue + Random.Next(2),
        2 => long.MaxValue - Random.Next(2),
        3 => Random.NextInt64(-1_000_000, 1_000_000) * 10_000,
        4 => Random.NextInt64(-1_000_000, 1_000_000) * 100_000_000,
        5 => Random.Next(-3, 4),
        _ => Random.NextInt64(long.MinValue, long.MaxValue) >> Random.Next(64),
    };
}
