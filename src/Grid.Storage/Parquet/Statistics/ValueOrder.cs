using System.Buffers.Binary;
using Grid.Storage.Parquet.Schema;

namespace Grid.Storage.Parquet.Statistics;

/// <summary>How the values of a column are ordered: by their type's meaning, not by their bytes.</summary>
internal enum ValueOrder
{
    /// <summary>The format defines none, so statistics mean nothing.</summary>
    None,
    Boolean,
    Int32,
    Int64,
    UInt32,
    UInt64,
    Float,
    Double,
    Float16,

    /// <summary>Byte by byte, unsigned, the shorter first.</summary>
    Bytes,

    /// <summary>Big-endian numbers with a sign, of any length: decimals.</summary>
    BigEndian,
}

/// <summary>Compares values in the order of their column.</summary>
internal static class ValueOrders
{
    public static ValueOrder Of(ParquetColumn column) => (column.Type, column.Logical.Kind) switch
    {
        (_, LogicalKind.Interval or LogicalKind.Unknown or LogicalKind.Other) => ValueOrder.None,
        (PhysicalType.Boolean, _) => ValueOrder.Boolean,
        (PhysicalType.Int32, LogicalKind.Integer) => column.Logical.IsSigned ? ValueOrder.Int32 : ValueOrder.UInt32,
        (PhysicalType.Int32, _) => ValueOrder.Int32,
        (PhysicalType.Int64, LogicalKind.Integer) => column.Logical.IsSigned ? ValueOrder.Int64 : ValueOrder.UInt64,
        (PhysicalType.Int64, _) => ValueOrder.Int64,
        (PhysicalType.Float, _) => ValueOrder.Float,
        (PhysicalType.Double, _) => ValueOrder.Double,
        (PhysicalType.FixedLenByteArray, LogicalKind.Float16) => ValueOrder.Float16,
        (PhysicalType.ByteArray or PhysicalType.FixedLenByteArray, LogicalKind.Decimal) => ValueOrder.BigEndian,
        (PhysicalType.ByteArray or PhysicalType.FixedLenByteArray, _) => ValueOrder.Bytes,
        _ => ValueOrder.None,
    };

    /// <summary>Compares two values, of which neither is NaN; -0 is less than +0.</summary>
    public static int Compare(this ValueOrder order, ReadOnlySpan<byte> left, ReadOnlySpan<byte> right) => order switch
    {
        ValueOrder.Boolean => left[0].CompareTo(right[0]),
        ValueOrder.Int32 => BinaryPrimitives.ReadInt32LittleEndian(left).CompareTo(BinaryPrimitives.ReadInt32LittleEndian(right)),
        ValueOrder.Int64 => BinaryPrimitives.ReadInt64LittleEndian(left).CompareTo(BinaryPrimitives.ReadInt64LittleEndian(right)),
        ValueOrder.UInt32 => BinaryPrimitives.ReadUInt32LittleEndian(left).CompareTo(BinaryPrimitives.ReadUInt32LittleEndian(right)),
        ValueOrder.UInt64 => BinaryPrimitives.ReadUInt64LittleEndian(left).CompareTo(BinaryPrimitives.ReadUInt64LittleEndian(right)),
        ValueOrder.Float or ValueOrder.Double or ValueOrder.Float16 => Compare(order.Number(left), order.Number(right)),
        ValueOrder.Bytes => left.SequenceCompareTo(right),
        ValueOrder.BigEndian => CompareBigEndian(left, right),
        _ => 0,
    };

    public static bool IsNaN(this ValueOrder order, ReadOnlySpan<byte> value) =>
        order is ValueOrder.Float or ValueOrder.Double or ValueOrder.Float16 && double.IsNaN(order.Number(value));

    /// <summary>True if it is a zero of a floating type, whatever its sign.</summary>
    public static bool IsFloatingZero(this ValueOrder order, ReadOnlySpan<byte> value) =>
        order is ValueOrder.Float or ValueOrder.Double or ValueOrder.Float16 && order.Number(value) == 0;

    /// <summary>Bytes of a value in this order; 0 if they differ.</summary>
    public static int Width(this ValueOrder order) => order switch
    {
        ValueOrder.Boolean => 1,
        ValueOrder.Float16 => 2,
        ValueOrder.Int32 or ValueOrder.UInt32 or ValueOrder.Float => 4,
        ValueOrder.Int64 or ValueOrder.UInt64 or ValueOrder.Double => 8,
        _ => 0,
    };

    private static double Number(this ValueOrder order, ReadOnlySpan<byte> value) => order switch
    {
        ValueOrder.Float => BinaryPrimitives.ReadSingleLittleEndian(value),
        ValueOrder.Double => BinaryPrimitives.ReadDoubleLittleEndian(value),
        _ => (double)BinaryPrimitives.ReadHalfLittleEndian(value),
    };

    private static int Compare(double left, double right) => left != right || left != 0
        ? left.CompareTo(right)
        : double.IsNegative(right).CompareTo(double.IsNegative(left));

    private static int CompareBigEndian(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        var isLeftNegative = left.Length > 0 && left[0] >= 0x80;
        var isRightNegative = right.Length > 0 && right[0] >= 0x80;
        if (isLeftNegative != isRightNegative)
        {
            return isLeftNegative ? -1 : 1;
        }

        // Bytes that only repeat the sign do not count. Of negative numbers the one with more bytes is the lesser.
        var sign = (byte)(isLeftNegative ? 0xFF : 0);
        left = left.TrimStart(sign);
        right = right.TrimStart(sign);
        return left.Length == right.Length ? left.SequenceCompareTo(right)
            : left.Length < right.Length != isLeftNegative ? -1
            : 1;
    }
}
