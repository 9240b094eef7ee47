using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;

namespace Grid.Storage.Parquet.Encodings;

/// <summary>
/// The RLE and bit-packing hybrid: levels, dictionary indexes and booleans.
/// <code>
/// run      varint(count &lt;&lt; 1)          the value in whole bytes
/// packed   varint(groups of 8 &lt;&lt; 1 | 1)  the values, the first in the lowest bits
/// </code>
/// </summary>
internal static class RleHybrid
{
    /// <summary>Decodes as many values as fit the target, and says how many bytes that took.</summary>
    public static int Decode(ReadOnlySpan<byte> bytes, int bits, Span<int> target)
    {
        if (bits is < 0 or > 32)
        {
            throw new ParquetFormatException($"values of {bits} bits");
        }

        var position = 0;
        while (!target.IsEmpty)
        {
            var head = Varint.Read(bytes, ref position);
            target = (head & 1) == 0 ? DecodeRun(bytes, ref position, head >> 1, bits, target) : DecodePacked(bytes, ref position, head >> 1, bits, target);
        }

        return position;
    }

    private static Span<int> DecodeRun(ReadOnlySpan<byte> bytes, scoped ref int position, ulong count, int bits, Span<int> target)
    {
        // A run of nothing takes bytes and gives none, but writers have been seen to end with one.
        var width = (bits + 7) / 8;
        if (width > bytes.Length - position)
        {
            throw new ParquetFormatException("a run ends before its value");
        }

        var value = 0;
        for (var i = 0; i < width; i++)
        {
            value |= bytes[position++] << (8 * i);
        }

        var length = (int)Math.Min(count, (ulong)target.Length);
        target[..length].Fill(value);
        return target[length..];
    }

    private static Span<int> DecodePacked(ReadOnlySpan<byte> bytes, scoped ref int position, ulong groups, int bits, Span<int> target)
    {
        // The last group may have been cut off by its writer where the values end.
        var length = (int)Math.Min(groups * 8, (ulong)target.Length);
        var needed = ((long)length * bits + 7) / 8;
        if (groups > int.MaxValue || needed > bytes.Length - position)
        {
            throw new ParquetFormatException($"{groups} packed groups of {bits} bits are longer than the {bytes.Length - position} bytes that are left");
        }

        BitPacking.Unpack(bytes[position..], bits, target[..length]);
        position += (int)Math.Min((long)groups * bits, bytes.Length - position);
        return target[length..];
    }

    /// <summary>Encodes values: runs of eight and more as runs, others packed.</summary>
    public static void Encode(ReadOnlySpan<int> values, int bits, ArrayBufferWriter<byte> output)
    {
        var packed = 0;
        for (var i = 0; i < values.Length;)
        {
            var end = EndOfRun(values, i);

            // A packed run holds whole groups of eight: the first values of a run fill the last group.
            var fill = Math.Min(-(i - packed) & 7, end - i);
            if (end - i - fill >= 8)
            {
                i += fill;
                Pack(values[packed..i], bits, output);
                WriteRun(values[i], end - i, bits, output);
                packed = end;
            }

            i = end;
        }

        Pack(values[packed..], bits, output);
    }

    private static int EndOfRun(ReadOnlySpan<int> values, int start)
    {
        var length = values[start..].IndexOfAnyExcept(values[start]);
        return length < 0 ? values.Length : start + length;
    }

    private static void Pack(ReadOnlySpan<int> values, int bits, ArrayBufferWriter<byte> output)
    {
        if (values.IsEmpty)
        {
            return;
        }

        var groups = (values.Length + 7) / 8;
        Varint.Write((ulong)groups << 1 | 1, output);
        BitPacking.Pack(values, bits, groups * bits, output);
    }

    private static void WriteRun(int value, int count, int bits, ArrayBufferWriter<byte> output)
    {
        Varint.Write((ulong)count << 1, output);
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        output.Write(bytes[..((bits + 7) / 8)]);
    }

    /// <summary>The bits that numbers up to a highest one need.</summary>
    public static int BitsFor(int highest) => highest == 0 ? 0 : BitOperations.Log2((uint)highest) + 1;
}
