using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;

namespace Grid.Domain.Tests.Events;

/// <summary>Builds and decodes batch payloads whose producer knows <see cref="Names"/> names of each kind.</summary>
internal static class Payload
{
    public const int Names = 20;

    public static readonly UnixNanos ReceivedAt = new(1_700_000_000_000_000_000);

    // The producer's number n is this process's n + 1000, 2000, 3000, 4000; "none" stays "none".
    private static readonly int[] Instruments = Map(1000);
    private static readonly int[] Sources = Map(2000);
    private static readonly int[] Venues = Map(3000);
    private static readonly int[] Channels = Map(4000);

    public static NameMaps Maps => new(Instruments, Sources, Venues, Channels);

    public static byte[] Of(RandomEvents events, int count, out EventBatch expected)
    {
        var encoder = new EventBatchEncoder(0);
        expected = new EventBatch(1);
        for (var i = 0; i < count; i++)
        {
            switch (events.Random.Next(8))
            {
                case 0:
                    var runEvent = events.Next(EventKind.Run, Names);
                    var run = events.NextRun();
                    encoder.Add(in runEvent, in run);
                    expected.Add(Mapped(in runEvent), in run);
                    break;
                case 1:
                    var definitionEvent = events.Next(EventKind.Definition, Names);
                    var definition = events.NextDefinition();
                    encoder.Add(in definitionEvent, definition);
                    expected.Add(Mapped(in definitionEvent), definition);
                    break;
                default:
                    var e = events.Next(events.NextPlainKind(), Names);
                    encoder.Add(in e);
                    expected.Add(Mapped(in e));
                    break;
            }
        }

        return encoder.Finish().ToArray();
    }

    public static BatchFault Decode(ReadOnlySpan<byte> payload, EventBatch batch, out int row) =>
        EventBatchDecoder.Decode(payload, Maps, ReceivedAt, batch, out row);

    public static MarketEvent Mapped(in MarketEvent e)
    {
        var mapped = e;
        mapped.Instrument = new InstrumentId(e.Instrument.Value + 1000);
        mapped.Source = new SourceId((ushort)(e.Source.Value + 2000));
        mapped.Venue = new VenueId(e.Venue.Value == 0 ? (ushort)0 : (ushort)(e.Venue.Value + 3000));
        mapped.Channel = new ChannelId(e.Channel.Value == 0 ? 0 : e.Channel.Value + 4000);
        mapped.ReceiveTime = ReceivedAt;
        return mapped;
    }

    public static void AssertEqual(EventBatch expected, EventBatch actual)
    {
        Assert.Equal(expected.Count, actual.Count);
        Assert.Equal(expected.Events.ToArray(), actual.Events.ToArray());
        Assert.Equal(expected.Runs, actual.Runs);
        Assert.Equal<InstrumentDefinition>(expected.Definitions, actual.Definitions);
    }

    private static int[] Map(int offset) => [0, .. Enumerable.Range(1, Names).Select(n => n + offset)];
}
