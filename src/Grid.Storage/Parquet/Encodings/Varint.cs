using System.Buffers;

namespace Grid.Storage.Parquet.Encodings;

/// <summary>Numbers in as many bytes as they need, seven bits each, the lowest first.</summary>
internal static class Varint
{
    public static ulong Read(ReadOnlySpan<byte> bytes, ref int position)
    {
        var value = 0ul;
        for (var shift = 0; shift < 64; shift += 7)
        {
            if (position >= bytes.Length)
            {
                throw new ParquetFormatException("values end within a number");
            }

            var next = bytes[position++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw new ParquetFormatException("a number has more than 64 bits");
    }

    public static long ReadZigZag(ReadOnlySpan<byte> bytes, ref int position)
    {
        var value = Read(bytes, ref position);
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    public static void Write(ulong value, ArrayBufferWriter<byte> output)
    {
        var bytes = output.GetSpan(10);
        var length = 0;
        for (; value >= 0x80; value >>= 7)
        {
            bytes[length++] = (byte)(value | 0x80);
        }

        bytes[length++] = (byte)value;
        output.Advance(length);
    }

    public static void WriteZigZag(long value, ArrayBufferWriter<byte> output) => Write((ulong)((value << 1) ^ (value >> 63)), output);
}
