using System.Globalization;
using System.Text.RegularExpressions;
using Grid.Storage.Archive;
using Grid.Storage.Journal;
using Grid.Storage.Snapshots;

namespace Grid.Runtime.Backup;

/// <summary>What the files of a backup are called: as in the data folder, where they come from there.</summary>
internal static partial class BackupLayout
{
    public const string Manifest = "manifest.json";
    public const string ManifestHash = "manifest.sha256";
    public const string Format = "format";
    public const string Identity = "identity";
    public const string Keys = "keys.json";
    public const string Configuration = "grid.json";
    public const string Dump = "database.dump";
    public const string HotFolder = "hot";

    /// <summary>Readable by the owner alone: market data, hashes of keys, and a configuration that may have passwords.</summary>
    public const UnixFileMode FileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    public const UnixFileMode FolderMode = FileMode | UnixFileMode.UserExecute;

    public static string JournalPath(string fileName) => $"{JournalFormat.FolderName}/{fileName}";

    public static string SnapshotPath(ulong lsn) => $"{SnapshotCatalog.FolderName}/{SnapshotCatalog.FileNameOf(lsn)}";

    public static string HotPath(int shard, string fileName) => string.Create(CultureInfo.InvariantCulture, $"{HotFolder}/{ShardFolder(shard)}/{fileName}");

    public static string ShardFolder(int shard) => string.Create(CultureInfo.InvariantCulture, $"shard-{shard}");

    /// <summary>True for a path that a backup may have: no other is ever read or written.</summary>
    public static bool IsKnown(string path) => Known().IsMatch(path);

    public static string ArchivePath(ArchivePart part) => $"{ArchiveFolder.FolderName}/{part.File}";

    public static string ArchivePath(ArchiveManifest manifest) => $"{ArchiveFolder.FolderName}/{ArchiveFolder.ManifestFolderName}/{manifest.FileName}";

    public static bool IsArchive(string path) => path.StartsWith(ArchiveFolder.FolderName + "/", StringComparison.Ordinal);

    public static bool IsJournal(string path) => path.StartsWith(JournalFormat.FolderName + "/", StringComparison.Ordinal);

    public static bool IsSnapshot(string path) => path.StartsWith(SnapshotCatalog.FolderName + "/", StringComparison.Ordinal);

    public static bool IsHot(string path) => path.StartsWith(HotFolder + "/", StringComparison.Ordinal);

    [GeneratedRegex(@"\A(?:format|identity|keys\.json|grid\.json|database\.dump|journal/[0-9a-f]{16}\.journal|snapshots/[0-9a-f]{16}\.snapshot|hot/shard-[0-9]{1,2}/[0-9a-f]{16}\.hot|archive/_manifest/[0-9a-f]{16}\.json|archive/[a-z]{1,16}/date=[0-9]{4}-[0-9]{2}-[0-9]{2}/part-[0-9a-f]{16}\.parquet)\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Known();
}
