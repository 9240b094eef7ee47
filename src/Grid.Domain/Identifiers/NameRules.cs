using System.Text;

namespace Grid.Domain.Identifiers;

/// <summary>What a symbol, source, venue, channel or producer may be called: 1 to 64 printable ASCII bytes (0x21 to 0x7E).</summary>
public static class NameRules
{
    /// <summary>Longest name in bytes.</summary>
    public const int LengthMax = GridLimits.NameBytesMax;

    /// <summary>True if the name keeps the rule.</summary>
    public static bool IsValid(ReadOnlySpan<byte> name) =>
        name.Length is >= 1 and <= LengthMax && !name.ContainsAnyExceptInRange((byte)0x21, (byte)0x7E);

    /// <summary>Writes a name as bytes; false if it is longer than allowed or not ASCII (the other rules are not looked at).</summary>
    public static bool TryEncode(ReadOnlySpan<char> name, Span<byte> bytes, out int length)
    {
        length = 0;
        return name.Length <= bytes.Length
            && Ascii.FromUtf16(name, bytes, out length) == System.Buffers.OperationStatus.Done;
    }

    /// <summary>One sentence that says which rule a refused name breaks.</summary>
    public static string Explain(ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty)
        {
            return "a name is empty; it must have 1 to 64 printable ASCII bytes";
        }

        var shown = Encoding.UTF8.GetString(name[..Math.Min(name.Length, LengthMax)]);
        if (name.Length > LengthMax)
        {
            return $"name '{shown}…' has {name.Length} bytes; at most {LengthMax} are allowed";
        }

        var at = name.IndexOfAnyExceptInRange((byte)0x21, (byte)0x7E);
        return at < 0
            ? $"name '{shown}' is valid"
            : $"name '{shown}' has byte 0x{name[at]:X2} at position {at}; only printable ASCII without spaces (0x21 to 0x7E) is allowed";
    }

    /// <summary>One sentence that says which rule a refused name breaks.</summary>
    public static string Explain(string name) => Explain(Encoding.UTF8.GetBytes(name));
}
