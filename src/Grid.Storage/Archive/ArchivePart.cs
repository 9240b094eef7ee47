using System.Text.Json.Serialization;

namespace Grid.Storage.Archive;

/// <summary>A file of the archive, as its manifest describes it.</summary>
public sealed record ArchivePart
{
    /// <summary>What it holds.</summary>
    [JsonConverter(typeof(JsonStringEnumConverter<ArchiveKind>))]
    public required ArchiveKind Kind { get; init; }

    /// <summary>The UTC date of all its event times.</summary>
    public required DateOnly Date { get; init; }

    /// <summary>Its name in the folder of its kind and date.</summary>
    public required string Name { get; init; }

    /// <summary>Its rows.</summary>
    public required long Rows { get; init; }

    /// <summary>Its bytes.</summary>
    public required long Bytes { get; init; }

    /// <summary>SHA-256 of its bytes, in hexadecimal digits.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Where it lies under the archive's folder, with slashes: <c>trade/date=2013-10-07/part-0000000000000001.parquet</c>.</summary>
    [JsonIgnore]
    public string File => string.Join('/', FolderNames()) + "/" + Name;

    /// <summary>The folders that lead to it.</summary>
    internal string[] FolderNames() => FoldersOf(Kind, Date);

    /// <summary>The folders of a kind and date, as Hive names them.</summary>
    internal static string[] FoldersOf(ArchiveKind kind, DateOnly date) => [ArchiveKinds.FolderOf(kind), FormattableString.Invariant($"date={date:yyyy-MM-dd}")];

    /// <summary>The name of the files that hold what follows a journal frame.</summary>
    internal static string NameOf(ulong afterLsn) => FormattableString.Invariant($"part-{afterLsn + 1:x16}.parquet");
}
