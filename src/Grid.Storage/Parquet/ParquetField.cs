using Grid.Storage.Parquet.Metadata;
using Grid.Storage.Parquet.Schema;

namespace Grid.Storage.Parquet;

/// <summary>A column of a file that is to be written.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">How values are stored; <see cref="PhysicalType.Int96"/> is not written.</param>
/// <param name="Logical">What values mean.</param>
public sealed record ParquetField(string Name, PhysicalType Type, LogicalType Logical = default)
{
    /// <summary>True if there may be nulls.</summary>
    public bool IsOptional { get; init; }

    /// <summary>The length of a <see cref="PhysicalType.FixedLenByteArray"/>.</summary>
    public int TypeLength { get; init; }

    /// <summary>True if readers shall be able to ask whether a value is in a row group.</summary>
    public bool HasBloomFilter { get; init; }

    /// <summary>How values are encoded; null for whatever makes each column chunk the smallest.</summary>
    public ParquetEncoding? Encoding { get; init; }

    internal SchemaElement ToElement() => new()
    {
        Name = Name,
        Type = Type,
        TypeLength = TypeLength,
        Logical = Logical,
        Repetition = IsOptional ? Repetition.Optional : Repetition.Required,
    };
}
