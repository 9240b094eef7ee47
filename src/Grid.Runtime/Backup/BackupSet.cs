using Grid.Runtime.Snapshots;
using Grid.Storage;
using Grid.Storage.HotStore;
using Grid.Storage.Journal;
using Grid.Storage.Postgres.Dumps;
using Grid.Storage.Snapshots;

namespace Grid.Runtime.Backup;

/// <summary>A finished backup and its checking.</summary>
internal sealed class BackupSet
{
    private readonly List<string> _remarks = [];

    private BackupSet(string folder, BackupManifest manifest)
    {
        Folder = folder;
        Manifest = manifest;
    }

    /// <summary>Where it is.</summary>
    public string Folder { get; }

    /// <summary>What it says that it holds.</summary>
    public BackupManifest Manifest { get; }

    /// <summary>The journal's folder.</summary>
    public IJournalDirectory Journal => Subfolder(JournalFormat.FolderName);

    /// <summary>Opens a backup whose manifest is whole.</summary>
    /// <exception cref="GridStorageException">It is none, or the manifest is damaged.</exception>
    public static BackupSet Open(string folder)
    {
        folder = Path.GetFullPath(folder);
        return new BackupSet(folder, BackupManifest.Read(folder));
    }

    /// <summary>A file of it.</summary>
    public string Place(string path) => Path.Combine([Folder, .. path.Split('/')]);

    /// <summary>Checks that all files are there and no others, each byte of them, and that what is in them fits together.</summary>
    /// <returns>What could not be checked here.</returns>
    /// <exception cref="GridStorageException">The first thing that is wrong, and where.</exception>
    public async Task<IReadOnlyList<string>> VerifyAsync(CancellationToken cancel)
    {
        try
        {
            CheckNames();
            foreach (var file in Manifest.Files)
            {
                CheckBytes(file, cancel);
            }

            var journal = JournalContents.Read(Journal, cancel);
            Require(journal.ToManifest() == Manifest.Journal, $"journal: it has frames {journal.FirstLsn} to {journal.LastLsn}, and not those that the manifest says");
            CheckSnapshot();
            CheckArchive();
            await CheckDumpAsync(cancel).ConfigureAwait(false);
            return _remarks;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GridStorageException($"backup '{Folder}' cannot be read: {e.Message}", innerException: e);
        }
    }

    private void CheckNames()
    {
        var named = Manifest.Files.Select(f => f.Path).ToHashSet(StringComparer.Ordinal);
        Require(named.Count == Manifest.Files.Count, "its manifest names a file twice");
        foreach (var path in named)
        {
            Require(BackupLayout.IsKnown(path), $"its manifest names '{path}', which is no file of a backup");
            Require(File.Exists(Place(path)), $"it lacks '{path}'");
        }

        foreach (var found in Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories))
        {
            var path = Path.GetRelativePath(Folder, found).Replace(Path.DirectorySeparatorChar, '/');
            Require(named.Contains(path) || path is BackupLayout.Manifest or BackupLayout.ManifestHash, $"it holds '{path}', which its manifest does not name");
        }

        Require(named.Contains(BackupLayout.Format), $"it lacks '{BackupLayout.Format}'");
        Require(named.Contains(BackupLayout.Identity) == Manifest.Identity is not null, "its manifest names an identity that is not there, or none that is");
        Require(named.Contains(BackupLayout.Dump) == Manifest.Database is not null, "its manifest tells of a dump that is not there, or of none that is");
    }

    private void CheckBytes(BackupFile file, CancellationToken cancel)
    {
        using var opened = new DiskDirectory(Path.GetDirectoryName(Place(file.Path))!).OpenRead(Path.GetFileName(file.Path));
        Require(opened.Length == file.Bytes, $"'{file.Path}' has {opened.Length} bytes, where its manifest says {file.Bytes}");
        var hash = HashedCopy.Read(opened, file.Bytes, cancel);
        Require(hash == file.Sha256, $"'{file.Path}' is damaged: its SHA-256 is {hash}, where its manifest says {file.Sha256}");
    }

    private void CheckSnapshot()
    {
        if (Manifest.Snapshot is { } snapshot)
        {
            var outline = SnapshotOutline.Read(new SnapshotCatalog(Subfolder(SnapshotCatalog.FolderName)), snapshot.Lsn);
            Require(outline.BooksThrough == snapshot.BooksThrough, "its manifest tells of another snapshot than the one that is there");
            Require(snapshot.Lsn + 1 >= Manifest.Journal.FirstLsn, $"its snapshot is of frame {snapshot.Lsn}, and its journal begins with frame {Manifest.Journal.FirstLsn}");
            Require(
                snapshot.Lsn <= Manifest.Journal.LastLsn && (snapshot.BooksThrough == ulong.MaxValue || snapshot.BooksThrough <= Manifest.Journal.LastLsn),
                $"its snapshot is of frame {snapshot.Lsn}, and its journal ends with frame {Manifest.Journal.LastLsn}");
            foreach (var file in Manifest.Files.Where(f => BackupLayout.IsHot(f.Path)))
            {
                HotStoreFiles.Check(new DiskDirectory(Path.GetDirectoryName(Place(file.Path))!), Path.GetFileName(file.Path));
            }
        }
        else
        {
            Require(Manifest.Journal.FirstLsn == 1, $"it has no snapshot, and its journal begins with frame {Manifest.Journal.FirstLsn}");
        }
    }

    private void CheckArchive()
    {
        var archive = ArchiveContents.Read(Folder);
        var files = Manifest.Files.Where(f => BackupLayout.IsArchive(f.Path)).ToDictionary(f => f.Path, f => f.Sha256);
        foreach (var part in archive.Manifests.SelectMany(m => m.Parts))
        {
            Require(
                files.Remove(BackupLayout.ArchivePath(part), out var hash) && hash == part.Sha256,
                $"'{BackupLayout.ArchivePath(part)}' is missing, or is not what the archive's manifest says");
        }

        Require(files.Count == archive.Manifests.Count, "it holds files of an archive that are in none of the archive's manifests");
        Require(
            archive.ThroughLsn == 0 || (archive.ThroughLsn <= Manifest.Journal.LastLsn && archive.ThroughLsn + 1 >= Manifest.Journal.FirstLsn),
            $"its archive ends with frame {archive.ThroughLsn}, and its journal has frames {Manifest.Journal.FirstLsn} to {Manifest.Journal.LastLsn}");
    }

    private async Task CheckDumpAsync(CancellationToken cancel)
    {
        if (Manifest.Database is not { } dump)
        {
            return;
        }

        Require(
            dump.ThroughLsn <= Manifest.Journal.LastLsn && dump.Lsn <= dump.ThroughLsn,
            $"its dump may hold the journal up to frame {dump.ThroughLsn}, and its journal ends with frame {Manifest.Journal.LastLsn}");
        if (!await DatabaseRestore.TryReadAsync(Place(BackupLayout.Dump), dump.DumpMajor, cancel).ConfigureAwait(false))
        {
            _remarks.Add($"the dump's hash is right, but it was not read: there is no pg_restore of PostgreSQL {dump.DumpMajor} or later here");
        }
    }

    private DiskDirectory Subfolder(string name) => new(Path.Combine(Folder, name));

    private void Require(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new GridStorageException($"backup '{Folder}' is not whole: {otherwise}");
        }
    }
}
