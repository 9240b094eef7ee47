using Grid.Runtime.Shards;
using Grid.Storage;
using Grid.Storage.Journal;

namespace Grid.Runtime;

/// <summary>An opened, locked data folder: journal, snapshots and hot store.</summary>
internal sealed class DataFolder : IDisposable
{
    // There while the folder is being filled with what a database holds: until it has a snapshot, nothing else in it counts.
    private const string FillingMark = "filling";

    // There from then on: the journal has not all that the folder holds, so without a snapshot it is of no use.
    private const string FilledMark = "filled";
    private const string HotFolderName = "hot";

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

    /// <summary>True if no grid ever ran on it.</summary>
    public bool IsEmpty => Try(() => Journal.List().Count == 0 && Snapshots.List().Count == 0);

    /// <summary>True from <see cref="BeginFilling"/> to <see cref="EndFilling"/>, whatever happens to the process between.</summary>
    public bool IsBeingFilled => Try(() => Root.Exists(FillingMark));

    /// <summary>True if it was filled once, so that its journal is not all that it holds.</summary>
    public bool WasFilled => Try(() => Root.Exists(FilledMark));

    /// <summary>Notes durably that the folder is being filled: if that breaks off, it begins again.</summary>
    public void BeginFilling() => Do(() => Root.Replace(FillingMark, "This folder is being filled with what a database holds.\n"u8));

    /// <summary>Notes that the folder has all that it was to be filled with.</summary>
    public void EndFilling() => Do(() =>
    {
        Root.Replace(FilledMark, "This folder was filled with what a database held: its journal is not all of it.\n"u8);
        GiveUpFilling();
    });

    /// <summary>Notes that the folder is not to be filled after all; nothing was put in yet.</summary>
    public void GiveUpFilling() => Do(() =>
    {
        Root.Delete(FillingMark);
        Root.Flush();
    });

    /// <summary>Deletes what a filling that broke off has left behind.</summary>
    public void Clear() => Do(() =>
    {
        foreach (var folder in (IJournalDirectory[])[Journal, Snapshots])
        {
            foreach (var name in folder.List())
            {
                folder.Delete(name);
            }

            folder.Flush();
        }

        if (Directory.Exists(Path.Combine(Root.Path, HotFolderName)))
        {
            Directory.Delete(Path.Combine(Root.Path, HotFolderName), recursive: true);
        }
    });

    /// <summary>The hot stores under the folder.</summary>
    /// <remarks>
    /// The two kept snapshots rely on what was appended since the older one: two intervals and the time that taking one takes.
    /// A journaled byte becomes one to two bytes of the hot store.
    /// </remarks>
    public IHistoryStores HotStores(EmbeddedGridOptions options, bool readOnly) =>
        new HotHistoryStores(Path.Combine(Root.Path, HotFolderName), options.HotStoreBytesMax, 4 * options.SnapshotJournalBytes, readOnly);

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

    private void Do(Action operation) => Try(() =>
    {
        operation();
        return true;
    });

    private T Try<T>(Func<T> operation)
    {
        try
        {
            return operation();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GridStorageException($"data folder '{Root.Path}' cannot be used: {e.Message}", innerException: e);
        }
    }
}
