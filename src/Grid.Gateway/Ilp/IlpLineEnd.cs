using System.Buffers;

namespace Grid.Gateway.Ilp;

/// <summary>Finds the end of a line with quotes, escapes or binary values: the first line end outside of them.</summary>
internal static class IlpLineEnd
{
    private static readonly SearchValues<byte> StopsInFields = SearchValues.Create("\"\\=\n"u8);

    /// <summary>Bytes of the first line with its end; 0 if its end has not come yet.</summary>
    /// <param name="data">What came.</param>
    /// <param name="isBinary">True if the line holds binary values.</param>
    public static int Find(ReadOnlySpan<byte> data, out bool isBinary)
    {
        isBinary = false;
        if (data.TrimStart(" \r\n"u8) is [(byte)'#', ..])
        {
            return data.IndexOf((byte)'\n') + 1;
        }

        var at = data.Length - data.TrimStart((byte)' ').Length;
        while (true)
        {
            var stop = data[at..].IndexOfAny((byte)' ', (byte)'\\', (byte)'\n');
            if (stop < 0 || at + stop + 1 >= data.Length)
            {
                return stop >= 0 && data[at + stop] == '\n' ? at + stop + 1 : 0;
            }

            at += stop + 1;
            switch (data[at - 1])
            {
                case (byte)'\n':
                    return at;
                case (byte)' ':
                    return FindEndOfFields(data, at, ref isBinary);
                case (byte)'\\':
                    at++;
                    break;
            }
        }
    }

    private static int FindEndOfFields(ReadOnlySpan<byte> data, int at, ref bool isBinary)
    {
        while (at < data.Length)
        {
            var stop = data[at..].IndexOfAny(StopsInFields);
            if (stop < 0)
            {
                return 0;
            }

            at += stop;
            int length;
            switch (data[at])
            {
                case (byte)'\n':
                    return at + 1;
                case (byte)'\\':
                    length = 2;
                    break;
                case (byte)'=' when at + 1 == data.Length:
                    return 0;
                case (byte)'=':
                    length = LengthOfValue(data[(at + 1)..], ref isBinary);
                    break;
                default:
                    length = 1;
                    break;
            }

            if (length == 0)
            {
                return 0;
            }

            at += length;
        }

        return 0;
    }

    // With the equals sign before it: of text in quotes and of binary all of it, of others the sign alone. 0 if it has not all come.
    private static int LengthOfValue(ReadOnlySpan<byte> value, ref bool isBinary)
    {
        if (value[0] == '=')
        {
            isBinary = true;
            var binary = IlpBinary.Length(value);
            return binary == 0 ? 0 : Math.Max(binary, 1) + 1;
        }

        if (value[0] != '"')
        {
            return 1;
        }

        var at = 1;
        while (at < value.Length)
        {
            var stop = value[at..].IndexOfAny((byte)'"', (byte)'\\');
            if (stop < 0)
            {
                return 0;
            }

            at += stop;
            if (value[at] == '"')
            {
                return at + 2;
            }

            at += 2;
        }

        return 0;
    }
}
