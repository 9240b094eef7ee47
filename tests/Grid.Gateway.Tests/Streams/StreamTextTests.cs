using System.Text;
using System.Text.Json.Nodes;
using Grid.Domain.Cusips;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;
using Grid.Gateway.Streams;
using Grid.Runtime;

namespace Grid.Gateway.Tests.Streams;

public sealed class StreamTextTests
{
    private static readonly UpdatePosition At = new(ulong.MaxValue, ulong.MaxValue);

    private readonly GridNames _names = new();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Longest_updates_fit_and_allocate_nothing(bool isEvents)
    {
        var longest = Enumerable.Range(0, EventId.InstrumentsMax).Select(i => new string('"', 62) + (char)('A' + i) + "\\").ToList();
        longest.ForEach(n => _names.Instruments.GetOrAdd(n));
        foreach (var kind in (NameKind[])[NameKind.Source, NameKind.Venue, NameKind.Channel])
        {
            _names[kind].GetOrAdd(longest[0]);
        }

        var id = isEvents ? new EventId("1764000000000000000-18446744073709551615", _names) : null;
        for (uint i = 1; isEvents && i <= EventId.InstrumentsMax; i++)
        {
            id!.Note(new InstrumentId(i), ulong.MaxValue);
        }

        var text = new StreamText(_names, isEvents) { Subscription = 1UL << 53, EventId = id };
        while (!text.IsFull)
        {
            WriteAll(text);
        }

        text.Clear();
        var before = GC.GetAllocatedBytesForCurrentThread();
        while (!text.IsFull)
        {
            WriteAll(text);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        var message = Encoding.UTF8.GetString(text.Finish().Span);
        var objects = isEvents
            ? message.Split('\n').Where(l => l.StartsWith("data: ", StringComparison.Ordinal)).Select(l => JsonNode.Parse(l[6..])!)
            : JsonNode.Parse(message)!.AsArray().Select(o => o!);
        Assert.All(objects, o => Assert.Equal(ulong.MaxValue, (ulong)o["version"]!));
    }

    private static void WriteAll(StreamText text)
    {
        var instrument = new InstrumentId(1);
        var side = new Side(true, new Price(long.MinValue + 1), new Quantity(long.MinValue + 1), default, new SourceId(1));
        var e = new MarketEvent
        {
            Kind = EventKind.Correct,
            Source = new SourceId(1),
            Channel = new ChannelId(1),
            Venue = new VenueId(1),
            Instrument = instrument,
            Sequence = ulong.MaxValue,
            Session = uint.MaxValue,
            Conditions = uint.MaxValue,
            F0 = long.MinValue + 1,
            F1 = long.MinValue + 1,
            F2 = long.MinValue + 1,
            F3 = long.MinValue + 1,
        };
        text.Tick(in e, Outcome.Flag(RejectReason.UnknownInstrument), At);
        e.Kind = EventKind.Run;
        e.Flags = EventFlags.BidSet | EventFlags.AskSet;
        text.Tick(in e, Outcome.Flag(RejectReason.UnknownInstrument), At);
        e.Kind = EventKind.Trade;
        var day = new DayStatistics { Date = uint.MaxValue, Count = long.MaxValue, Volume = Int128.MinValue + 1, Open = side.Price, High = side.Price, Low = side.Price };
        text.Latest(new Latest { Instrument = instrument, Last = e, Bid = side, Ask = side, Day = day }, At, isSnapshot: true);
        text.Bar(instrument, new Bar { HasPrices = true, Open = side.Price, High = side.Price, Low = side.Price, Close = side.Price, Volume = Int128.MinValue + 1, Count = long.MaxValue, Bid = side, Ask = side }, isClosed: true, At);
        text.Market(Cusip.Parse("037833100"), new CusipMarket(uint.MaxValue, side, side, int.MaxValue), At);
        text.Dropped(instrument, ulong.MaxValue, At);
    }
}
