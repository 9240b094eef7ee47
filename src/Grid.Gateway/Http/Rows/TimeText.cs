using System.Buffers;
using System.Buffers.Text;
using Grid.Domain.Identifiers;

namespace Grid.Gateway.Http.Rows;

/// <summary>Writes times in ISO 8601 with nanoseconds, in UTC. Remembers the second it wrote last: of a series it is often the next one too.</summary>
internal struct TimeText
{
    /// <summary>Bytes of a time: <c>2013-10-07T13:30:00.123456789Z</c>.</summary>
    public const int Length = SecondLength + 11;

    private const int SecondLength = 19;

    private SecondText _text;
    private long _second;
    private bool _isKnown;

    /// <summary>Writes a time into <see cref="Length"/> bytes.</summary>
    public void Write(UnixNanos time, Span<byte> target)
    {
        var second = time.Floor(UnixNanos.PerSecond);
        if (!_isKnown || second.Value != _second)
        {
            // "O" of a UTC time is 2013-10-07T13:30:00.0000000Z: its first 19 characters are ours.
            Span<byte> whole = stackalloc byte[32];
            Utf8Formatter.TryFormat(second.ToDateTimeOffset().UtcDateTime, whole, out _, 'O');
            whole[..SecondLength].CopyTo(_text);
            _second = second.Value;
            _isKnown = true;
        }

        ((ReadOnlySpan<byte>)_text).CopyTo(target);
        target[SecondLength] = (byte)'.';
        Utf8Formatter.TryFormat((ulong)(time.Value - second.Value), target[(SecondLength + 1)..], out _, new StandardFormat('D', 9));
        target[Length - 1] = (byte)'Z';
    }

    [System.Runtime.CompilerServices.InlineArray(SecondLength)]
    private struct SecondText
    {
        private byte _first;
    }
}
