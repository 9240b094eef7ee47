using System.Buffers.Text;
using Grid.Domain.Identifiers;
using Grid.Gateway.Http.Rows;

namespace Grid.Gateway.Http;

/// <summary>Writes the few JSON forms of an answer straight into a buffer, without allocation.</summary>
internal ref struct JsonText(Span<byte> target)
{
    private readonly Span<byte> _target = target;

    /// <summary>Bytes written.</summary>
    public int Length { get; private set; }

    public void Raw(scoped ReadOnlySpan<byte> text)
    {
        text.CopyTo(_target[Length..]);
        Length += text.Length;
    }

    /// <summary>A name inside quotes: of printable ASCII only these two need an escape.</summary>
    public void Name(scoped ReadOnlySpan<byte> name)
    {
        foreach (var c in name)
        {
            if (c is (byte)'"' or (byte)'\\')
            {
                _target[Length++] = (byte)'\\';
            }

            _target[Length++] = c;
        }
    }

    /// <summary>A key and an exact decimal as a string, or null.</summary>
    public void Decimal(ReadOnlySpan<byte> key, bool isSet, long value, int scale)
    {
        Raw(key);
        if (!isSet)
        {
            Raw("null"u8);
            return;
        }

        _target[Length++] = (byte)'"';
        Length += FixedPoint.Format(value, scale, _target[Length..]);
        _target[Length++] = (byte)'"';
    }

    /// <summary>A decimal of any size.</summary>
    public void Wide(Int128 value, int scale)
    {
        // At most 39 digits; those behind the point that are zero at the end are left out.
        Span<byte> digits = stackalloc byte[40];
        ((UInt128)Int128.Abs(value)).TryFormat(digits, out var count);
        if (value < 0)
        {
            _target[Length++] = (byte)'-';
        }

        if (count <= scale)
        {
            _target[Length++] = (byte)'0';
        }
        else
        {
            Raw(digits[..(count - scale)]);
        }

        var used = count;
        while (used > 0 && digits[used - 1] == '0')
        {
            used--;
        }

        if (used == 0 || used <= count - scale)
        {
            return;
        }

        _target[Length++] = (byte)'.';
        for (var zeros = scale - count; zeros > 0; zeros--)
        {
            _target[Length++] = (byte)'0';
        }

        Raw(digits[Math.Max(0, count - scale)..used]);
    }

    public void Number(ulong value)
    {
        Utf8Formatter.TryFormat(value, _target[Length..], out var written);
        Length += written;
    }

    /// <summary>A key and a time in ISO 8601 with nanoseconds, in UTC.</summary>
    public void Time(ReadOnlySpan<byte> key, UnixNanos time)
    {
        Raw(key);
        _target[Length++] = (byte)'"';
        default(TimeText).Write(time, _target[Length..]);
        Length += TimeText.Length;
        _target[Length++] = (byte)'"';
    }
}
