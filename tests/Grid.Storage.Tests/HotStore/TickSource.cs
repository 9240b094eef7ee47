using Grid.Domain.Cusips;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;
using Grid.Storage.HotStore;

namespace Grid.Storage.Tests.HotStore;

/// <summary>Ticks of one instrument by a seed: of all kinds that are kept, some late, some flagged, some far from the one before.</summary>
internal sealed class TickSource(int seed, uint instrument)
{
    private static readonly Cusip[] Bonds = [Cusip.Parse("912828XG0"), Cusip.Parse("037833100")];

    private readonly Random _random = new(seed);
    private long _time = 1_700_000_000_000_000_000;
    private ulong _sequence;

    public HotTick Next()
    {
        _time += _random.Next(4) == 0 ? 0 : _random.NextInt64(1, _random.Next(50) == 0 ? 10_000_000_000_000 : 1_000_000);
        _sequence += (ulong)_random.Next(1, 5);
        var kind = _random.Next(10) switch { < 4 => EventKind.Trade, < 8 => EventKind.Quote, 8 => EventKind.Run, _ => EventKind.Correct };
        var e = new MarketEvent
        {
            Kind = kind,
            Flags = kind == EventKind.Quote ? (EventFlags)_random.Next(32) : EventFlags.None,
            Source = new SourceId((ushort)_random.Next(1, 4)),
            Instrument = new InstrumentId(instrument),
            Channel = new ChannelId((uint)_random.Next(3)),
            Session = 20240102 + (uint)_random.Next(2),
            Conditions = _random.Next(8) == 0 ? (uint)_random.Next() : 0,
            Venue = new VenueId((ushort)_random.Next(5)),
            Sequence = _sequence,
            EventTime = new UnixNanos(_time - (_random.Next(20) == 0 ? _random.NextInt64(60_000_000_000) : 0)),
            ReceiveTime = new UnixNanos(_time + 100),
            F0 = Number(),
            F1 = Number(),
            F2 = kind == EventKind.Trade ? 0 : Number(),
            F3 = kind == EventKind.Trade ? 0 : Number(),
        };
        var outcome = _random.Next(6) == 0 ? Outcome.Flag(RejectReason.PriceBand) : Outcome.Accepted;
        return new HotTick(e, outcome, kind == EventKind.Run ? Run() : null);
    }

    private long Number() => _random.Next(20) switch
    {
        0 => _random.NextInt64(long.MinValue, long.MaxValue),
        1 => 0,
        _ => _random.NextInt64(1_000_000) * 1_000_000,
    };

    private RunDetail Run() => new(
        Bonds[_random.Next(2)], _random.Next(), RunDetail.Absent, _random.NextInt64(), -_random.Next(), _random.Next(2) == 0 ? default : Bonds[0]);
}
