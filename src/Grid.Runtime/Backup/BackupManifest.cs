using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Grid.Storage;
using Grid.Storage.Postgres.Dumps;

namespace Grid.Runtime.Backup;

/// <summary>What a backup holds: the file <c>manifest.json</c>, whose own hash stands beside it in <c>manifest.sha256</c>.</summary>
internal sealed record BackupManifest
{
    public const int VersionWritten = 1;
    private const string FormatName = "grid backup";

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        PropertyNameCaseInsensitive = false,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>What the file is, for people.</summary>
    public required string Format { get; init; } = FormatName;

    /// <summary>The version of the layout; a newer one is refused.</summary>
    public required int Version { get; init; } = VersionWritten;

    /// <summary>When the backup was begun.</summary>
    public required string Created { get; init; }

    /// <summary>Name of the data folder in its database; null if it has none.</summary>
    public string? Identity { get; init; }

    /// <summary>The journal.</summary>
    public required BackupJournal Journal { get; init; }

    /// <summary>The snapshot; null for none.</summary>
    public BackupSnapshot? Snapshot { get; init; }

    /// <summary>The dump of the database; null for none.</summary>
    public DatabaseDumpReport? Database { get; init; }

    /// <summary>All files but the manifest and its hash.</summary>
    public required IReadOnlyList<BackupFile> Files { get; init; }

    /// <summary>Makes a manifest of this version.</summary>
    public static BackupManifest Of(string created, string? identity, BackupJournal journal, BackupSnapshot? snapshot, DatabaseDumpReport? database, IReadOnlyList<BackupFile> files) => new()
    {
        Format = FormatName,
        Version = VersionWritten,
        Created = created,
        Identity = identity,
        Journal = journal,
        Snapshot = snapshot,
        Database = database,
        Files = files,
    };

    /// <summary>The manifest's text.</summary>
    public byte[] ToBytes() => [.. JsonSerializer.SerializeToUtf8Bytes(this, Json), (byte)'\n'];

    /// <summary>The text of the file beside it, as <c>sha256sum</c> writes and checks it.</summary>
    public static byte[] HashLine(ReadOnlySpan<byte> manifest) =>
        Encoding.ASCII.GetBytes($"{Convert.ToHexStringLower(SHA256.HashData(manifest))}  {BackupLayout.Manifest}\n");

    /// <summary>Reads and checks the manifest of a backup.</summary>
    /// <exception cref="GridStorageException">The folder is no backup, or the manifest is damaged, edited or of a newer version.</exception>
    public static BackupManifest Read(string folder)
    {
        var path = Path.Combine(folder, BackupLayout.Manifest);
        if (!File.Exists(path))
        {
            throw new GridStorageException(Directory.Exists(folder)
                ? $"'{folder}' is no backup: it has no {BackupLayout.Manifest}"
                : $"backup '{folder}' does not exist");
        }

        try
        {
            var bytes = File.ReadAllBytes(path);
            var hashPath = Path.Combine(folder, BackupLayout.ManifestHash);
            if (!File.Exists(hashPath) || !File.ReadAllBytes(hashPath).AsSpan().SequenceEqual(HashLine(bytes)))
            {
                throw new GridStorageException($"'{path}' is damaged or was edited: its SHA-256 is not the one in {BackupLayout.ManifestHash}");
            }

            var manifest = JsonSerializer.Deserialize<BackupManifest>(bytes, Json) ?? throw new JsonException("it is null");
            return manifest.Format != FormatName ? throw new GridStorageException($"'{path}' says that it is '{manifest.Format}', not '{FormatName}'")
                : manifest.Version is < 1 or > VersionWritten ? throw new GridStorageException(
                    $"backup '{folder}' has version {manifest.Version}; this grid reads up to version {VersionWritten}. Use a newer grid.")
                : manifest;
        }
        catch (JsonException e)
        {
            throw new GridStorageException($"'{path}' is damaged: {e.Message}", innerException: e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new GridStorageException($"'{path}' cannot be read: {e.Message}", innerException: e);
        }
    }
}

/// <summary>The journal of a backup.</summary>
/// <param name="FirstLsn">Its first frame.</param>
/// <param name="LastLsn">Its last frame.</param>
/// <param name="FirstReceived">When the first batch in it was received; null if there is none.</param>
/// <param name="LastReceived">When the last batch in it was received.</param>
internal sealed record BackupJournal(ulong FirstLsn, ulong LastLsn, string? FirstReceived, string? LastReceived);

/// <summary>The snapshot of a backup.</summary>
/// <param name="Lsn">The frame that it is of.</param>
/// <param name="BooksThrough">The last frame that anything in it may be of.</param>
internal sealed record BackupSnapshot(ulong Lsn, ulong BooksThrough);

/// <summary>A file of a backup.</summary>
/// <param name="Path">Its place in the backup, with slashes.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">Its hash, in lower-case hexadecimal.</param>
internal sealed record BackupFile(string Path, long Bytes, string Sha256);
