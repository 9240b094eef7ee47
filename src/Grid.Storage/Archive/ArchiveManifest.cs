using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Grid.Storage.Archive;

/// <summary>What one publication brought: a range of the journal, and the files that hold its events. A range is archived when its manifest is there.</summary>
/// <remarks>
/// On disk a line of JSON and a line with its SHA-256:
/// <code>{"version":1,"after_lsn":0,"through_lsn":1042,"inputs":512,"events":131072,"parts":[…]}
/// 5f1c…</code>
/// </remarks>
public sealed record ArchiveManifest
{
    private const int VersionNow = 1;

    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>Version of the format.</summary>
    public int Version { get; init; } = VersionNow;

    /// <summary>The last journal frame before the range.</summary>
    public required ulong AfterLsn { get; init; }

    /// <summary>The last input of the range.</summary>
    public required ulong ThroughLsn { get; init; }

    /// <summary>Inputs in the range.</summary>
    public required long Inputs { get; init; }

    /// <summary>Their events, duplicates included, which have no row.</summary>
    public required long Events { get; init; }

    /// <summary>The files.</summary>
    public required IReadOnlyList<ArchivePart> Parts { get; init; }

    /// <summary>The name of its own file.</summary>
    [JsonIgnore]
    public string FileName => ArchiveFolder.NameOf(AfterLsn);

    /// <summary>Rows of the files.</summary>
    [JsonIgnore]
    public long Rows => Parts.Sum(p => p.Rows);

    /// <summary>Bytes of the files.</summary>
    [JsonIgnore]
    public long Bytes => Parts.Sum(p => p.Bytes);

    internal byte[] ToBytes()
    {
        var json = JsonSerializer.Serialize(this, Format);
        return Encoding.UTF8.GetBytes($"{json}\n{Hash(json)}\n");
    }

    /// <exception cref="FormatException">It is no manifest, or damaged; says how.</exception>
    internal static ArchiveManifest Parse(ReadOnlySpan<byte> bytes)
    {
        var lines = Encoding.UTF8.GetString(bytes).Split('\n');
        if (lines is not [var json, var hash, ""])
        {
            throw new FormatException($"it has {lines.Length - 1} whole lines and must have two, JSON and its SHA-256");
        }

        if (hash != Hash(json))
        {
            throw new FormatException("its SHA-256 is not that of its content");
        }

        try
        {
            var manifest = JsonSerializer.Deserialize<ArchiveManifest>(json, Format) ?? throw new FormatException("it is null");
            return manifest.Version == VersionNow ? manifest : throw new FormatException($"it has version {manifest.Version}; this program knows {VersionNow}");
        }
        catch (JsonException fault)
        {
            throw new FormatException($"it cannot be read: {fault.Message}", fault);
        }
    }

    private static string Hash(string json) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(json)));
}
