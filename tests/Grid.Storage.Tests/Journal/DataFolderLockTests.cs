using System.Text;
using Grid.Storage.Journal;
using Grid.Testing;

namespace Grid.Storage.Tests.Journal;

public sealed class DataFolderLockTests
{
    private readonly FaultyDisk _disk = new(seed: 1);

    private IJournalDirectory Data => _disk.Root;

    [Fact]
    public void A_folder_in_use_is_refused_with_its_user()
    {
        using var taken = DataFolderLock.Acquire(Data);

        var error = Assert.Throws<GridStorageException>(() => DataFolderLock.Acquire(Data));

        Assert.Equal(
            $"data folder '/disk' is in use by pid {Environment.ProcessId}; stop that process or choose another folder with --data",
            error.Message);
    }

    [Fact]
    public void A_folder_is_free_again_after_its_user_left_or_died()
    {
        DataFolderLock.Acquire(Data).Dispose();
        _ = DataFolderLock.Acquire(Data);
        _disk.Crash();
        DataFolderLock.Acquire(Data).Dispose();
    }

    [Fact]
    public void A_new_folder_is_marked_with_the_version()
    {
        DataFolderLock.Acquire(Data).Dispose();
        _disk.Crash();
        Assert.Equal("grid data format 1\n", Encoding.ASCII.GetString(Data.ReadAll("format")!.Value.Span));
    }

    [Theory]
    [InlineData("grid data format 2\n", "data folder '/disk' has format version 2; this grid reads up to version 1. Start it with a newer grid, or choose another folder with --data.")]
    [InlineData("something else", "'/disk' does not look like a data folder of grid: its file 'format' says 'something else', not 'grid data format 1'")]
    public void A_folder_of_another_kind_is_refused_and_left_free(string format, string message)
    {
        Data.Replace("format", Encoding.ASCII.GetBytes(format));

        Assert.Equal(message, Assert.Throws<GridStorageException>(() => DataFolderLock.Acquire(Data)).Message);
        Assert.Equal(message, Assert.Throws<GridStorageException>(() => DataFolderLock.Acquire(Data)).Message);
    }
}
