using System.Security.Cryptography;
using System.Text;
using Grid.Domain.Identifiers;
using Grid.Storage;
using Grid.Storage.HotStore;
using Grid.Storage.Journal;
using Grid.Storage.Postgres;
using Grid.Storage.Postgres.Dumps;

namespace Grid.Runtime.Backup;

/// <summary>What to restore, and where to.</summary>
public sealed record RestoreOptions
{
    /// <summary>The backup's folder.</summary>
    public required string Backup { get; init; }

    /// <summary>The data folder to be made: new, or empty.</summary>
    public required string DataFolder { get; init; }

    /// <summary>The database to restore the dump into, which has nothing of a grid; null to leave it out.</summary>
    public PostgresAddress? Database { get; init; }

    /// <summary>A data folder, or its journal, that outlived: what follows the backup is taken from there. Null for none.</summary>
    public string? Journal { get; init; }

    /// <summary>The time to go back to: what was received later is left out. Null for everything.</summary>
    public UnixNanos? Until { get; init; }
}

/// <summary>What was restored.</summary>
/// <param name="DataFolder">The data folder.</param>
/// <param name="FirstLsn">The first frame of its journal.</param>
/// <param name="LastLsn">The last frame of its journal.</param>
/// <param name="LastReceived">When the last batch in it was received; null if there is none.</param>
/// <param name="SnapshotLsn">The frame that its snapshot is of; null without one.</param>
/// <param name="DatabaseLsn">The frame up to which the database has ticks; null if none was restored.</param>
/// <param name="Remarks">What a user should know of it.</param>
public sealed record RestoreReport(
    string DataFolder, ulong FirstLsn, ulong LastLsn, string? LastReceived, ulong? SnapshotLsn, ulong? DatabaseLsn, IReadOnlyList<string> Remarks);

/// <summary>Makes a data folder, and a database, of a backup: whole, or not at all.</summary>
public sealed class GridRestore
{
    private readonly RestoreOptions _options;
    private readonly BackupSet _set;
    private readonly RestoreFolder _folder;
    private readonly List<string> _remarks;
    private BackupManifest Manifest => _set.Manifest;

    private GridRestore(RestoreOptions options, BackupSet set, RestoreFolder folder, IEnumerable<string> remarks)
    {
        _options = options;
        _set = set;
        _folder = folder;
        _remarks = [.. remarks];
    }

    /// <summary>Verifies a backup and restores it.</summary>
    /// <exception cref="GridStorageException">The backup is damaged, a target is not empty, or a disk or the database refuses. Nothing was restored.</exception>
    public static Task<RestoreReport> RunAsync(RestoreOptions options, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Task.Run(
            async () =>
            {
                var set = BackupSet.Open(options.Backup);
                if (options.Database is { } database)
                {
                    _ = set.Manifest.Database ?? throw new GridStorageException($"backup '{set.Folder}' holds no dump of a database; leave --postgres out");
                    await DatabaseRestore.RequireEmptyAsync(database, cancel).ConfigureAwait(false);
                }

                try
                {
                    // First of all, as it is quick: a backup may take an hour to verify.
                    using var folder = RestoreFolder.Begin(options.DataFolder);
                    var remarks = await set.VerifyAsync(cancel).ConfigureAwait(false);
                    return await new GridRestore(options, set, folder, remarks).RunAsync(cancel).ConfigureAwait(false);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    throw new GridStorageException($"restoring '{set.Folder}' failed, and nothing of it is left: {e.Message}", innerException: e);
                }
            },
            cancel);
    }

    private async Task<RestoreReport> RunAsync(CancellationToken cancel)
    {
        CopyFiles(BackupLayout.IsJournal, cancel);
        var journal = _folder.Subfolder(JournalFormat.FolderName);
        if (_options.Journal is { } surviving)
        {
            SurvivingJournal.Join(surviving, _set, _folder, cancel);
        }

        var point = _options.Until is { } until ? PointInTime.Find(journal, until, cancel) : null;
        if (point is { IsEnd: false })
        {
            RequireDatabaseNotAhead(point);
            point.Cut(journal);
        }

        var contents = JournalContents.Read(journal, cancel);
        var hasSnapshot = CopySnapshot(contents, point, cancel);
        CopyArchive(contents, point, cancel);
        CopyFiles(path => path is BackupLayout.Keys or BackupLayout.Configuration, cancel);
        var identity = WriteIdentity(isCut: point is { IsEnd: false });
        if (_options.Database is { } database)
        {
            await DatabaseRestore.RestoreAsync(database, _set.Place(BackupLayout.Dump), Manifest.Database!, identity!, cancel).ConfigureAwait(false);
        }
        else if (Manifest.Database is not null)
        {
            _remarks.Add("the dump of the database was left out: --postgres restores it");
        }

        await PublishAsync().ConfigureAwait(false);
        return new RestoreReport(
            _folder.Path,
            contents.FirstLsn,
            contents.LastLsn,
            contents.LastReceived?.ToString(),
            hasSnapshot ? Manifest.Snapshot!.Lsn : null,
            _options.Database is null ? null : Manifest.Database!.Lsn,
            _remarks);
    }

    private void CopyFiles(Predicate<string> which, CancellationToken cancel)
    {
        foreach (var file in Manifest.Files.Where(f => which(f.Path)))
        {
            _folder.Copy(_set, file, cancel);
        }
    }

    // The snapshot has things of batches that were received while it was being written: none of them may go from the journal, or
    // a producer that sends it again would be told that it is known.
    private bool CopySnapshot(JournalContents contents, PointInTime? point, CancellationToken cancel)
    {
        if (Manifest.Snapshot is not { } snapshot)
        {
            return false;
        }

        if (point?.FirstGone <= snapshot.BooksThrough)
        {
            if (contents.FirstLsn != 1)
            {
                throw new GridStorageException(
                    $"the backup's snapshot holds what was received after {_options.Until}, and its journal, which begins with frame {contents.FirstLsn}, does not reach back to the beginning; use an earlier backup");
            }

            _remarks.Add("the snapshot was left out, as it holds what was received later: the first start replays the whole journal");
            return false;
        }

        CopyFiles(BackupLayout.IsSnapshot, cancel);
        foreach (var file in Manifest.Files.Where(f => BackupLayout.IsHot(f.Path)))
        {
            _folder.Copy(_set, file, cancel);
            HotStoreFiles.Complete(new DiskDirectory(Path.GetDirectoryName(_folder.Place(file.Path))!), Path.GetFileName(file.Path));
        }

        return true;
    }

    // A publication goes with the first of its inputs that goes; the others of it are archived again, so the journal must still have them.
    private void CopyArchive(JournalContents contents, PointInTime? point, CancellationToken cancel)
    {
        var archive = ArchiveContents.Read(_set.Folder);
        var kept = archive.Manifests.TakeWhile(m => point?.FirstGone is not { } gone || m.ThroughLsn < gone).ToList();
        if (kept.Count < archive.Manifests.Count && contents.FirstLsn > (kept is [.., var last] ? last.ThroughLsn : 0) + 1)
        {
            throw new GridStorageException(
                $"the backup's archive holds what was received after {_options.Until} together with what was received before, "
                + $"and its journal, which begins with frame {contents.FirstLsn}, does not have that any more; use an earlier backup");
        }

        var paths = ArchiveContents.PathsOf(kept).ToHashSet(StringComparer.Ordinal);
        CopyFiles(paths.Contains, cancel);
    }

    // Latest values and bars of a database cannot be taken back.
    private void RequireDatabaseNotAhead(PointInTime point)
    {
        if (_options.Database is not null && Manifest.Database is { } dump && point.FirstGone <= dump.ThroughLsn)
        {
            throw new GridStorageException(
                $"the dump may hold the journal up to frame {dump.ThroughLsn}, and {_options.Until} is at frame {point.LastInput}: it is ahead of that time. "
                + "Use an earlier backup, or leave --postgres out and let the grid fill an empty database from its journal");
        }
    }

    // From here on there may be two grids. Only one that has everything the old one journaled, and its database, is still the same.
    private string? WriteIdentity(bool isCut)
    {
        var isSame = _options is { Journal: not null, Database: null } && !isCut;
        var identity = Manifest.Identity is null && _options.Database is null ? null
            : isSame ? Manifest.Identity
            : RandomNumberGenerator.GetHexString(32, lowercase: true);
        if (identity is not null)
        {
            HashedCopy.Write(Encoding.ASCII.GetBytes(identity + "\n"), _folder.Place(BackupLayout.Identity));
        }

        return identity;
    }

    private async Task PublishAsync()
    {
        try
        {
            _folder.Publish(File.ReadAllBytes(_set.Place(BackupLayout.Format)));
        }
        catch when (_options.Database is not null)
        {
            await DatabaseRestore.UndoAsync(_options.Database).ConfigureAwait(false);
            throw;
        }
    }
}
