using System.Buffers;
using System.Buffers.Binary;

namespace Grid.Storage.Parquet.Encodings;

/// <summary>
/// Values as they are: little-endian numbers, booleans as bits, byte arrays with a length of four bytes before each.
/// </summary>
internal static class Plain
{
    public static void Decode(byte[] page, int start, int end, int count, PhysicalType type, int width, ColumnValues values)
    {
        if (type == PhysicalType.ByteArray)
        {
            DecodeByteArrays(page, start, end, count, values);
            return;
        }

        var bytes = page.AsSpan(start..end);
        var needed = type == PhysicalType.Boolean ? (count + 7) / 8 : (long)count * width;
        if (bytes.Length < needed)
        {
            throw new ParquetFormatException($"{count} values need {needed} bytes, where {bytes.Length} are left");
        }

        var target = values.ResetFixed(count, width);
        if (type != PhysicalType.Boolean)
        {
            bytes[..target.Length].CopyTo(target);
            return;
        }

        for (var i = 0; i < count; i++)
        {
            target[i] = (byte)(bytes[i >> 3] >> (i & 7) & 1);
        }
    }

    public static void Encode(ValueSlice values, PhysicalType type, ArrayBufferWriter<byte> output)
    {
        switch (type)
        {
            case PhysicalType.Boolean:
                EncodeBits(values, output);
                break;
            case PhysicalType.ByteArray:
                for (var i = 0; i < values.Count; i++)
                {
                    BinaryPrimitives.WriteInt32LittleEndian(output.GetSpan(4), values[i].Length);
                    output.Advance(4);
                    output.Write(values[i]);
                }

                break;
            default:
                output.Write(values.Fixed);
                break;
        }
    }

    private static void DecodeByteArrays(byte[] page, int start, int end, int count, ColumnValues values)
    {
        if (count > (end - start) / 4)
        {
            throw new ParquetFormatException($"{count} values with their lengths in {end - start} bytes");
        }

        values.ResetPieces(page, count, out var starts, out var lengths);
        for (var i = 0; i < count; i++)
        {
            if (end - start < 4)
            {
                throw new ParquetFormatException($"{count} values are meant, the bytes end after {i}");
            }

            var length = BinaryPrimitives.ReadInt32LittleEndian(page.AsSpan(start));
            start += 4;
            if ((uint)length > (uint)(end - start))
            {
                throw new ParquetFormatException($"value {i} has {length} bytes, where {end - start} are left");
            }

            starts[i] = start;
            lengths[i] = length;
            start += length;
        }
    }

    private static void EncodeBits(ValueSlice values, ArrayBufferWriter<byte> output)
    {
        var length = (values.Count + 7) / 8;
        var bytes = output.GetSpan(length)[..length];
        bytes.Clear();
        for (var i = 0; i < values.Count; i++)
        {
            bytes[i >> 3] |= (byte)(values[i][0] << (i & 7));
        }

        output.Advance(length);
    }
}
