using System.Globalization;
using Grid.Storage;
using Grid.Storage.Journal;

namespace Grid.Runtime.Backup;

/// <summary>
/// A backup that is being written: a folder under a temporary name, which gets its own when all of it is on the disk. One that
/// is disposed of before leaves nothing; what a process that was killed left goes with the next backup into the same place.
/// </summary>
internal sealed class BackupTarget : IDisposable
{
    private const string Prefix = "grid-";
    private const string UnfinishedSuffix = ".unfinished";
    private const string LockName = "backup.lock";

    private readonly string _place;
    private readonly string _name;
    private readonly IDisposable _taken;
    private readonly List<BackupFile> _files = [];
    private bool _isPublished;

    private BackupTarget(string place, string name, IDisposable taken)
    {
        _place = place;
        _name = name;
        _taken = taken;
    }

    /// <summary>The folder while it is being written.</summary>
    public string Folder => Path.Combine(_place, _name + UnfinishedSuffix);

    /// <summary>Files written so far.</summary>
    public IReadOnlyList<BackupFile> Files => _files;

    /// <summary>Begins a backup in a folder of backups, which is made if it is missing.</summary>
    /// <exception cref="GridStorageException">Another process makes a backup there.</exception>
    /// <exception cref="IOException">The disk refuses.</exception>
    public static BackupTarget Begin(string place, DateTimeOffset now)
    {
        HashedCopy.CreateFolder(place);
        var folder = new DiskDirectory(place);
        var taken = folder.TryLock(LockName, $"pid {Environment.ProcessId}", out var holder)
            ?? throw new GridStorageException($"another backup is being made in '{folder.Path}' by {holder}; wait for it, or name another folder");
        try
        {
            foreach (var left in Directory.GetDirectories(folder.Path, Prefix + "*" + UnfinishedSuffix))
            {
                Directory.Delete(left, recursive: true);
            }

            var target = new BackupTarget(folder.Path, Prefix + now.UtcDateTime.ToString("yyyyMMdd'T'HHmmssfff'Z'", CultureInfo.InvariantCulture), taken);
            HashedCopy.CreateFolder(target.Folder);
            return target;
        }
        catch
        {
            taken.Dispose();
            throw;
        }
    }

    /// <summary>Copies the first bytes of a file.</summary>
    public void Copy(string path, IJournalFile from, long bytes, CancellationToken cancel) =>
        _files.Add(new BackupFile(path, bytes, HashedCopy.Write(from, bytes, Place(path), cancel)));

    /// <summary>Copies a whole file of a folder; false if there is none.</summary>
    public bool TryCopy(string path, string from, CancellationToken cancel)
    {
        if (!File.Exists(from))
        {
            return false;
        }

        using var file = new DiskDirectory(Path.GetDirectoryName(Path.GetFullPath(from))!).OpenRead(Path.GetFileName(from));
        Copy(path, file, file.Length, cancel);
        return true;
    }

    /// <summary>Makes an empty file for another program to write, which is then to be added; gives its place.</summary>
    public string Make(string path)
    {
        HashedCopy.Create(Place(path)).Dispose();
        return Place(path);
    }

    /// <summary>Adds a file that another program wrote.</summary>
    public void Add(string path, CancellationToken cancel)
    {
        using var file = new DiskDirectory(Folder).OpenRead(path);
        file.Flush();
        _files.Add(new BackupFile(path, file.Length, HashedCopy.Read(file, file.Length, cancel)));
    }

    /// <summary>Takes a file away again.</summary>
    public void Remove(string path)
    {
        File.Delete(Place(path));
        _files.RemoveAll(f => f.Path == path);
    }

    /// <summary>Writes the manifest.</summary>
    public void Write(BackupManifest manifest)
    {
        var bytes = manifest.ToBytes();
        HashedCopy.Write(bytes, Place(BackupLayout.Manifest));
        HashedCopy.Write(BackupManifest.HashLine(bytes), Place(BackupLayout.ManifestHash));
    }

    /// <summary>Gives the backup its name, durably; gives its path.</summary>
    public string Publish()
    {
        foreach (var folder in Directory.GetDirectories(Folder, "*", SearchOption.AllDirectories).Append(Folder))
        {
            new DiskDirectory(folder).Flush();
        }

        var path = Path.Combine(_place, _name);
        Directory.Move(Folder, path);
        _isPublished = true;
        new DiskDirectory(_place).Flush();
        return path;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_isPublished)
        {
            try
            {
                Directory.Delete(Folder, recursive: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The failure that led here is the one to be told; the next backup deletes it.
            }
        }

        _taken.Dispose();
    }

    private string Place(string path) => Path.Combine([Folder, .. path.Split('/')]);
}
