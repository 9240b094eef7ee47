using Grid.Runtime.Shards;
using Grid.Storage;
using Grid.Storage.Journal;

namespace Grid.Runtime;

/// <summary>An opened, locked data folder: journal, snapshots and hot store.</summary>
internal sealed class DataFolder : IDisposable
{
    private readonly DataFolderLock? _taken;

    /// <summary>A folder over any directory; the simulation gives one that fails.</summary>
    public DataFolder(IJournalDirectory root, DataFolderLock? taken)
    {
        Root = root;
        _taken = taken;
        Journal = root.Subdirectory(JournalFormat.FolderName);
        Snapshots = root.Subdirectory("snapshots");
    }

    public IJournalDirectory Root { get; }

    public IJournalDirectory Journal { get; }

    public IJournalDirectory Snapshots { get; }

    /// <summary>The hot stores under the folder.</summary>
    public IHistoryStores HotStores(long bytesMax, bool readOnly) => new HotHistoryStores(Path.Combine(Root.Path, "hot"), bytesMax, readOnly);

    /// <summary>Opens a folder on disk, made if it is not there, and locks it.</summary>
    public static DataFolder Open(string path)
    {
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw new GridStorageException($"data folder '{path}' cannot be made: {e.Message}", innerException: e);
        }

        var root = new DiskDirectory(path);
        return new DataFolder(root, DataFolderLock.Acquire(root));
    }

    public void Dispose() => _taken?.Dispose();
}
