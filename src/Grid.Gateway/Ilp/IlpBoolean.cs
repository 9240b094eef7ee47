namespace Grid.Gateway.Ilp;

/// <summary>The words for true and false.</summary>
internal static class IlpBoolean
{
    /// <summary>False if it is none of them.</summary>
    public static bool TryRead(ReadOnlySpan<byte> text, out bool value)
    {
        value = text is [(byte)'t' or (byte)'T', ..];
        return text.Length switch
        {
            1 => text[0] is (byte)'t' or (byte)'T' or (byte)'f' or (byte)'F',
            4 => text.SequenceEqual("true"u8) || text.SequenceEqual("True"u8) || text.SequenceEqual("TRUE"u8),
            5 => text.SequenceEqual("false"u8) || text.SequenceEqual("False"u8) || text.SequenceEqual("FALSE"u8),
            _ => false,
        };
    }
}
