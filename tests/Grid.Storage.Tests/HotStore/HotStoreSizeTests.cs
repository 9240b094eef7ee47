using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;
using Grid.Storage.HotStore;
using Store = Grid.Storage.HotStore.HotStore;

namespace Grid.Storage.Tests.HotStore;

public sealed class HotStoreSizeTests : IDisposable
{
    private readonly HotStoreFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public unsafe void Chains_are_small()
    {
        Assert.Equal(32, sizeof(HotChain));
        Assert.Equal(128, sizeof(HotTickChain));
        Assert.Equal(HotBlock.HeaderBytes, sizeof(HotBlockHeader));
    }

    [Fact]
    public void An_instrument_that_ticked_once_takes_256_bytes_of_disk()
    {
        const int Instruments = 10_000;
        using var store = Store.Open(_folder.Path, new HotStoreOptions { ExtentBytes = 1 << 20, BytesMax = 8 << 20 }, default);
        var chains = new HotTickChain[Instruments];
        for (var i = 0; i < Instruments; i++)
        {
            store.AppendTick(ref chains[i], TradeOf((uint)i + 1, 0), Outcome.Accepted);
        }

        const int HeadersAndEnds = 4 * (HotExtentHeader.Bytes + HotExtentHeader.SlackBytes);
        Assert.InRange(store.Position.Offset, Instruments * 256, (Instruments * 256) + HeadersAndEnds);
        for (var i = 0; i < Instruments; i++)
        {
            Assert.Equal(new HotTick(TradeOf((uint)i + 1, 0), Outcome.Accepted, null), HotStoreFolder.All(store, in chains[i]).Single());
        }
    }

    [Fact]
    public void Blocks_of_a_busy_chain_grow_to_16_KB()
    {
        using var store = _folder.Open();
        var chain = default(HotTickChain);
        var sizes = new List<int>();
        for (var i = 0; sizes.Count < 6; i++)
        {
            var block = chain.Chain.Block;
            store.AppendTick(ref chain, TradeOf(1, i), Outcome.Accepted);
            if (chain.Chain.Block != block)
            {
                sizes.Add(1 << chain.Chain.CapacityLog2);
            }
        }

        Assert.Equal([256, 1024, 4096, 16384, 16384, 16384], sizes);
    }

    [Fact]
    public void A_regular_stream_of_trades_takes_less_than_16_bytes_each()
    {
        using var store = Store.Open(_folder.Path, new HotStoreOptions { ExtentBytes = 1 << 20, BytesMax = 4 << 20 }, default);
        var chain = default(HotTickChain);
        for (var i = 0; i < 50_000; i++)
        {
            store.AppendTick(ref chain, TradeOf(1, i), Outcome.Accepted);
        }

        Assert.InRange((double)store.Position.Offset / 50_000, 8, 16);
    }

    [Fact]
    public void Appending_does_not_allocate_per_event()
    {
        using var store = Store.Open(_folder.Path, new HotStoreOptions { ExtentBytes = 16 << 20, BytesMax = 64 << 20 }, default);
        var ticks = new HotTickChain[10];
        var bars = new HotChain[10];
        Run(2_000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Run(50_000);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 20_000);

        void Run(int count)
        {
            for (var i = 0; i < count; i++)
            {
                store.AppendTick(ref ticks[i % 10], TradeOf(1, i), i % 7 == 0 ? Outcome.Flag(RejectReason.Locked) : Outcome.Accepted);
                store.AppendRecord(ref bars[i % 10], (Int128)i, new UnixNanos(i));
            }
        }
    }

    [Fact]
    public void Space_on_disk_is_taken_when_an_extent_is_made()
    {
        using var store = _folder.Open();
        var chain = default(HotTickChain);
        store.AppendTick(ref chain, TradeOf(1, 0), Outcome.Accepted);
        Assert.Equal(HotStoreFolder.ExtentBytes, new FileInfo(_folder.FileOf(0)).Length);
    }

    private static MarketEvent TradeOf(uint instrument, int i) => new()
    {
        Kind = EventKind.Trade,
        Instrument = new InstrumentId(instrument),
        Source = new SourceId(1),
        Channel = new ChannelId(1),
        Session = 20240102,
        Venue = new VenueId(3),
        Sequence = (ulong)i + 1,
        EventTime = new UnixNanos(1_700_000_000_000_000_000 + (i * 1_000_000L)),
        ReceiveTime = new UnixNanos(1_700_000_000_000_000_000),
        F0 = 100_250_000_000 + (i % 50 * 10_000_000L),
        F1 = 100_00000000L * (1 + (i % 9)),
    };
}
