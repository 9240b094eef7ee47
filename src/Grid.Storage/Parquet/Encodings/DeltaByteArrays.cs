using System.Buffers;

namespace Grid.Storage.Parquet.Encodings;

/// <summary>
/// Byte arrays with their lengths apart.
/// <code>
/// DELTA_LENGTH_BYTE_ARRAY   lengths (DELTA_BINARY_PACKED), all bytes
/// DELTA_BYTE_ARRAY          lengths of what is shared with the value before (DELTA_BINARY_PACKED), the rest of each (DELTA_LENGTH_BYTE_ARRAY)
/// </code>
/// </summary>
internal static class DeltaByteArrays
{
    /// <summary>Decodes values whose bytes stay where they are in the page.</summary>
    public static void DecodeLengths(byte[] page, int start, int end, int count, ColumnValues values)
    {
        values.ResetPieces(page, count, out var starts, out var lengths);
        var next = start + DeltaBinaryPacked.Decode(page.AsSpan(start..end), lengths);
        for (var i = 0; i < count; i++)
        {
            if ((uint)lengths[i] > (uint)(end - next))
            {
                throw new ParquetFormatException($"a value of {lengths[i]} bytes, where {end - next} are left");
            }

            starts[i] = next;
            next += lengths[i];
        }
    }

    /// <summary>Decodes values that share their beginning with the one before.</summary>
    /// <param name="page">The page.</param>
    /// <param name="start">Where its values begin.</param>
    /// <param name="end">Where they end.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="width">Bytes of each; 0 if they differ.</param>
    /// <param name="values">Where they go.</param>
    public static void DecodePrefixes(byte[] page, int start, int end, int count, int width, ColumnValues values)
    {
        var prefixes = new int[count];
        start += DeltaBinaryPacked.Decode(page.AsSpan(start..end), prefixes.AsSpan());
        var suffixes = new ColumnValues();
        DecodeLengths(page, start, end, count, suffixes);

        // A short page can ask for much: each value may repeat all of the one before.
        var total = 0L;
        for (var i = 0; i < count; i++)
        {
            var before = i == 0 ? 0 : prefixes[i - 1] + suffixes[i - 1].Length;
            total += prefixes[i] + (long)suffixes[i].Length;
            if ((uint)prefixes[i] > (uint)before || total > ParquetLimits.PageBytesMax)
            {
                throw new ParquetFormatException(total > ParquetLimits.PageBytesMax ? $"values of more than {ParquetLimits.PageBytesMax} bytes in a page"
                    : $"a value shares {prefixes[i]} bytes with one of {before}");
            }
        }

        var bytes = new byte[total];
        values.ResetPieces(bytes, count, out var starts, out var lengths);
        var next = 0;
        for (var i = 0; i < count; i++)
        {
            starts[i] = next;
            lengths[i] = prefixes[i] + suffixes[i].Length;
            if (width > 0 && lengths[i] != width)
            {
                throw new ParquetFormatException($"a value of {lengths[i]} bytes in a column of {width}");
            }

            bytes.AsSpan(i == 0 ? 0 : starts[i - 1], prefixes[i]).CopyTo(bytes.AsSpan(next));
            suffixes[i].CopyTo(bytes.AsSpan(next + prefixes[i]));
            next += lengths[i];
        }

        if (width > 0)
        {
            bytes.CopyTo(values.ResetFixed(count, width));
        }
    }

    public static void EncodeLengths(ValueSlice values, ArrayBufferWriter<byte> output)
    {
        var lengths = new long[values.Count];
        for (var i = 0; i < lengths.Length; i++)
        {
            lengths[i] = values[i].Length;
        }

        DeltaBinaryPacked.Encode(lengths, is32Bits: true, output);
        for (var i = 0; i < values.Count; i++)
        {
            output.Write(values[i]);
        }
    }

    public static void EncodePrefixes(ValueSlice values, ArrayBufferWriter<byte> output)
    {
        var prefixes = new long[values.Count];
        var suffixes = new long[values.Count];
        for (var i = 0; i < prefixes.Length; i++)
        {
            prefixes[i] = i == 0 ? 0 : values[i].CommonPrefixLength(values[i - 1]);
            suffixes[i] = values[i].Length - prefixes[i];
        }

        DeltaBinaryPacked.Encode(prefixes, is32Bits: true, output);
        DeltaBinaryPacked.Encode(suffixes, is32Bits: true, output);
        for (var i = 0; i < values.Count; i++)
        {
            output.Write(values[i][(int)prefixes[i]..]);
        }
    }
}
