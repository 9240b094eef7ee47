using Grid.Domain.Identifiers;
using Grid.Storage.Journal;

namespace Grid.Storage.Snapshots;

/// <summary>The snapshots of a data folder, each called by the journal's position that it was taken at.</summary>
/// <param name="directory">The folder <see cref="FolderName"/> of the data folder.</param>
public sealed class SnapshotCatalog(IJournalDirectory directory)
{
    /// <summary>Folder of the snapshots in the data folder.</summary>
    public const string FolderName = "snapshots";

    /// <summary>Snapshots kept: the newest, and one to fall back on.</summary>
    public const int Kept = 2;

    private readonly HashSet<ulong> _damaged = [];

    /// <summary>Positions of all snapshots, whole or not, newest first.</summary>
    /// <exception cref="GridStorageException">The folder cannot be read.</exception>
    public IReadOnlyList<ulong> List() => Try("list", () =>
    {
        var found = new List<ulong>();
        foreach (var name in directory.List())
        {
            if (SnapshotFormat.TryParseName(name, out var lsn))
            {
                found.Add(lsn);
            }
        }

        found.Sort(static (a, b) => b.CompareTo(a));
        return found;
    });

    /// <summary>
    /// The newest snapshot that is whole, having read all of it; null if there is none. Newer ones that are damaged are
    /// told of, and left where they are.
    /// </summary>
    /// <exception cref="GridStorageException">The folder cannot be read.</exception>
    public ulong? FindNewest(out IReadOnlyList<SnapshotDamage> damaged)
    {
        var found = new List<SnapshotDamage>();
        damaged = found;
        foreach (var lsn in List())
        {
            try
            {
                SnapshotReader.Verify(directory, lsn);
                return lsn;
            }
            catch (GridStorageException failure)
            {
                _damaged.Add(lsn);
                found.Add(new SnapshotDamage(lsn, failure.Message));
            }
        }

        return null;
    }

    /// <summary>Opens a snapshot to read it.</summary>
    /// <exception cref="GridStorageException">It is not there or is damaged.</exception>
    public SnapshotReader Open(ulong lsn) => new(directory, lsn);

    /// <summary>Opens a snapshot as the bytes it is; it stays whole while it is open, also if it is deleted meanwhile.</summary>
    /// <exception cref="GridStorageException">It is not there.</exception>
    public IJournalFile OpenFile(ulong lsn) => Try("open one of the", () => directory.OpenRead(SnapshotFormat.NameOf(lsn)));

    /// <summary>An empty file to be filled with the bytes of a snapshot from elsewhere. <see cref="Open"/> finds out whether they are.</summary>
    /// <exception cref="GridStorageException">The disk refuses.</exception>
    public IJournalFile Import(ulong lsn) => Try("import", () =>
    {
        directory.Delete(SnapshotFormat.NameOf(lsn));
        return directory.Create(SnapshotFormat.NameOf(lsn));
    });

    /// <summary>A snapshot's file in the folder.</summary>
    public static string FileNameOf(ulong lsn) => SnapshotFormat.NameOf(lsn);

    /// <summary>Begins a snapshot, which takes its place when it is published.</summary>
    /// <param name="lsn">The journal's position of the state in it.</param>
    /// <param name="created">The time now.</param>
    /// <exception cref="GridStorageException">The disk refuses.</exception>
    public SnapshotWriter Begin(ulong lsn, UnixNanos created)
    {
        var writer = new SnapshotWriter(directory, lsn, created);
        _damaged.Remove(lsn);
        return writer;
    }

    /// <summary>
    /// Keeps the newest <see cref="Kept"/> snapshots that are not known to be damaged, deletes all others and what unfinished
    /// ones left behind; not while one is being written. Gives the positions kept, newest first: the journal must still
    /// reach back to the last of them.
    /// </summary>
    /// <exception cref="GridStorageException">The disk refuses.</exception>
    public IReadOnlyList<ulong> DeleteOlder()
    {
        var all = List();
        var kept = all.Where(lsn => !_damaged.Contains(lsn)).Take(Kept).ToArray();
        return Try("delete older", () =>
        {
            foreach (var lsn in all.Except(kept))
            {
                directory.Delete(SnapshotFormat.NameOf(lsn));
            }

            const string Unfinished = SnapshotFormat.Suffix + SnapshotFormat.TemporarySuffix;
            foreach (var name in directory.List().Where(n => n.EndsWith(Unfinished, StringComparison.Ordinal)))
            {
                directory.Delete(name);
            }

            directory.Flush();
            return kept;
        });
    }

    private T Try<T>(string what, Func<T> operation)
    {
        try
        {
            return operation();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new GridStorageException($"cannot {what} snapshots in '{directory.Path}': {failure.Message}", innerException: failure);
        }
    }
}
