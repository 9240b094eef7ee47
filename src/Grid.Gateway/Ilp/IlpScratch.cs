namespace Grid.Gateway.Ilp;

/// <summary>Room for the parts of a line that do not stand in it as they are meant. Given out from the front, never taken back.</summary>
public ref struct IlpScratch(Span<byte> room)
{
    private Span<byte> _room = room;

    /// <summary>Text without its escapes.</summary>
    public ReadOnlySpan<byte> Unescape(ReadOnlySpan<byte> text)
    {
        var length = 0;
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] == '\\' && at + 1 < text.Length && IsEscaped(text[at + 1]))
            {
                at++;
            }

            _room[length++] = text[at];
        }

        return Take(length);
    }

    /// <summary>The shortest decimal that means this number and no other.</summary>
    public ReadOnlySpan<byte> Decimal(double number)
    {
        number.TryFormat(_room, out var length, default, System.Globalization.CultureInfo.InvariantCulture);
        return Take(length);
    }

    /// <summary>An integer with so many of its digits behind the point.</summary>
    public ReadOnlySpan<byte> Decimal(Int128 unscaled, int scale)
    {
        unscaled.TryFormat(_room, out var length, default, System.Globalization.CultureInfo.InvariantCulture);
        "e-"u8.CopyTo(_room[length..]);
        length += 2;
        scale.TryFormat(_room[length..], out var digits, default, System.Globalization.CultureInfo.InvariantCulture);
        return Take(length + digits);
    }

    private static bool IsEscaped(byte c) => c is (byte)',' or (byte)'=' or (byte)' ' or (byte)'"' or (byte)'\\' or (byte)'\n' or (byte)'\r';

    private ReadOnlySpan<byte> Take(int length)
    {
        var taken = _room[..length];
        _room = _room[length..];
        return taken;
    }
}
