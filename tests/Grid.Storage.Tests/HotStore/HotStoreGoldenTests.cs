using System.Runtime.CompilerServices;
using Grid.Domain.Cusips;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;
using Grid.Storage.HotStore;
using Store = Grid.Storage.HotStore.HotStore;

namespace Grid.Storage.Tests.HotStore;

/// <summary>
/// The beginning of an extent as earlier grids wrote it. Such files are only ever added: if one of these tests fails, hot
/// stores out there cannot be read any more, and the format needs a new version.
/// </summary>
public sealed class HotStoreGoldenTests : IDisposable
{
    // The extent's header, two blocks of ticks (the first complete), one of records.
    private const int WrittenBytes = 256 + 256 + 1024 + 256;
    private const int Ticks = 9;

    private readonly HotStoreFolder _folder = new();
    private HotTickChain _ticks;
    private HotChain _records;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Version_1_is_written_byte_for_byte()
    {
        using (var store = _folder.Open())
        {
            Fill(store);
            store.Checkpoint();
        }

        var written = File.ReadAllBytes(_folder.FileOf(0)).AsSpan(0, WrittenBytes);
        Assert.Equal(Convert.ToHexString(File.ReadAllBytes(Golden)), Convert.ToHexString(written));
    }

    [Fact]
    public void Version_1_is_read()
    {
        HotStorePosition position;
        using (var store = _folder.Open())
        {
            Fill(store);
            position = store.Checkpoint();
        }

        var file = new byte[HotStoreFolder.ExtentBytes];
        File.ReadAllBytes(Golden).CopyTo(file, 0);
        File.WriteAllBytes(_folder.FileOf(0), file);
        using var golden = _folder.Open(position);
        var read = HotStoreFolder.All(golden, in _ticks);
        Assert.Equal(Enumerable.Range(0, Ticks).Select(Tick), read);
        var records = new List<Int128>();
        golden.ReadRecords(in _records, new UnixNanos(0), new UnixNanos(100), records);
        Assert.Equal([7, -8], records);
    }

    private static string Golden { get; } = Path.Combine(Here(), "Golden", "v1.hot");

    private static HotTick Tick(int i)
    {
        var kind = i == 3 ? EventKind.Run : i % 2 == 0 ? EventKind.Trade : EventKind.Quote;
        var e = new MarketEvent
        {
            Kind = kind,
            Flags = kind == EventKind.Trade ? EventFlags.None : EventFlags.BidSet | EventFlags.AskSet,
            Instrument = new InstrumentId(5),
            Source = new SourceId(2),
            Channel = new ChannelId(3),
            Session = 20240102,
            Venue = new VenueId(4),
            Conditions = i == 2 ? 0x1000000u : 0,
            Sequence = 100 + (ulong)i,
            EventTime = new UnixNanos(1_700_000_000_000_000_000 + (i * 1_000L)),
            ReceiveTime = new UnixNanos(1_700_000_000_000_005_000),
            F0 = 99_875_000_000,
            F1 = 100_00000000 * i,
            F2 = kind == EventKind.Trade ? 0 : 99_900_000_001,
            F3 = kind == EventKind.Trade ? 0 : 3,
        };
        RunDetail? run = i == 3
            ? new RunDetail(Cusip.Parse("912828XG0"), 12_500_000_000, RunDetail.Absent, 4_000_000_000, 3_900_000_000, default)
            : null;
        return new HotTick(e, i == 5 ? Outcome.Flag(RejectReason.PriceBand) : Outcome.Accepted, run);
    }

    private static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;

    private void Fill(Store store)
    {
        for (var i = 0; i < Ticks; i++)
        {
            HotStoreFolder.Append(store, ref _ticks, Tick(i));
        }

        store.AppendRecord(ref _records, (Int128)7, new UnixNanos(50));
        store.AppendRecord(ref _records, (Int128)(-8), new UnixNanos(60));
    }
}
