using System.Buffers;

namespace Grid.Storage.Parquet.Encodings;

/// <summary>Values of one width, first bytes first: all first bytes, then all second bytes, and so on. It makes numbers compress better.</summary>
internal static class ByteStreamSplit
{
    public static void Decode(ReadOnlySpan<byte> bytes, int count, int width, ColumnValues values)
    {
        if (bytes.Length < (long)count * width)
        {
            throw new ParquetFormatException($"{count} values of {width} bytes in {bytes.Length} bytes");
        }

        var target = values.ResetFixed(count, width);
        for (var k = 0; k < width; k++)
        {
            var stream = bytes.Slice(k * count, count);
            for (var i = 0; i < stream.Length; i++)
            {
                target[(i * width) + k] = stream[i];
            }
        }
    }

    public static void Encode(ValueSlice values, ArrayBufferWriter<byte> output)
    {
        var bytes = values.Fixed;
        var target = output.GetSpan(bytes.Length);
        for (var k = 0; k < values.Width; k++)
        {
            for (var i = 0; i < values.Count; i++)
            {
                target[(k * values.Count) + i] = bytes[(i * values.Width) + k];
            }
        }

        output.Advance(bytes.Length);
    }
}
