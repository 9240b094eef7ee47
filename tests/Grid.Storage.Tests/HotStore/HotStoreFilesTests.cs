using Grid.Storage.HotStore;
using Grid.Storage.Journal;
using Grid.Testing;
using Store = Grid.Storage.HotStore.HotStore;

namespace Grid.Storage.Tests.HotStore;

/// <summary>Files that are copied while their store is appended to.</summary>
public sealed class HotStoreFilesTests : IDisposable
{
    private readonly HotStoreFolder _folder = new();
    private readonly TempFolder _temp = new();
    private readonly TickSource _source = new(seed: 3, instrument: 1);
    private HotTickChain _chain;

    public void Dispose()
    {
        _folder.Dispose();
        _temp.Dispose();
    }

    [Theory]
    [InlineData(300)]
    [InlineData(3_000)]
    [InlineData(9_000)]
    public void Copy_has_what_the_checkpoint_had_whatever_is_appended_and_dropped_meanwhile(int count)
    {
        using var store = _folder.Open(extents: 4, recoveryExtents: 4);
        Append(store, count);
        var position = store.Checkpoint();
        var saved = _chain;
        var ticks = HotStoreFolder.All(store, in saved);
        using var files = HotStoreFiles.Hold(new DiskDirectory(_folder.Path));
        Append(store, 20_000);
        store.Checkpoint();
        Assert.False(File.Exists(_folder.FileOf(0)));

        Copy(files, position);

        using var copied = Store.Open(_temp.File("copy"), HotStoreFolder.Options(), position);
        Assert.Equal(0, copied.MissingExtents);
        Assert.Equal(ticks, HotStoreFolder.All(copied, in saved));
        Assert.Equal(position, copied.Position);
    }

    [Fact]
    public void Nothing_is_needed_where_nothing_was_written()
    {
        using var store = _folder.Open();
        Append(store, 100);
        using var files = HotStoreFiles.Hold(new DiskDirectory(_folder.Path));
        Assert.Empty(files.UpTo(HotStorePosition.Start));
    }

    [Fact]
    public void Damaged_file_is_named()
    {
        using (var store = _folder.Open())
        {
            Append(store, 100);
            store.Checkpoint();
        }

        var path = _folder.FileOf(0);
        var bytes = File.ReadAllBytes(path);
        bytes[20] ^= 1;
        File.WriteAllBytes(path, bytes);

        using var files = HotStoreFiles.Hold(new DiskDirectory(_folder.Path));
        Assert.Equal($"'{path}' of the hot store is damaged: its header is damaged", Assert.Throws<GridStorageException>(() => files.UpTo(new HotStorePosition(512))).Message);
        Assert.Throws<GridStorageException>(() => HotStoreFiles.Check(new DiskDirectory(_folder.Path), Path.GetFileName(path)));
        Assert.Throws<GridStorageException>(() => HotStoreFiles.Complete(new DiskDirectory(_folder.Path), Path.GetFileName(path)));
    }

    private void Append(Store store, int count)
    {
        for (var i = 0; i < count; i++)
        {
            HotStoreFolder.Append(store, ref _chain, _source.Next());
        }
    }

    private void Copy(HotStoreFiles files, HotStorePosition position)
    {
        var target = new DiskDirectory(_temp.File("copy"));
        foreach (var (name, file, count) in files.UpTo(position))
        {
            var bytes = new byte[count];
            Assert.Equal(bytes.Length, file.Read(0, bytes));
            target.Replace(name, bytes);
            HotStoreFiles.Check(target, name);
            HotStoreFiles.Complete(target, name);
        }
    }
}
