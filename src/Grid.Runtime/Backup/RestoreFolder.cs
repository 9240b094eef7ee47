using System.Text;
using Grid.Storage;
using Grid.Storage.Journal;

namespace Grid.Runtime.Backup;

/// <summary>
/// A data folder that is being restored in place, as it may be a disk of its own. Until it is whole its file <c>format</c> says so,
/// which no grid takes for a data folder; that file is written last. One that is disposed of before is emptied again.
/// </summary>
internal sealed class RestoreFolder : IDisposable
{
    // What file systems put there themselves.
    private const string LostAndFound = "lost+found";
    private const string Unfinished = "a restore that was not finished; delete this folder";
    private const int NamesShownMax = 5;

    private readonly bool _isNew;
    private bool _isPublished;

    private RestoreFolder(string path, bool isNew)
    {
        Path = path;
        _isNew = isNew;
    }

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>Begins in a folder that is empty or not there.</summary>
    /// <exception cref="GridStorageException">It holds something: names what.</exception>
    /// <exception cref="IOException">The disk refuses.</exception>
    public static RestoreFolder Begin(string path)
    {
        path = System.IO.Path.GetFullPath(path);
        if (File.Exists(path))
        {
            throw new GridStorageException($"'{path}' is a file; a restore needs a new or empty folder");
        }

        var isNew = !Directory.Exists(path);
        var found = isNew ? [] : Directory.EnumerateFileSystemEntries(path).Select(System.IO.Path.GetFileName).Where(n => n != LostAndFound).Order(StringComparer.Ordinal).ToList();
        if (found.Count > 0)
        {
            var more = found.Count > NamesShownMax ? $" and {found.Count - NamesShownMax} more" : string.Empty;
            throw new GridStorageException($"'{path}' is not empty: it holds {string.Join(", ", found.Take(NamesShownMax))}{more}; a restore needs a new or empty folder");
        }

        var folder = new RestoreFolder(path, isNew);
        try
        {
            HashedCopy.CreateFolder(path);
            HashedCopy.Write(Encoding.ASCII.GetBytes(Unfinished), folder.Place(BackupLayout.Format));
            return folder;
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>Copies a file of a backup, checking it once more.</summary>
    /// <exception cref="GridStorageException">It is not any more what it was.</exception>
    public void Copy(BackupSet set, BackupFile file, CancellationToken cancel)
    {
        using var from = new DiskDirectory(System.IO.Path.GetDirectoryName(set.Place(file.Path))!).OpenRead(System.IO.Path.GetFileName(file.Path));
        if (HashedCopy.Write(from, file.Bytes, Place(file.Path), cancel) != file.Sha256)
        {
            throw new GridStorageException($"'{from.Path}' changed while it was being restored");
        }
    }

    /// <summary>A folder in it.</summary>
    public DiskDirectory Subfolder(string name)
    {
        HashedCopy.CreateFolder(Place(name));
        return new DiskDirectory(Place(name));
    }

    /// <summary>The place of a file.</summary>
    public string Place(string path) => System.IO.Path.Combine([Path, .. path.Split('/')]);

    /// <summary>Makes it a data folder, durably.</summary>
    public void Publish(ReadOnlySpan<byte> format)
    {
        foreach (var folder in Directory.GetDirectories(Path, "*", SearchOption.AllDirectories).Where(f => System.IO.Path.GetFileName(f) != LostAndFound))
        {
            new DiskDirectory(folder).Flush();
        }

        if (_isNew && System.IO.Path.GetDirectoryName(Path) is { } parent)
        {
            new DiskDirectory(parent).Flush();
        }

        var root = new DiskDirectory(Path);
        root.Flush();
        root.Replace(BackupLayout.Format, format);
        _isPublished = true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isPublished || !Directory.Exists(Path))
        {
            return;
        }

        try
        {
            foreach (var entry in new DirectoryInfo(Path).EnumerateFileSystemInfos().Where(e => e.Name != LostAndFound).OrderBy(e => e.Name == BackupLayout.Format))
            {
                if (entry is DirectoryInfo folder)
                {
                    folder.Delete(recursive: true);
                }
                else
                {
                    entry.Delete();
                }
            }

            if (_isNew)
            {
                Directory.Delete(Path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The failure that led here is the one to be told; the folder says itself that it is not whole.
        }
    }
}
