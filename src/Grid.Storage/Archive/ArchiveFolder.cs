using System.Globalization;
using Grid.Storage.Journal;

namespace Grid.Storage.Archive;

/// <summary>
/// The archive of a data folder: Parquet files by kind and date, and a manifest for each publication. Whatever a crash interrupts, a range of the journal is either archived
/// whole or not at all: files are written and flushed first, and the manifest, whose appearing makes them part of the archive, is the last to get its name.
/// What was begun is noted before, so that the next start removes it.
/// </summary>
/// <remarks>One thread at a time, by the process that has the data folder.</remarks>
public sealed class ArchiveFolder
{
    /// <summary>The folder of the archive in the data folder.</summary>
    public const string FolderName = "archive";

    /// <summary>The folder of the manifests, which readers of Hive layouts pass over, as it begins with an underscore.</summary>
    public const string ManifestFolderName = "_manifest";

    internal const string ManifestSuffix = ".json";
    private const string TemporarySuffix = ".tmp";
    private const string BegunName = "begun";

    private readonly IJournalDirectory _root;
    private readonly IJournalDirectory _manifests;

    private ArchiveFolder(IJournalDirectory root)
    {
        _root = root;
        _manifests = root.Subdirectory(ManifestFolderName);
    }

    /// <summary>The last input that is archived with all before it; 0 for none.</summary>
    public ulong ThroughLsn { get; private set; }

    /// <summary>Rows of the archive.</summary>
    public long Rows { get; private set; }

    /// <summary>Bytes of its files.</summary>
    public long Bytes { get; private set; }

    /// <summary>Its files.</summary>
    public int Parts { get; private set; }

    /// <summary>Opens or makes the archive in a data folder, and removes what a crash left.</summary>
    /// <exception cref="GridStorageException">The disk refuses, or a manifest is damaged or missing; names it.</exception>
    public static ArchiveFolder Open(IJournalDirectory data) => Try("cannot open the archive", data.Path, () =>
    {
        var folder = new ArchiveFolder(data.Subdirectory(FolderName));
        foreach (var manifest in ReadManifests(folder._manifests))
        {
            folder.Note(manifest);
        }

        folder.RemoveBegun();
        return folder;
    });

    /// <summary>The manifests of a data folder in the order of the journal, which a grid that runs may add to; none where there is no archive. Changes nothing.</summary>
    /// <exception cref="GridStorageException">One is damaged, or does not follow the one before; names it.</exception>
    public static IEnumerable<ArchiveManifest> ReadManifests(string dataFolder) =>
        Path.Combine(dataFolder, FolderName, ManifestFolderName) is var folder && Directory.Exists(folder) ? ReadManifests(new DiskDirectory(folder)) : [];

    /// <summary>The same, of the manifests' own folder.</summary>
    internal static IEnumerable<ArchiveManifest> ReadManifests(IJournalDirectory manifests)
    {
        var through = 0UL;
        foreach (var name in manifests.List().Where(n => n.EndsWith(ManifestSuffix, StringComparison.Ordinal)))
        {
            var manifest = Read(manifests, name);
            if (manifest.AfterLsn != through || name != manifest.FileName)
            {
                throw new GridStorageException($"manifest '{name}' in '{manifests.Path}' holds what follows journal frame {manifest.AfterLsn}, "
                    + $"but the one before it ends at {through}: manifests are missing or were moved");
            }

            through = manifest.ThroughLsn;
            yield return manifest;
        }
    }

    /// <summary>Publishes what follows the last input that is archived.</summary>
    /// <exception cref="GridStorageException">The disk refuses. What was begun is removed by the next try or start.</exception>
    public ArchiveManifest Publish(ArchiveBatch batch, ArchiveOptions options)
    {
        if (batch.ThroughLsn <= ThroughLsn)
        {
            throw new ArgumentException($"a batch through journal frame {batch.ThroughLsn} is to be archived behind {ThroughLsn}");
        }

        return Try("cannot publish", _root.Path, () =>
        {
            RemoveBegun();
            NoteBegun(batch.Parts());
            var parts = batch.Parts().Select(p => WritePart(p.Kind, p.Date, batch, options)).ToList();
            var manifest = new ArchiveManifest
            {
                AfterLsn = ThroughLsn,
                ThroughLsn = batch.ThroughLsn,
                Inputs = batch.Inputs,
                Events = batch.Events,
                Parts = parts,
            };
            WriteWhole(_manifests, NameOf(ThroughLsn), manifest.ToBytes());
            _manifests.Delete(BegunName);
            Note(manifest);
            return manifest;
        });
    }

    internal static string NameOf(ulong afterLsn) => string.Create(CultureInfo.InvariantCulture, $"{afterLsn + 1:x16}{ManifestSuffix}");

    private static ArchiveManifest Read(IJournalDirectory manifests, string name)
    {
        using var file = manifests.OpenRead(name);
        var bytes = new byte[file.Length];
        var read = file.Read(0, bytes);
        try
        {
            return ArchiveManifest.Parse(bytes.AsSpan(0, read));
        }
        catch (FormatException fault)
        {
            throw new GridStorageException($"manifest '{name}' in '{manifests.Path}' is damaged: {fault.Message}; restore it from a backup", innerException: fault);
        }
    }

    private ArchivePart WritePart(ArchiveKind kind, DateOnly date, ArchiveBatch batch, ArchiveOptions options)
    {
        var rows = batch.Sorted(kind, date);
        var folder = FolderOf(kind, date);
        var name = ArchivePart.NameOf(ThroughLsn);
        folder.Delete(name + TemporarySuffix);
        long bytes;
        string hash;
        using (var file = folder.Create(name + TemporarySuffix))
        using (var stream = new ArchiveFileStream(file))
        {
            ArchiveFile.Write(stream, kind, rows, batch.Names, options, (ThroughLsn, batch.ThroughLsn));
            hash = stream.Complete();
            bytes = stream.Length;
        }

        folder.Rename(name + TemporarySuffix, name);
        folder.Flush();
        return new ArchivePart { Kind = kind, Date = date, Name = name, Rows = rows.Length, Bytes = bytes, Sha256 = hash };
    }

    private IJournalDirectory FolderOf(ArchiveKind kind, DateOnly date) =>
        ArchivePart.FoldersOf(kind, date).Aggregate(_root, (folder, name) => folder.Subdirectory(name));

    // The note has the kinds and dates whose files may be there. It is written before the first of them, and gone after the manifest.
    private void NoteBegun(IEnumerable<(ArchiveKind Kind, DateOnly Date)> parts)
    {
        var lines = parts.Select(p => FormattableString.Invariant($"{ThroughLsn} {p.Kind} {p.Date:yyyy-MM-dd}\n"));
        WriteWhole(_manifests, BegunName, System.Text.Encoding.ASCII.GetBytes(string.Concat(lines)));
    }

    private void RemoveBegun()
    {
        if (!_manifests.Exists(BegunName))
        {
            return;
        }

        using (var file = _manifests.OpenRead(BegunName))
        {
            var bytes = new byte[file.Length];
            _ = file.Read(0, bytes);
            foreach (var line in System.Text.Encoding.ASCII.GetString(bytes).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                RemoveBegun(line);
            }
        }

        _manifests.Delete(BegunName);
        _manifests.Flush();
    }

    private void RemoveBegun(string line)
    {
        if (line.Split(' ') is not [var after, var kind, var date]
            || !ulong.TryParse(after, CultureInfo.InvariantCulture, out var afterLsn)
            || !Enum.TryParse<ArchiveKind>(kind, out var known)
            || !DateOnly.TryParseExact(date, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
        {
            throw new GridStorageException($"note '{BegunName}' in '{_manifests.Path}' has the line '{line}', which is not LSN, kind and date");
        }

        // The manifest is there, and only the note was not removed any more: then the files belong to the archive.
        if (afterLsn < ThroughLsn)
        {
            return;
        }

        var folder = FolderOf(known, day);
        var name = ArchivePart.NameOf(afterLsn);
        folder.Delete(name);
        folder.Delete(name + TemporarySuffix);
        folder.Flush();
    }

    private static void WriteWhole(IJournalDirectory folder, string name, ReadOnlySpan<byte> bytes)
    {
        folder.Delete(name + TemporarySuffix);
        using (var file = folder.Create(name + TemporarySuffix))
        {
            file.Write(0, bytes);
            file.Flush();
        }

        folder.Rename(name + TemporarySuffix, name);
        folder.Flush();
    }

    private void Note(ArchiveManifest manifest)
    {
        ThroughLsn = manifest.ThroughLsn;
        Rows += manifest.Rows;
        Bytes += manifest.Bytes;
        Parts += manifest.Parts.Count;
    }

    private static T Try<T>(string what, string where, Func<T> operation)
    {
        try
        {
            return operation();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new GridStorageException($"{what} in '{where}': {failure.Message}", innerException: failure);
        }
    }
}
