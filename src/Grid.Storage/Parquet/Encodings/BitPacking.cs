using System.Buffers;
using System.Buffers.Binary;

namespace Grid.Storage.Parquet.Encodings;

/// <summary>Numbers of a fixed count of bits side by side, the first in the lowest bits of the first byte.</summary>
internal static class BitPacking
{
    // An unaligned value of up to 57 bits lies within the eight bytes that begin at its first byte.
    private const int BitsInOneRead = 57;

    /// <summary>Unpacks numbers of up to 32 bits; the caller has checked that there are bytes enough.</summary>
    public static void Unpack(ReadOnlySpan<byte> bytes, int bits, Span<int> target)
    {
        var mask = bits == 0 ? 0 : ulong.MaxValue >> (64 - bits);
        for (var i = 0; i < target.Length; i++)
        {
            target[i] = (int)(ReadAt(bytes, (long)i * bits) & mask);
        }
    }

    /// <summary>Unpacks numbers of up to 64 bits; the caller has checked that there are bytes enough.</summary>
    public static void Unpack(ReadOnlySpan<byte> bytes, int bits, Span<ulong> target)
    {
        var mask = bits == 0 ? 0 : ulong.MaxValue >> (64 - bits);
        for (var i = 0; i < target.Length; i++)
        {
            var bit = (long)i * bits;
            var value = ReadAt(bytes, bit);
            if (bits > BitsInOneRead && (bit & 7) + bits > 64)
            {
                value |= (ulong)bytes[(int)(bit >> 3) + 8] << (64 - (int)(bit & 7));
            }

            target[i] = value & mask;
        }
    }

    /// <summary>Packs numbers of up to 32 bits, with zeros up to a count of bytes.</summary>
    public static void Pack(ReadOnlySpan<int> values, int bits, int length, ArrayBufferWriter<byte> output)
    {
        var bytes = output.GetSpan(length)[..length];
        bytes.Clear();
        for (var i = 0; i < values.Length; i++)
        {
            Put(bytes, (long)i * bits, (uint)values[i], bits);
        }

        output.Advance(length);
    }

    /// <summary>Packs numbers of up to 64 bits, with zeros up to a count of bytes.</summary>
    public static void Pack(ReadOnlySpan<ulong> values, int bits, int length, ArrayBufferWriter<byte> output)
    {
        var bytes = output.GetSpan(length)[..length];
        bytes.Clear();
        for (var i = 0; i < values.Length; i++)
        {
            Put(bytes, (long)i * bits, values[i], bits);
        }

        output.Advance(length);
    }

    // The bits from a place on, as many as eight bytes hold.
    private static ulong ReadAt(ReadOnlySpan<byte> bytes, long bit)
    {
        var start = (int)(bit >> 3);
        var shift = (int)(bit & 7);
        if (bytes.Length - start >= 8)
        {
            return BinaryPrimitives.ReadUInt64LittleEndian(bytes[start..]) >> shift;
        }

        var value = 0ul;
        for (var i = start; i < bytes.Length; i++)
        {
            value |= (ulong)bytes[i] << (8 * (i - start));
        }

        return value >> shift;
    }

    private static void Put(Span<byte> bytes, long bit, ulong value, int bits)
    {
        var start = (int)(bit >> 3);
        var shift = (int)(bit & 7);
        if (bytes.Length - start >= 8)
        {
            var place = bytes[start..];
            BinaryPrimitives.WriteUInt64LittleEndian(place, BinaryPrimitives.ReadUInt64LittleEndian(place) | value << shift);
            if (shift + bits > 64)
            {
                bytes[start + 8] |= (byte)(value >> (64 - shift));
            }

            return;
        }

        for (var (i, wide) = (start, (UInt128)value << shift); wide != 0; i++, wide >>= 8)
        {
            bytes[i] |= (byte)wide;
        }
    }
}
