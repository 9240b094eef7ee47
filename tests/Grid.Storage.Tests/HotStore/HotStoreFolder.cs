using Grid.Domain.Identifiers;
using Grid.Storage.HotStore;
using Store = Grid.Storage.HotStore.HotStore;

namespace Grid.Storage.Tests.HotStore;

/// <summary>A temporary folder with hot stores of the smallest extents in it.</summary>
internal sealed class HotStoreFolder : IDisposable
{
    public const long ExtentBytes = HotStoreOptions.ExtentBytesLowest;

    private readonly string _root = Directory.CreateTempSubdirectory("grid-hot-").FullName;

    public string Path => System.IO.Path.Combine(_root, "hot");

    public static HotStoreOptions Options(int extents = 4, int recoveryExtents = 0) => new()
    {
        BytesMax = extents * ExtentBytes,
        ExtentBytes = ExtentBytes,
        RecoveryBytesMax = recoveryExtents * ExtentBytes,
        MemoryBytesMax = 2 * ExtentBytes,
    };

    public Store Open(HotStorePosition position = default, int extents = 4, int recoveryExtents = 0, bool readOnly = false) =>
        Store.Open(Path, Options(extents, recoveryExtents), position, readOnly);

    /// <summary>Indexes of the extents that have a file, oldest first.</summary>
    public long[] Files() =>
        [.. Directory.GetFiles(Path, "*.hot").Select(f => Convert.ToInt64(System.IO.Path.GetFileNameWithoutExtension(f), 16)).Order()];

    public string FileOf(long index) => System.IO.Path.Combine(Path, $"{index:x16}.hot");

    public static void Append(Store store, ref HotTickChain chain, HotTick tick)
    {
        if (tick.Run is { } run)
        {
            store.AppendTick(ref chain, tick.Event, tick.Outcome, in run);
        }
        else
        {
            store.AppendTick(ref chain, tick.Event, tick.Outcome);
        }
    }

    /// <summary>All ticks that can be read, in the order in which they were appended.</summary>
    public static List<HotTick> All(Store store, in HotTickChain chain)
    {
        var ticks = new List<HotTick>();
        store.ReadTicks(in chain, new UnixNanos(long.MinValue), new UnixNanos(long.MaxValue), ticks);
        return ticks;
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);
}
