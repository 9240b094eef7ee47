using System.Buffers.Binary;
using System.Text;

namespace Grid.Domain.Cusips;

/// <summary>
/// A CUSIP: 8 characters of <c>0-9 A-Z * @ #</c> and a check digit (ANSI X9.6: characters in even places doubled,
/// the digits of all values summed, the check digit brings the sum to a multiple of ten).
/// </summary>
/// <remarks>Held as its 9 upper-case ASCII bytes. The default value is "no CUSIP".</remarks>
public readonly record struct Cusip : IComparable<Cusip>
{
    /// <summary>Characters of a CUSIP.</summary>
    public const int Length = 9;

    // The first eight characters, most significant first, so that comparing numbers compares text.
    private readonly ulong _head;
    private readonly byte _checkDigit;

    private Cusip(ulong head, byte checkDigit)
    {
        _head = head;
        _checkDigit = checkDigit;
    }

    /// <summary>True for the default value.</summary>
    public bool IsNone => _head == 0;

    /// <summary>Reads exactly 9 characters; lower case is taken as upper case; false if a character or the check digit is wrong.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out Cusip cusip)
    {
        cusip = default;
        if (text.Length != Length)
        {
            return false;
        }

        Span<byte> upper = stackalloc byte[Length];
        for (var i = 0; i < Length; i++)
        {
            var c = text[i];
            upper[i] = c is >= (byte)'a' and <= (byte)'z' ? (byte)(c - 32) : c;
        }

        var expected = CheckDigit(upper[..8]);
        if (expected < 0 || upper[8] != '0' + expected)
        {
            return false;
        }

        cusip = new Cusip(BinaryPrimitives.ReadUInt64BigEndian(upper), upper[8]);
        return true;
    }

    /// <summary>Reads exactly 9 characters.</summary>
    public static bool TryParse(string? text, out Cusip cusip)
    {
        Span<byte> bytes = stackalloc byte[Length];
        cusip = default;
        return text is { Length: Length }
            && Ascii.FromUtf16(text, bytes, out _) == System.Buffers.OperationStatus.Done
            && TryParse(bytes, out cusip);
    }

    /// <summary>Reads exactly 9 characters.</summary>
    /// <exception cref="FormatException">It is no CUSIP; the message says which rule it breaks.</exception>
    public static Cusip Parse(string text) => TryParse(text, out var cusip) ? cusip : throw new FormatException(Explain(text));

    /// <summary>The check digit of 8 upper-case characters, 0 to 9; -1 if one of them is not allowed or there are not 8.</summary>
    public static int CheckDigit(ReadOnlySpan<byte> base8)
    {
        if (base8.Length != 8)
        {
            return -1;
        }

        var sum = 0;
        for (var i = 0; i < 8; i++)
        {
            var value = Value(base8[i]);
            if (value < 0)
            {
                return -1;
            }

            value <<= i & 1;
            sum += (value / 10) + (value % 10);
        }

        return (10 - (sum % 10)) % 10;
    }

    /// <summary>One sentence that says which rule a refused text breaks.</summary>
    public static string Explain(string? text)
    {
        if (text is not { Length: Length })
        {
            return $"'{text}' is not a CUSIP: it has {text?.Length ?? 0} characters, not {Length}";
        }

        Span<byte> upper = stackalloc byte[Length];
        for (var i = 0; i < Length; i++)
        {
            var c = char.ToUpperInvariant(text[i]);
            upper[i] = char.IsAscii(c) ? (byte)c : (byte)'?';
            if (i < Length - 1 && Value(upper[i]) < 0)
            {
                return $"'{text}' is not a CUSIP: character {i + 1} is not one of 0-9 A-Z * @ #";
            }
        }

        return $"'{text}' is not a CUSIP: its check digit is '{text[8]}', but {CheckDigit(upper[..8])} is right";
    }

    /// <summary>Writes the 9 characters.</summary>
    public void Write(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt64BigEndian(target, _head);
        target[8] = _checkDigit;
    }

    /// <inheritdoc/>
    public int CompareTo(Cusip other) => _head != other._head ? _head.CompareTo(other._head) : _checkDigit.CompareTo(other._checkDigit);

    /// <summary>Earlier in text order.</summary>
    public static bool operator <(Cusip left, Cusip right) => left.CompareTo(right) < 0;

    /// <summary>Later in text order.</summary>
    public static bool operator >(Cusip left, Cusip right) => left.CompareTo(right) > 0;

    /// <summary>Not later in text order.</summary>
    public static bool operator <=(Cusip left, Cusip right) => left.CompareTo(right) <= 0;

    /// <summary>Not earlier in text order.</summary>
    public static bool operator >=(Cusip left, Cusip right) => left.CompareTo(right) >= 0;

    /// <summary>The 9 characters, or nothing for the default value.</summary>
    public override string ToString()
    {
        if (IsNone)
        {
            return string.Empty;
        }

        Span<byte> text = stackalloc byte[Length];
        Write(text);
        return Encoding.ASCII.GetString(text);
    }

    private static int Value(byte c) => c switch
    {
        >= (byte)'0' and <= (byte)'9' => c - '0',
        >= (byte)'A' and <= (byte)'Z' => c - 'A' + 10,
        (byte)'*' => 36,
        (byte)'@' => 37,
        (byte)'#' => 38,
        _ => -1,
    };
}
