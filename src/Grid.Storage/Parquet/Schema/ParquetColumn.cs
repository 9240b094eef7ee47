using Grid.Storage.Parquet.Metadata;

namespace Grid.Storage.Parquet.Schema;

/// <summary>A column: a leaf of the schema.</summary>
public sealed class ParquetColumn
{
    private ParquetColumn(int index, string name, SchemaElement leaf, string? whyNot)
    {
        Index = index;
        Name = name;
        Type = leaf.Type!.Value;
        TypeLength = leaf.TypeLength;
        Logical = leaf.Logical;
        IsOptional = leaf.Repetition == Repetition.Optional;
        WhyNotReadable = whyNot;
    }

    /// <summary>Its place among the leaves.</summary>
    public int Index { get; }

    /// <summary>Its name; of a nested one the names from the root, with dots.</summary>
    public string Name { get; }

    /// <summary>How values are stored.</summary>
    public PhysicalType Type { get; }

    /// <summary>The length of a <see cref="PhysicalType.FixedLenByteArray"/>.</summary>
    public int TypeLength { get; }

    /// <summary>What values mean.</summary>
    public LogicalType Logical { get; }

    /// <summary>True if there may be nulls.</summary>
    public bool IsOptional { get; }

    /// <summary>Why the column cannot be read; null if it can. Columns in groups and repeated ones are not read.</summary>
    public string? WhyNotReadable { get; }

    /// <summary>Bytes of a value; 0 if they differ.</summary>
    public int Width => Type switch
    {
        PhysicalType.Boolean => 1,
        PhysicalType.Int32 or PhysicalType.Float => 4,
        PhysicalType.Int64 or PhysicalType.Double => 8,
        PhysicalType.Int96 => 12,
        PhysicalType.FixedLenByteArray => TypeLength,
        _ => 0,
    };

    internal static ParquetColumn From(int index, IReadOnlyList<string> path, SchemaElement leaf, bool isNested)
    {
        var name = string.Join('.', path);
        if (leaf.Type == PhysicalType.FixedLenByteArray && leaf.TypeLength is <= 0 or > ParquetLimits.PageBytesMax)
        {
            throw new ParquetFormatException($"column '{name}' has values of {leaf.TypeLength} bytes");
        }

        var whyNot = isNested ? "it is nested" : leaf.Repetition == Repetition.Repeated ? "it is a list" : null;
        return new ParquetColumn(index, name, Checked(leaf), whyNot);
    }

    // An annotation that does not fit the stored type is passed over, as an unknown one is: the values can still be read.
    private static SchemaElement Checked(SchemaElement leaf)
    {
        if (!Fits(leaf))
        {
            leaf.Logical = default;
        }

        return leaf;
    }

    private static bool Fits(SchemaElement leaf)
    {
        var logical = leaf.Logical;
        var type = leaf.Type!.Value;
        return logical.Kind switch
        {
            LogicalKind.String or LogicalKind.Enum or LogicalKind.Json or LogicalKind.Bson => type == PhysicalType.ByteArray,
            LogicalKind.Uuid => type == PhysicalType.FixedLenByteArray && leaf.TypeLength == 16,
            LogicalKind.Interval => type == PhysicalType.FixedLenByteArray && leaf.TypeLength == 12,
            LogicalKind.Float16 => type == PhysicalType.FixedLenByteArray && leaf.TypeLength == 2,
            LogicalKind.Decimal => logical.Scale is >= 0 and <= 1000
                && type is PhysicalType.Int32 or PhysicalType.Int64 or PhysicalType.ByteArray or PhysicalType.FixedLenByteArray,
            LogicalKind.Date => type == PhysicalType.Int32,
            LogicalKind.Time => type == (logical.Unit == ParquetTimeUnit.Millis ? PhysicalType.Int32 : PhysicalType.Int64),
            LogicalKind.Timestamp => type == PhysicalType.Int64,
            LogicalKind.Integer => type == (logical.Bits == 64 ? PhysicalType.Int64 : PhysicalType.Int32),
            _ => true,
        };
    }
}
