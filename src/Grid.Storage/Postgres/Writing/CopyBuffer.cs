using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Grid.Domain.Identifiers;

namespace Grid.Storage.Postgres.Writing;

/// <summary>
/// Rows in the binary form of COPY, gathered in one buffer that is used again and again. Npgsql's own importer takes each value
/// through its converters; a tick has more than twenty of them.
/// </summary>
/// <remarks>
/// <code>
/// stream := "PGCOPY\n\xff\r\n\0"  flags:i32 (0)  extension bytes:i32 (0)  row*  -1:i16
/// row    := columns:i16  (bytes:i32 (-1: null)  value)*
/// </code>
/// All big-endian. A timestamp is microseconds since 2000, a date days since 2000; a numeric has groups of four digits.
/// </remarks>
internal sealed class CopyBuffer
{
    /// <summary>No row is longer: the longest have some thirty numbers, a message and the wider part of an event.</summary>
    public const int RowBytesMax = 16 << 10;

    private const int UsualBytes = 256 << 10;
    private const long UnixToPostgresSeconds = 946_684_800;
    private const int EpochDayNumber = 719_162;
    private const int UnixToPostgresDays = (int)(UnixToPostgresSeconds / 86_400);

    private static ReadOnlySpan<byte> Signature => [(byte)'P', (byte)'G', (byte)'C', (byte)'O', (byte)'P', (byte)'Y', (byte)'\n', 0xff, (byte)'\r', (byte)'\n', 0];

    private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(UsualBytes);
    private int _length;

    /// <summary>True if the next row may not fit.</summary>
    public bool IsFull => _length > _bytes.Length - RowBytesMax;

    /// <summary>What was gathered.</summary>
    public ReadOnlyMemory<byte> Filled => _bytes.AsMemory(0, _length);

    /// <summary>The day of an event time, as PostgreSQL counts dates less its offset: days since 1970 UTC.</summary>
    public static int DayOf(UnixNanos time) => (int)((time.Value - Rest(time.Value, UnixNanos.PerDay)) / UnixNanos.PerDay);

    /// <summary>A date given as yyyymmdd in days since 1970; null for what is no date.</summary>
    public static int? DayOf(uint yyyymmdd)
    {
        var (year, month, day) = ((int)(yyyymmdd / 10_000), (int)(yyyymmdd / 100 % 100), (int)(yyyymmdd % 100));
        return year is >= 1 and <= 9999 && month is >= 1 and <= 12 && day >= 1 && day <= DateTime.DaysInMonth(year, month)
            ? new DateOnly(year, month, day).DayNumber - EpochDayNumber
            : null;
    }

    public void Clear() => _length = 0;

    public void Begin()
    {
        Signature.CopyTo(Take(Signature.Length));
        Take(8).Clear();
    }

    public void End() => BinaryPrimitives.WriteInt16BigEndian(Take(2), -1);

    public void BeginRow(int columns) => BinaryPrimitives.WriteInt16BigEndian(Take(2), (short)columns);

    public void Null() => BinaryPrimitives.WriteInt32BigEndian(Take(4), -1);

    public void Int16(short value)
    {
        var to = Take(6);
        BinaryPrimitives.WriteInt32BigEndian(to, 2);
        BinaryPrimitives.WriteInt16BigEndian(to[4..], value);
    }

    public void Int32(int value)
    {
        var to = Take(8);
        BinaryPrimitives.WriteInt32BigEndian(to, 4);
        BinaryPrimitives.WriteInt32BigEndian(to[4..], value);
    }

    public void Int64(long value)
    {
        var to = Take(12);
        BinaryPrimitives.WriteInt32BigEndian(to, 8);
        BinaryPrimitives.WriteInt64BigEndian(to[4..], value);
    }

    public void Int64(bool isSet, long value)
    {
        if (isSet)
        {
            Int64(value);
        }
        else
        {
            Null();
        }
    }

    public void Flag(bool value)
    {
        var to = Take(5);
        BinaryPrimitives.WriteInt32BigEndian(to, 1);
        to[4] = value ? (byte)1 : (byte)0;
    }

    /// <summary>A moment, cut to microseconds; the rest is <see cref="Nanoseconds"/>.</summary>
    public void Time(UnixNanos time) => Int64(((time.Value - Rest(time.Value, 1000)) / 1000) - (UnixToPostgresSeconds * 1_000_000));

    /// <summary>The nanoseconds of a moment that a timestamp does not hold: 0 to 999.</summary>
    public void Nanoseconds(UnixNanos time) => Int16((short)Rest(time.Value, 1000));

    /// <summary>A date, given in days since 1970.</summary>
    public void Day(int day) => Int32(day - UnixToPostgresDays);

    /// <summary>A date, given as yyyymmdd; null for what is no date.</summary>
    public void Date(uint yyyymmdd)
    {
        if (DayOf(yyyymmdd) is { } day)
        {
            Day(day);
        }
        else
        {
            Null();
        }
    }

    public void Bytes(ReadOnlySpan<byte> value)
    {
        BinaryPrimitives.WriteInt32BigEndian(Take(4), value.Length);
        value.CopyTo(Take(value.Length));
    }

    /// <summary>Text, cut where it would not fit a row.</summary>
    public void Text(string? value)
    {
        if (value is null)
        {
            Null();
            return;
        }

        var text = value.AsSpan(0, Math.Min(value.Length, RowBytesMax / 8));
        var bytes = Encoding.UTF8.GetByteCount(text);
        BinaryPrimitives.WriteInt32BigEndian(Take(4), bytes);
        Encoding.UTF8.GetBytes(text, Take(bytes));
    }

    /// <summary>A whole number of any size as numeric.</summary>
    public void Numeric(Int128 value) => Numeric((BigInteger)value, 0);

    /// <summary>A number of so many decimals as numeric.</summary>
    public void Numeric(BigInteger value, int decimals)
    {
        // Groups of four digits begin at the decimal point.
        var padding = (4 - (decimals % 4)) % 4;
        var rest = BigInteger.Abs(value) * BigInteger.Pow(10, padding);
        Span<short> groups = stackalloc short[24];
        var count = 0;
        for (; !rest.IsZero; count++)
        {
            rest = BigInteger.DivRem(rest, 10_000, out var group);
            groups[count] = (short)group;
        }

        var weight = count - 1 - ((decimals + padding) / 4);
        var last = 0;
        while (last < count && groups[last] == 0)
        {
            last++;
        }

        var to = Take(4 + 8 + (2 * (count - last)));
        BinaryPrimitives.WriteInt32BigEndian(to, 8 + (2 * (count - last)));
        BinaryPrimitives.WriteInt16BigEndian(to[4..], (short)(count - last));
        BinaryPrimitives.WriteInt16BigEndian(to[6..], (short)(count == 0 ? 0 : weight));
        BinaryPrimitives.WriteInt16BigEndian(to[8..], value.Sign < 0 ? (short)0x4000 : (short)0);
        BinaryPrimitives.WriteInt16BigEndian(to[10..], (short)decimals);
        for (int i = count - 1, at = 12; i >= last; i--, at += 2)
        {
            BinaryPrimitives.WriteInt16BigEndian(to[at..], groups[i]);
        }
    }

    private static long Rest(long value, long of)
    {
        var rest = value % of;
        return rest < 0 ? rest + of : rest;
    }

    private Span<byte> Take(int bytes)
    {
        var taken = _bytes.AsSpan(_length, bytes);
        _length += bytes;
        return taken;
    }
}
