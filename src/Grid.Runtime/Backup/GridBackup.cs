using System.Text;
using Grid.Domain.Identifiers;
using Grid.Runtime.Snapshots;
using Grid.Storage;
using Grid.Storage.HotStore;
using Grid.Storage.Journal;
using Grid.Storage.Postgres;
using Grid.Storage.Postgres.Dumps;
using Grid.Storage.Snapshots;

namespace Grid.Runtime.Backup;

/// <summary>What to back up, and where to.</summary>
public sealed record BackupOptions
{
    /// <summary>The data folder, of a grid that runs or does not.</summary>
    public required string DataFolder { get; init; }

    /// <summary>The folder of backups; each is a folder in it.</summary>
    public required string Target { get; init; }

    /// <summary>The key file; none is no error.</summary>
    public required string KeyFile { get; init; }

    /// <summary>The configuration's file; null for none.</summary>
    public string? Configuration { get; init; }

    /// <summary>The database that belongs to the folder; null to leave it out.</summary>
    public PostgresAddress? Database { get; init; }
}

/// <summary>A backup that was made, or found whole.</summary>
/// <param name="Path">Its folder.</param>
/// <param name="Files">How many files it has.</param>
/// <param name="Bytes">Their bytes.</param>
/// <param name="FirstLsn">The first frame of its journal.</param>
/// <param name="LastLsn">The last frame of its journal.</param>
/// <param name="FirstReceived">When the first batch in its journal was received; null if there is none.</param>
/// <param name="LastReceived">When the last batch in its journal was received.</param>
/// <param name="SnapshotLsn">The frame that its snapshot is of; null without one.</param>
/// <param name="DatabaseLsn">The frame up to which its dump has ticks; null without one.</param>
/// <param name="Remarks">What a user should know of it.</param>
public sealed record BackupReport(
    string Path, int Files, long Bytes, ulong FirstLsn, ulong LastLsn, string? FirstReceived, string? LastReceived, ulong? SnapshotLsn, ulong? DatabaseLsn, IReadOnlyList<string> Remarks)
{
    internal static BackupReport Of(string path, BackupManifest manifest, IEnumerable<string> remarks) => new(
        path,
        manifest.Files.Count,
        manifest.Files.Sum(f => f.Bytes),
        manifest.Journal.FirstLsn,
        manifest.Journal.LastLsn,
        manifest.Journal.FirstReceived,
        manifest.Journal.LastReceived,
        manifest.Snapshot?.Lsn,
        manifest.Database?.Lsn,
        [.. remarks]);
}

/// <summary>
/// Makes backups of a data folder, also while a grid in another process writes to it: that one is asked for nothing. The order is what
/// makes the parts fit: segments are held first, then the database is dumped, then the archive, then a snapshot is taken with the hot
/// store that belongs to it, and the journal last, so that it is never behind any of them.
/// </summary>
public sealed class GridBackup
{
    private static readonly TimeSpan HoldEvery = TimeSpan.FromSeconds(1);

    private readonly BackupOptions _options;
    private readonly TimeProvider _time;
    private readonly DiskDirectory _data;
    private readonly BackupTarget _target;
    private readonly List<string> _remarks = [];

    private GridBackup(BackupOptions options, TimeProvider time, DiskDirectory data, BackupTarget target)
    {
        _options = options;
        _time = time;
        _data = data;
        _target = target;
    }

    /// <summary>Makes a backup and verifies it. If it fails, nothing of it is left.</summary>
    /// <exception cref="GridStorageException">The folder is no data folder or is damaged, the database cannot be dumped, or a disk refuses.</exception>
    public static Task<BackupReport> CreateAsync(BackupOptions options, TimeProvider time, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        return Task.Run(
            async () =>
            {
                var data = OpenData(options.DataFolder);
                try
                {
                    using var target = BackupTarget.Begin(options.Target, time.GetUtcNow());
                    return await new GridBackup(options, time, data, target).RunAsync(cancel).ConfigureAwait(false);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    throw new GridStorageException($"backup into '{options.Target}' failed, and nothing of it is left: {e.Message}", innerException: e);
                }
            },
            cancel);
    }

    /// <summary>Reads a whole backup and throws unless it is as it was written.</summary>
    /// <exception cref="GridStorageException">The first thing that is wrong, and where.</exception>
    public static Task<BackupReport> VerifyAsync(string folder, CancellationToken cancel) => Task.Run(
        async () =>
        {
            var set = BackupSet.Open(folder);
            return BackupReport.Of(set.Folder, set.Manifest, await set.VerifyAsync(cancel).ConfigureAwait(false));
        },
        cancel);

    private async Task<BackupReport> RunAsync(CancellationToken cancel)
    {
        var created = UnixNanos.From(_time.GetUtcNow());
        using var hold = JournalHold.Take(_data.Subdirectory(JournalFormat.FolderName));
        if (hold.FirstLsn == 0)
        {
            throw new GridStorageException($"the journal in '{_data.Path}' is empty: there is nothing to back up");
        }

        var identity = ReadIdentity();
        _target.TryCopy(BackupLayout.Identity, Path.Combine(_data.Path, BackupLayout.Identity), cancel);
        _target.TryCopy(BackupLayout.Format, Path.Combine(_data.Path, BackupLayout.Format), cancel);
        _target.TryCopy(BackupLayout.Keys, _options.KeyFile, cancel);
        if (_options.Configuration is { } configuration)
        {
            _target.TryCopy(BackupLayout.Configuration, configuration, cancel);
        }

        var dump = _options.Database is { } database ? await DumpAsync(database, identity, hold, cancel).ConfigureAwait(false) : null;
        CopyArchive(cancel);
        var snapshot = CopySnapshot(cancel);
        foreach (var segment in hold.ReadSegments())
        {
            _target.Copy(BackupLayout.JournalPath(segment.FileName), segment.File, segment.Bytes, cancel);
        }

        var journal = JournalContents.Read(new DiskDirectory(Path.Combine(_target.Folder, JournalFormat.FolderName)), cancel);
        _target.Write(BackupManifest.Of(
            created.ToString(),
            identity,
            journal.ToManifest(),
            snapshot is null ? null : new BackupSnapshot(snapshot.Lsn, snapshot.BooksThrough),
            dump,
            _target.Files));
        var set = BackupSet.Open(_target.Folder);
        _remarks.AddRange(await set.VerifyAsync(cancel).ConfigureAwait(false));
        return BackupReport.Of(_target.Publish(), set.Manifest, _remarks);
    }

    // Segments that are begun while the dump takes its time are held too: by now the database may have taken all of them, so that they may be deleted.
    private async Task<DatabaseDumpReport> DumpAsync(PostgresAddress database, string? identity, JournalHold hold, CancellationToken cancel)
    {
        var gate = new Lock();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var path = _target.Make(BackupLayout.Dump);
        var dumping = DatabaseDump.WriteAsync(database, identity, path, ReadEnd, stop.Token);
        try
        {
            while (await Task.WhenAny(dumping, Task.Delay(HoldEvery, _time, stop.Token)).ConfigureAwait(false) != dumping)
            {
                stop.Token.ThrowIfCancellationRequested();
                lock (gate)
                {
                    hold.Refresh();
                }
            }
        }
        catch
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await Task.WhenAny(dumping).ConfigureAwait(false);
            throw;
        }

        var dump = await dumping.ConfigureAwait(false);
        _target.Add(BackupLayout.Dump, cancel);
        return dump;

        ulong ReadEnd()
        {
            lock (gate)
            {
                return hold.ReadSegments() is [.., var last] ? last.LastLsn : 0;
            }
        }
    }

    // What is archived may go from the journal, so that must have been held before, and be copied afterwards: then it reaches from the archive's end on.
    private void CopyArchive(CancellationToken cancel)
    {
        foreach (var path in ArchiveContents.PathsOf(ArchiveContents.Read(_data.Path).Manifests))
        {
            if (!_target.TryCopy(path, Path.Combine([_data.Path, .. path.Split('/')]), cancel))
            {
                throw new GridStorageException($"'{path}' of the archive in '{_data.Path}' is missing; grid archive verify says what else is");
            }
        }
    }

    // The newest that is whole. What a running grid deletes meanwhile is listed again without it.
    private SnapshotOutline? CopySnapshot(CancellationToken cancel)
    {
        if (!Directory.Exists(Path.Combine(_data.Path, SnapshotCatalog.FolderName)))
        {
            return null;
        }

        var folder = _data.Subdirectory(SnapshotCatalog.FolderName);
        var catalog = new SnapshotCatalog(folder);
        var damaged = new HashSet<ulong>();
        while (catalog.List().Where(lsn => !damaged.Contains(lsn)).Cast<ulong?>().FirstOrDefault() is { } lsn)
        {
            IJournalFile file;
            try
            {
                file = folder.OpenRead(SnapshotCatalog.FileNameOf(lsn));
            }
            catch (FileNotFoundException)
            {
                continue;
            }

            // The hot store at once, before two more snapshots can be taken, with which files go that this one relies on.
            using var snapshot = file;
            var stores = HoldHotStores();
            try
            {
                var path = BackupLayout.SnapshotPath(lsn);
                _target.Copy(path, file, file.Length, cancel);
                if (TryReadSnapshot(lsn, path, damaged) is { } outline)
                {
                    CopyHotStores(outline, stores, cancel);
                    return outline;
                }
            }
            finally
            {
                foreach (var store in stores.Values)
                {
                    store.Dispose();
                }
            }
        }

        return null;
    }

    private SnapshotOutline? TryReadSnapshot(ulong lsn, string path, HashSet<ulong> damaged)
    {
        try
        {
            return SnapshotOutline.Read(new SnapshotCatalog(new DiskDirectory(Path.Combine(_target.Folder, SnapshotCatalog.FolderName))), lsn);
        }
        catch (GridStorageException e)
        {
            _remarks.Add($"the snapshot of frame {lsn} is damaged, and an older one was taken, or none: {e.Message}");
            damaged.Add(lsn);
            _target.Remove(path);
            return null;
        }
    }

    private SortedDictionary<int, HotStoreFiles> HoldHotStores()
    {
        var stores = new SortedDictionary<int, HotStoreFiles>();
        for (var shard = 0; Path.Combine(_data.Path, BackupLayout.HotFolder, BackupLayout.ShardFolder(shard)) is var folder && Directory.Exists(folder); shard++)
        {
            stores.Add(shard, HotStoreFiles.Hold(new DiskDirectory(folder)));
        }

        return stores;
    }

    private void CopyHotStores(SnapshotOutline snapshot, SortedDictionary<int, HotStoreFiles> stores, CancellationToken cancel)
    {
        foreach (var (shard, position) in snapshot.Positions)
        {
            if (stores.TryGetValue(shard, out var files))
            {
                foreach (var (name, file, bytes) in files.UpTo(position))
                {
                    _target.Copy(BackupLayout.HotPath(shard, name), file, bytes, cancel);
                }
            }
        }
    }

    private string? ReadIdentity() => _data.ReadAll(BackupLayout.Identity) is { } bytes ? Encoding.ASCII.GetString(bytes.Span).Trim() : null;

    // Nothing is made in a folder that is only to be read.
    private static DiskDirectory OpenData(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new GridStorageException($"data folder '{folder}' does not exist");
        }

        return Directory.Exists(Path.Combine(folder, JournalFormat.FolderName)) && File.Exists(Path.Combine(folder, BackupLayout.Format))
            ? new DiskDirectory(folder)
            : throw new GridStorageException($"'{folder}' is no data folder of grid: it holds no journal");
    }
}
