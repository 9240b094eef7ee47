using Grid.Storage.Parquet.Thrift;

namespace Grid.Storage.Parquet.Schema;

/// <summary>What a column's values mean.</summary>
public enum LogicalKind
{
    /// <summary>No more than the physical type says.</summary>
    None,
    String,
    Enum,
    Json,
    Bson,
    Uuid,

    /// <summary>A whole number scaled by a power of ten.</summary>
    Decimal,

    /// <summary>Days since 1970-01-01.</summary>
    Date,
    Time,
    Timestamp,
    Integer,

    /// <summary>Months, days and milliseconds, each of 32 bits.</summary>
    Interval,
    Float16,

    /// <summary>Nulls only.</summary>
    Unknown,

    /// <summary>Of a group: lists, maps and whatever is not known here.</summary>
    Other,
}

/// <summary>The unit of times.</summary>
public enum ParquetTimeUnit
{
    Millis = 1,
    Micros = 2,
    Nanos = 3,
}

/// <summary>What a column's values mean, with what that needs to know.</summary>
/// <param name="Kind">What they mean.</param>
/// <param name="Precision">Digits of a decimal.</param>
/// <param name="Scale">Digits of a decimal behind the point.</param>
/// <param name="Unit">The unit of times and timestamps.</param>
/// <param name="IsUtc">True if a time is UTC, false if it is of no zone.</param>
/// <param name="Bits">Bits of an integer.</param>
/// <param name="IsSigned">True if an integer has a sign.</param>
public readonly record struct LogicalType(
    LogicalKind Kind, int Precision = 0, int Scale = 0, ParquetTimeUnit Unit = ParquetTimeUnit.Millis, bool IsUtc = false, int Bits = 0, bool IsSigned = false)
{
    public static LogicalType String => new(LogicalKind.String);

    public static LogicalType Date => new(LogicalKind.Date);

    /// <summary>Nanoseconds since 1970 UTC.</summary>
    public static LogicalType TimestampNanosUtc => new(LogicalKind.Timestamp, Unit: ParquetTimeUnit.Nanos, IsUtc: true);

    public static LogicalType Decimal(int precision, int scale) => new(LogicalKind.Decimal, precision, scale);

    public static LogicalType Integer(int bits, bool isSigned) => new(LogicalKind.Integer, Bits: bits, IsSigned: isSigned);

    /// <inheritdoc/>
    public override string ToString() => Kind switch
    {
        LogicalKind.None => string.Empty,
        LogicalKind.Decimal => $"decimal({Precision},{Scale})",
        LogicalKind.Time or LogicalKind.Timestamp => $"{Kind.ToString().ToLowerInvariant()}({Unit.ToString().ToLowerInvariant()}{(IsUtc ? ",utc" : string.Empty)})",
        LogicalKind.Integer => $"{(IsSigned ? "int" : "uint")}{Bits}",
        _ => Kind.ToString().ToLowerInvariant(),
    };

    internal static LogicalType Read(ref CompactReader thrift)
    {
        thrift.Struct();
        var type = new LogicalType(LogicalKind.Other);
        short field = 0;
        while (thrift.NextField(ref field))
        {
            type = field switch
            {
                5 => ReadDecimal(ref thrift),
                7 => ReadTime(ref thrift, LogicalKind.Time),
                8 => ReadTime(ref thrift, LogicalKind.Timestamp),
                10 => ReadInteger(ref thrift),
                _ => ReadPlain(ref thrift, field),
            };
        }

        return type;
    }

    /// <summary>What the older annotation says, which newer writers still write beside the new one.</summary>
    internal static LogicalType FromConverted(int converted, int precision, int scale) => converted switch
    {
        0 => String,
        4 => new(LogicalKind.Enum),
        5 => Decimal(precision, scale),
        6 => Date,
        7 => new(LogicalKind.Time, Unit: ParquetTimeUnit.Millis, IsUtc: true),
        8 => new(LogicalKind.Time, Unit: ParquetTimeUnit.Micros, IsUtc: true),
        9 => new(LogicalKind.Timestamp, Unit: ParquetTimeUnit.Millis, IsUtc: true),
        10 => new(LogicalKind.Timestamp, Unit: ParquetTimeUnit.Micros, IsUtc: true),
        >= 11 and <= 14 => Integer(8 << (converted - 11), isSigned: false),
        >= 15 and <= 18 => Integer(8 << (converted - 15), isSigned: true),
        19 => new(LogicalKind.Json),
        20 => new(LogicalKind.Bson),
        21 => new(LogicalKind.Interval),
        _ => new(LogicalKind.Other),
    };

    /// <summary>The older annotation of the same meaning, for readers that know no other; null if there is none.</summary>
    internal int? ToConverted() => Kind switch
    {
        LogicalKind.String => 0,
        LogicalKind.Enum => 4,
        LogicalKind.Decimal => 5,
        LogicalKind.Date => 6,
        LogicalKind.Timestamp when IsUtc && Unit != ParquetTimeUnit.Nanos => Unit == ParquetTimeUnit.Millis ? 9 : 10,
        LogicalKind.Integer => (IsSigned ? 15 : 11) + int.Log2(Bits / 8),
        LogicalKind.Json => 19,
        _ => null,
    };

    internal void Write(CompactWriter thrift, short field)
    {
        if (Kind == LogicalKind.None)
        {
            return;
        }

        thrift.Begin(field);
        switch (Kind)
        {
            case LogicalKind.Decimal:
                thrift.Begin(5);
                thrift.Int32(1, Scale);
                thrift.Int32(2, Precision);
                thrift.End();
                break;
            case LogicalKind.Timestamp:
                thrift.Begin(8);
                thrift.Bool(1, IsUtc);
                thrift.Begin(2);
                thrift.Empty((short)Unit);
                thrift.End();
                thrift.End();
                break;
            case LogicalKind.Integer:
                thrift.Begin(10);
                thrift.Byte(1, (byte)Bits);
                thrift.Bool(2, IsSigned);
                thrift.End();
                break;
            default:
                thrift.Empty(Kind switch
                {
                    LogicalKind.String => 1,
                    LogicalKind.Enum => 4,
                    LogicalKind.Date => 6,
                    LogicalKind.Json => 12,
                    LogicalKind.Uuid => 14,
                    _ => throw new NotSupportedException($"logical type {Kind} is not written"),
                });
                break;
        }

        thrift.End();
    }

    private static LogicalType ReadPlain(ref CompactReader thrift, short field)
    {
        thrift.Skip();
        return new(field switch
        {
            1 => LogicalKind.String,
            4 => LogicalKind.Enum,
            6 => LogicalKind.Date,
            11 => LogicalKind.Unknown,
            12 => LogicalKind.Json,
            13 => LogicalKind.Bson,
            14 => LogicalKind.Uuid,
            15 => LogicalKind.Float16,
            _ => LogicalKind.Other,
        });
    }

    private static LogicalType ReadDecimal(ref CompactReader thrift)
    {
        thrift.Struct();
        int scale = 0, precision = 0;
        short field = 0;
        while (thrift.NextField(ref field))
        {
            switch (field)
            {
                case 1: scale = thrift.Int32(); break;
                case 2: precision = thrift.Int32(); break;
                default: thrift.Skip(); break;
            }
        }

        return Decimal(precision, scale);
    }

    private static LogicalType ReadTime(ref CompactReader thrift, LogicalKind kind)
    {
        thrift.Struct();
        var isUtc = false;
        var unit = 0;
        short field = 0;
        while (thrift.NextField(ref field))
        {
            switch (field)
            {
                case 1: isUtc = thrift.Bool(); break;
                case 2: unit = ReadChoice(ref thrift); break;
                default: thrift.Skip(); break;
            }
        }

        return unit is >= 1 and <= 3 ? new(kind, Unit: (ParquetTimeUnit)unit, IsUtc: isUtc) : throw new ParquetFormatException($"{kind} has the unknown unit {unit}");
    }

    private static LogicalType ReadInteger(ref CompactReader thrift)
    {
        thrift.Struct();
        var bits = 0;
        var isSigned = false;
        short field = 0;
        while (thrift.NextField(ref field))
        {
            switch (field)
            {
                case 1: bits = thrift.Int32(); break;
                case 2: isSigned = thrift.Bool(); break;
                default: thrift.Skip(); break;
            }
        }

        return bits is 8 or 16 or 32 or 64 ? Integer(bits, isSigned) : throw new ParquetFormatException($"an integer has {bits} bits");
    }

    /// <summary>Which of a union's choices is taken, if its value says nothing more.</summary>
    internal static int ReadChoice(ref CompactReader thrift)
    {
        thrift.Struct();
        var choice = 0;
        short field = 0;
        while (thrift.NextField(ref field))
        {
            choice = field;
            thrift.Skip();
        }

        return choice;
    }
}
