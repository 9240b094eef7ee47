namespace Grid.Domain.Identifiers;

/// <summary>
/// Exact decimals as scaled 64-bit integers: reading and writing plain decimal text. What cannot be held exactly is
/// refused, never rounded.
/// </summary>
public static class FixedPoint
{
    /// <summary>Bytes that <see cref="Format"/> may need: sign, 19 digits, point.</summary>
    public const int TextBytesMax = 22;

    private const int ExponentMax = 400;

    // So many digits never overflow 64 bits.
    private const int PlainBytesMax = 18;

    private static readonly ulong[] PowersOfTen = [.. Enumerable.Range(0, PlainBytesMax + 1).Select(n => Enumerable.Repeat(10UL, n).Aggregate(1UL, (power, ten) => power * ten))];

    /// <summary>
    /// Reads <c>[+-]digits[.digits][e[+-]digits]</c> as an integer scaled by 10^<paramref name="scale"/>.
    /// False if the text is not of this form, has more decimals than the scale holds, or does not fit 64 bits.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> text, int scale, out long value) =>
        TryParsePlain(text, scale, out value) || TryParseAny(text, scale, out value);

    // Almost every number is a few digits with a point; what is not, or does not fit, is looked at by the slower way.
    private static bool TryParsePlain(ReadOnlySpan<byte> text, int scale, out long value)
    {
        value = 0;
        if (text.Length > PlainBytesMax || (uint)scale >= (uint)PowersOfTen.Length)
        {
            return false;
        }

        ulong digits = 0;
        var isNegative = text is [(byte)'-', ..];
        var first = isNegative ? 1 : 0;
        var point = text.Length;
        for (var at = first; at < text.Length; at++)
        {
            var digit = (uint)(text[at] - '0');
            if (digit <= 9)
            {
                digits = (digits * 10) + digit;
            }
            else if (text[at] == '.' && point == text.Length)
            {
                point = at;
            }
            else
            {
                return false;
            }
        }

        var hasPoint = point < text.Length;
        var decimals = hasPoint ? text.Length - point - 1 : 0;
        if (text.Length - first - (hasPoint ? 1 : 0) == 0 || decimals > scale)
        {
            return false;
        }

        var tooHigh = Math.BigMul(digits, PowersOfTen[scale - decimals], out var scaled);
        value = isNegative ? -(long)scaled : (long)scaled;
        return tooHigh == 0 && scaled <= long.MaxValue;
    }

    private static bool TryParseAny(ReadOnlySpan<byte> text, int scale, out long value)
    {
        value = 0;
        var at = 0;
        var negative = false;
        if (at < text.Length && text[at] is (byte)'-' or (byte)'+')
        {
            negative = text[at++] == '-';
        }

        ulong digits = 0;
        var decimals = 0;
        var pointSeen = false;
        var digitSeen = false;
        var pendingZeros = 0;
        for (; at < text.Length; at++)
        {
            var c = text[at];
            if (c == '.' && !pointSeen)
            {
                pointSeen = true;
                continue;
            }

            var digit = (uint)(c - '0');
            if (digit > 9)
            {
                break;
            }

            digitSeen = true;
            decimals += pointSeen ? 1 : 0;
            if (digit == 0)
            {
                // Zeros wait until a digit follows, so that trailing ones never overflow.
                pendingZeros++;
                continue;
            }

            if (!TryShift(ref digits, pendingZeros + 1) || ulong.MaxValue - digits < digit)
            {
                return false;
            }

            digits += digit;
            pendingZeros = 0;
        }

        var exponent = 0;
        if (!digitSeen || (at < text.Length && !TryExponent(text[at..], out exponent)))
        {
            return false;
        }

        if (digits == 0)
        {
            return true;
        }

        var shift = scale - decimals + pendingZeros + exponent;
        if (shift < 0 || !TryShift(ref digits, shift) || digits > (ulong)long.MaxValue + (negative ? 1UL : 0UL))
        {
            return false;
        }

        value = negative ? -(long)digits : (long)digits;
        return true;
    }

    /// <summary>Writes the shortest plain decimal, e.g. <c>-0.5</c>; gives the bytes written.</summary>
    public static int Format(long value, int scale, Span<byte> text)
    {
        Span<byte> reversed = stackalloc byte[TextBytesMax];
        var magnitude = value < 0 ? (ulong)-(value + 1) + 1 : (ulong)value;
        var n = 0;
        for (var place = 0; place <= scale || magnitude != 0; place++)
        {
            if (place == scale && n > 0)
            {
                reversed[n++] = (byte)'.';
            }

            (magnitude, var digit) = Math.DivRem(magnitude, 10);
            if (place >= scale || n > 0 || digit != 0)
            {
                reversed[n++] = (byte)('0' + digit);
            }
        }

        var length = 0;
        if (value < 0)
        {
            text[length++] = (byte)'-';
        }

        while (n > 0)
        {
            text[length++] = reversed[--n];
        }

        return length;
    }

    /// <summary>The shortest plain decimal as text.</summary>
    public static string ToText(long value, int scale)
    {
        Span<byte> text = stackalloc byte[TextBytesMax];
        return System.Text.Encoding.ASCII.GetString(text[..Format(value, scale, text)]);
    }

    private static bool TryShift(ref ulong value, int places)
    {
        if (value == 0)
        {
            return true;
        }

        for (; places > 0; places--)
        {
            if (value > ulong.MaxValue / 10)
            {
                return false;
            }

            value *= 10;
        }

        return true;
    }

    private static bool TryExponent(ReadOnlySpan<byte> text, out int exponent)
    {
        exponent = 0;
        if (text[0] is not ((byte)'e' or (byte)'E') || text.Length < 2)
        {
            return false;
        }

        var at = 1;
        var negative = false;
        if (text[at] is (byte)'-' or (byte)'+')
        {
            negative = text[at++] == '-';
        }

        if (at == text.Length)
        {
            return false;
        }

        for (; at < text.Length; at++)
        {
            var digit = (uint)(text[at] - '0');
            if (digit > 9)
            {
                return false;
            }

            exponent = Math.Min((exponent * 10) + (int)digit, ExponentMax);
        }

        exponent = negative ? -exponent : exponent;
        return true;
    }
}
