using Grid.Storage.Parquet.Schema;

namespace Grid.Storage.Parquet.Writing;

/// <summary>What columns may be written.</summary>
internal static class FieldRules
{
    /// <summary>Throws if a column cannot be written.</summary>
    /// <exception cref="ArgumentException">Names the column and the rule.</exception>
    public static void Check(IReadOnlyList<ParquetField> fields)
    {
        if (fields.Count == 0)
        {
            throw new ArgumentException("a file needs a column");
        }

        if (fields.GroupBy(f => f.Name).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            throw new ArgumentException($"there are two columns '{twice.Key}'");
        }

        foreach (var field in fields)
        {
            if (WhyNot(field) is { } why)
            {
                throw new ArgumentException($"column '{field.Name}' cannot be written: {why}");
            }
        }
    }

    private static string? WhyNot(ParquetField field) => field switch
    {
        { Name.Length: 0 } => "it has no name",
        { Type: PhysicalType.Int96 } => "96-bit times are only read; nanoseconds in 64 bits took their place",
        { Type: PhysicalType.FixedLenByteArray, TypeLength: < 1 or > 1 << 16 } => $"its values have {field.TypeLength} bytes, 1 to {1 << 16} can be written",
        { Type: not PhysicalType.FixedLenByteArray, TypeLength: not 0 } => $"values of {field.Type} have no length of their own",
        { Logical.Kind: LogicalKind.Decimal } when DigitsMax(field) is var most && (field.Logical.Precision < 1 || field.Logical.Precision > most) =>
            $"{field.Type} holds decimals of 1 to {most} digits, not {field.Logical.Precision}",
        { Logical.Kind: LogicalKind.Decimal } when field.Logical.Scale < 0 || field.Logical.Scale > field.Logical.Precision =>
            $"a scale of {field.Logical.Scale} with {field.Logical.Precision} digits",
        _ when !IsKnown(field) => $"{field.Logical.Kind} is not written in {field.Type}",
        { Encoding: { } encoding } when !MayEncode(field.Type, encoding) => $"{field.Type} is not encoded as {encoding}",
        _ => null,
    };

    private static bool IsKnown(ParquetField field) => field.Logical.Kind switch
    {
        LogicalKind.None => true,
        LogicalKind.String or LogicalKind.Enum or LogicalKind.Json => field.Type == PhysicalType.ByteArray,
        LogicalKind.Decimal => true,
        LogicalKind.Uuid => field is { Type: PhysicalType.FixedLenByteArray, TypeLength: 16 },
        LogicalKind.Date => field.Type == PhysicalType.Int32,
        LogicalKind.Timestamp => field.Type == PhysicalType.Int64,
        LogicalKind.Integer => field.Type == (field.Logical.Bits == 64 ? PhysicalType.Int64 : PhysicalType.Int32) && field.Logical.Bits is 8 or 16 or 32 or 64,
        _ => false,
    };

    private static int DigitsMax(ParquetField field) => field.Type switch
    {
        PhysicalType.Int32 => 9,
        PhysicalType.Int64 => 18,
        PhysicalType.FixedLenByteArray => (int)Math.Min(1000, ((8 * field.TypeLength) - 1) * Math.Log10(2)),
        PhysicalType.ByteArray => 1000,
        _ => 0,
    };

    private static bool MayEncode(PhysicalType type, ParquetEncoding encoding) => encoding switch
    {
        ParquetEncoding.Plain => true,
        ParquetEncoding.RleDictionary => type != PhysicalType.Boolean,
        ParquetEncoding.Rle => type == PhysicalType.Boolean,
        ParquetEncoding.DeltaBinaryPacked => type is PhysicalType.Int32 or PhysicalType.Int64,
        ParquetEncoding.DeltaLengthByteArray => type == PhysicalType.ByteArray,
        ParquetEncoding.DeltaByteArray => type is PhysicalType.ByteArray or PhysicalType.FixedLenByteArray,
        ParquetEncoding.ByteStreamSplit => type is not (PhysicalType.ByteArray or PhysicalType.Boolean),
        _ => false,
    };
}
