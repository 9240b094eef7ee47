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

    public void Raw(ReadOnlySpan<byte> text)
    {
        text.CopyTo(_target[Length..]);
        Length += text.Length;
    }

    /// <summary>A name inside quotes: of printable ASCII only these two need an escape.</summary>
    public void Name(ReadOnlySpan<byte> name)
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

    /// <summary>A decimal of any size. A sum rarely needs more than 64 bits; only then is something allocated.</summary>
    public void Wide(Int128 value, int scale)
    {
        if (value == (long)value)
        {
            Length += FixedPoint.Format((long)value, scale, _target[Length..]);
        }
        else
        {
            Raw(System.Text.Encoding.ASCII.GetBytes(WideDecimal.Text(value, scale)));
        }
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
