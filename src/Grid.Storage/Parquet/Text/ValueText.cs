using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;
using Grid.Storage.Parquet.Schema;

namespace Grid.Storage.Parquet.Text;

/// <summary>
/// Values as text, by what they mean: exact decimals, ISO 8601 times with nanoseconds, shortest floating numbers. Bytes that are no text
/// come as printable ASCII with everything else, and the backslash, as <c>\xHH</c>.
/// </summary>
public static class ValueText
{
    // No known decimal has more than 76 digits, and each digit more costs more than the one before.
    private const int DecimalBytesMax = 128;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>A value as text, and whether JSON shows it without quotes; a null is a null text.</summary>
    /// <param name="column">Whose value it is.</param>
    /// <param name="value">Its bytes as <see cref="Reading.ColumnSlice"/> gives them.</param>
    public static (string Text, bool IsLiteral) Format(ParquetColumn column, ReadOnlySpan<byte> value)
    {
        var logical = column.Logical;
        switch (column.Type)
        {
            case PhysicalType.Boolean:
                return (value[0] != 0 ? "true" : "false", true);
            case PhysicalType.Int32:
                return FormatInteger(logical, BinaryPrimitives.ReadInt32LittleEndian(value));
            case PhysicalType.Int64:
                return FormatInteger(logical, BinaryPrimitives.ReadInt64LittleEndian(value));
            case PhysicalType.Int96:
                return (FormatInt96(value), false);
            case PhysicalType.Float:
                var single = BinaryPrimitives.ReadSingleLittleEndian(value);
                return (single.ToString(CultureInfo.InvariantCulture), float.IsFinite(single));
            case PhysicalType.Double:
                var number = BinaryPrimitives.ReadDoubleLittleEndian(value);
                return (number.ToString(CultureInfo.InvariantCulture), double.IsFinite(number));
            default:
                return FormatBytes(logical, value);
        }
    }

    private static (string Text, bool IsLiteral) FormatInteger(LogicalType logical, long value) => logical.Kind switch
    {
        LogicalKind.Decimal => (FormatDecimal(value, logical.Scale), false),
        LogicalKind.Date => (CivilTime.Date(value), false),
        LogicalKind.Time => (CivilTime.Time(value, logical.Unit), false),
        LogicalKind.Timestamp => (CivilTime.Timestamp(value, logical.Unit, logical.IsUtc), false),
        LogicalKind.Integer when !logical.IsSigned => (logical.Bits == 64 ? ((ulong)value).ToString() : ((uint)value).ToString(), true),
        _ => (value.ToString(), true),
    };

    private static (string Text, bool IsLiteral) FormatBytes(LogicalType logical, ReadOnlySpan<byte> value)
    {
        switch (logical.Kind)
        {
            case LogicalKind.String or LogicalKind.Enum or LogicalKind.Json:
                return (FormatText(value), false);
            case LogicalKind.Decimal when value.Length <= DecimalBytesMax:
                return (FormatDecimal(new BigInteger(value, isBigEndian: true), logical.Scale), false);
            case LogicalKind.Uuid when value.Length == 16:
                return (new Guid(value, bigEndian: true).ToString(), false);
            case LogicalKind.Float16 when value.Length == 2:
                var half = BinaryPrimitives.ReadHalfLittleEndian(value);
                return (half.ToString(CultureInfo.InvariantCulture), Half.IsFinite(half));
            case LogicalKind.Interval when value.Length == 12:
                var milliseconds = BinaryPrimitives.ReadUInt32LittleEndian(value[8..]);
                return ($"P{BinaryPrimitives.ReadUInt32LittleEndian(value)}M{BinaryPrimitives.ReadUInt32LittleEndian(value[4..])}DT{milliseconds / 1000}.{milliseconds % 1000:000}S", false);
            default:
                return (Escape(value), false);
        }
    }

    private static string FormatDecimal(BigInteger unscaled, int scale)
    {
        var digits = BigInteger.Abs(unscaled).ToString(CultureInfo.InvariantCulture).PadLeft(scale + 1, '0');
        var text = scale == 0 ? digits : $"{digits[..^scale]}.{digits[^scale..]}";
        return unscaled.Sign < 0 ? $"-{text}" : text;
    }

    // Nanoseconds of the day, and the Julian day, which was 2,440,588 on 1970-01-01. The type was never given a zone.
    private static string FormatInt96(ReadOnlySpan<byte> value) =>
        CivilTime.Timestamp(BinaryPrimitives.ReadInt32LittleEndian(value[8..]) - 2_440_588L, BinaryPrimitives.ReadInt64LittleEndian(value), isUtc: false);

    private static string FormatText(ReadOnlySpan<byte> value)
    {
        try
        {
            return Utf8.GetString(value);
        }
        catch (DecoderFallbackException)
        {
            return Escape(value);
        }
    }

    private static string Escape(ReadOnlySpan<byte> value)
    {
        var text = new StringBuilder(value.Length);
        foreach (var b in value)
        {
            if (b is >= 0x20 and < 0x7F and not (byte)'\\')
            {
                text.Append((char)b);
            }
            else
            {
                text.Append(CultureInfo.InvariantCulture, $"\\x{b:X2}");
            }
        }

        return text.ToString();
    }
}
