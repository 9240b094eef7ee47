using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Runtime.Clustering;
using Grid.Testing;

namespace Grid.Runtime.Tests.Clustering;

public sealed class NamedEventsTests
{
    private static readonly UnixNanos Received = UnixNanos.From(RandomMarket.ReceivedAt);

    [Fact]
    public void Slices_hold_each_instruments_events_in_their_order_and_any_process_can_read_them()
    {
        for (var seed = 0; seed < 30; seed++)
        {
            var market = new RandomMarket(seed, eventsPerSource: 40);
            var here = Process(seed);
            var whole = new EventBatch();
            Assert.Null(NamedEvents.Decode(NamedLines.Encode(market.Names, market.All), here, Received, whole));
            var expected = Texts(whole, here);
            Assert.Equal(market.All.Count, expected.Count);

            var slices = new BatchSlicer(here).Slice(whole);

            Assert.Equal(slices.Count, slices.Select(s => s.Instrument).Distinct().Count());
            var there = Process(seed + 1);
            foreach (var slice in slices)
            {
                var part = new EventBatch();
                Assert.Null(NamedEvents.Decode(slice.Events, there, Received, part));
                Assert.Equal(slice.Count, part.Count);
                Assert.Equal(expected.Where(t => t.Symbol == here.Symbol(slice.Instrument)), Texts(part, there));
            }

            Assert.Equal(expected.Count, slices.Sum(s => s.Count));
        }
    }

    [Fact]
    public void A_slicer_is_used_again_and_remembers_nothing()
    {
        var market = new RandomMarket(7, eventsPerSource: 30);
        var names = Process(7);
        var slicer = new BatchSlicer(names);
        foreach (var lines in market.All.Chunk(11))
        {
            var batch = new EventBatch();
            Assert.Null(NamedEvents.Decode(NamedLines.Encode(market.Names, lines), names, Received, batch));
            var fresh = new BatchSlicer(names).Slice(batch);
            Assert.Equal(fresh.Select(s => (s.Instrument, s.Count, Convert.ToHexString(s.Events))), slicer.Slice(batch).Select(s => (s.Instrument, s.Count, Convert.ToHexString(s.Events))));
        }
    }

    [Fact]
    public void Bytes_that_are_cut_or_changed_are_refused_or_read_and_never_throw()
    {
        var market = new RandomMarket(3, eventsPerSource: 6);
        var bytes = NamedLines.Encode(market.Names, market.All);
        var batch = new EventBatch();
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.NotNull(NamedEvents.Decode(bytes.AsSpan(0, length), new GridNames(), Received, batch));
            Assert.Equal(0, batch.Count);
        }

        var random = new Random(3);
        for (var i = 0; i < 5000; i++)
        {
            var changed = bytes.ToArray();
            changed[random.Next(changed.Length)] ^= (byte)(1 << random.Next(8));
            if (NamedEvents.Decode(changed, new GridNames(), Received, batch) is { } fault)
            {
                Assert.NotEmpty(fault);
                Assert.Equal(0, batch.Count);
            }
        }
    }

    [Fact]
    public void What_is_known_of_an_instrument_goes_from_process_to_process()
    {
        var market = new RandomMarket(11, eventsPerSource: 60);
        using var grid = new PlainGrid(market.Names);
        grid.Apply(market.All);
        foreach (var state in grid.Image.Instruments.All())
        {
            state.Read(out var latest);
            var there = Process(5);
            var read = PortableLatest.Decode(PortableLatest.Encode(latest, grid.Image.Names), there);
            Assert.Equal(NamedLines.Named(in latest.Last, grid.Image.Names), NamedLines.Named(in read.Last, there));
            Assert.Equal(
                (grid.Image.Names.Symbol(latest.Instrument), latest.Version, latest.Ticks, latest.Time, latest.Day.Volume, latest.Bid.Price, grid.Image.Names.Sources.Text(latest.Bid.Source.Value)),
                (there.Symbol(read.Instrument), read.Version, read.Ticks, read.Time, read.Day.Volume, read.Bid.Price, there.Sources.Text(read.Bid.Source.Value)));
        }
    }

    // Names that came before, so that each process has numbers of its own.
    private static GridNames Process(int seed)
    {
        var names = new GridNames();
        foreach (var kind in Enum.GetValues<NameKind>())
        {
            for (var i = 0; i <= seed % 4; i++)
            {
                names[kind].GetOrAdd($"before-{i}");
            }
        }

        return names;
    }

    private static List<(MarketEvent Event, string Symbol, string Source, string Venue, string Channel, string Wide)> Texts(EventBatch batch, GridNames names)
    {
        var texts = new List<(MarketEvent, string, string, string, string, string)>();
        foreach (ref readonly var e in batch.Events)
        {
            var (content, symbol, source, venue, channel) = NamedLines.Named(in e, names);
            texts.Add((content, symbol, source, venue, channel, e.Kind switch
            {
                EventKind.Run => $"{batch.Runs[e.Detail]}",
                EventKind.Definition => $"{batch.Definitions[e.Detail]}",
                _ => string.Empty,
            }));
        }

        return texts;
    }
}
