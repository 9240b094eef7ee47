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
    /// <remarks>
    /// The two kept snapshots rely on what was appended since the older one: two intervals and the time that taking one takes.
    /// A journaled byte becomes one to two bytes of the hot store.
    /// </remarks>
    public IHistoryStores HotStores(EmbeddedGridOptions options, bool readOnly) =>
        new HotHistoryStores(Path.Combine(Root.Path, "hot"), options.HotStoreBytesMax, 4 * options.SnapshotJournalBytes, readOnly);

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
