using Grid.Storage.HotStore;
using Store = Grid.Storage.HotStore.HotStore;

namespace Grid.Storage.Tests.HotStore;

public sealed class HotStoreOptionsTests
{
    [Fact]
    public void Defaults_are_4_GB_in_files_of_64_MB_and_1_GB_for_recovery_and_512_MB_of_memory()
    {
        var options = new HotStoreOptions();
        Assert.Equal(4L << 30, options.BytesMax);
        Assert.Equal(64L << 20, options.ExtentBytes);
        Assert.Equal(1L << 30, options.RecoveryBytesMax);
        Assert.Equal(512L << 20, options.MemoryBytesMax);
        options.Validate();
    }

    [Fact]
    public void Everything_that_is_wrong_is_named_at_once()
    {
        var options = new HotStoreOptions { BytesMax = 1000, ExtentBytes = 100_000, RecoveryBytesMax = -1, MemoryBytesMax = 5 };
        var refused = Assert.Throws<ArgumentException>(() => Store.Open("unused", options, default));
        Assert.Equal(
            """
            Hot store option ExtentBytes is 100000; it must be a power of two from 65536 to 1073741824 bytes.
            Hot store option BytesMax is 1000; it must be from two extents (200000) to 17592186044416 bytes.
            Hot store option RecoveryBytesMax is -1; it must be from 0 to 17592186044416 bytes.
            Hot store option MemoryBytesMax is 5; it must be from two extents (200000) to 17592186044416 bytes.
            """.ReplaceLineEndings("\n"),
            refused.Message);
    }
}
