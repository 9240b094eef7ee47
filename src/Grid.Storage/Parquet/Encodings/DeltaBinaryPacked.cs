using System.Buffers;
using System.Numerics;

namespace Grid.Storage.Parquet.Encodings;

/// <summary>
/// Whole numbers as differences to the one before, packed in as few bits as each small block needs.
/// <code>
/// varints    values of a block (a multiple of 128), miniblocks of a block, values in all; zigzag: the first value
/// a block    zigzag: the least difference; a byte for the bits of each miniblock; the miniblocks, differences less the least
/// </code>
/// Differences wrap, so that they fit whatever the values are.
/// </summary>
internal static class DeltaBinaryPacked
{
    private const int BlockValues = 128;
    private const int Miniblocks = 4;
    private const int MiniblockValues = BlockValues / Miniblocks;

    /// <summary>Decodes numbers of a page, and says how many bytes they took. There are as many as the page has.</summary>
    public static int Decode<T>(ReadOnlySpan<byte> bytes, Span<T> target)
        where T : unmanaged, IBinaryInteger<T>
    {
        var position = 0;
        var count = ReadHead(bytes, ref position, out var blockValues, out var miniblocks);
        if (count != (ulong)target.Length)
        {
            throw new ParquetFormatException($"delta values say that they are {count} where {target.Length} are meant");
        }

        var value = Varint.ReadZigZag(bytes, ref position);
        if (target.IsEmpty)
        {
            return position;
        }

        target[0] = T.CreateTruncating(value);
        target = target[1..];
        var perMiniblock = (int)(blockValues / miniblocks);
        Span<ulong> deltas = stackalloc ulong[MiniblockValues];
        while (!target.IsEmpty)
        {
            var least = Varint.ReadZigZag(bytes, ref position);
            var widths = Take(bytes, ref position, (int)miniblocks);
            for (var i = 0; i < widths.Length && !target.IsEmpty; i++)
            {
                var packed = TakeMiniblock(bytes, ref position, widths[i], perMiniblock, target.Length);
                for (var done = 0; done < perMiniblock && !target.IsEmpty; done += MiniblockValues)
                {
                    var some = deltas[..Math.Min(Math.Min(MiniblockValues, perMiniblock - done), target.Length)];
                    BitPacking.Unpack(packed[(done / 8 * widths[i])..], widths[i], some);
                    for (var j = 0; j < some.Length; j++)
                    {
                        value = unchecked(value + least + (long)some[j]);
                        target[j] = T.CreateTruncating(value);
                    }

                    target = target[some.Length..];
                }
            }
        }

        return position;
    }

    /// <summary>Encodes numbers of one page.</summary>
    public static void Encode(ReadOnlySpan<long> values, bool is32Bits, ArrayBufferWriter<byte> output)
    {
        Varint.Write(BlockValues, output);
        Varint.Write(Miniblocks, output);
        Varint.Write((ulong)values.Length, output);
        Varint.WriteZigZag(values.IsEmpty ? 0 : values[0], output);
        Span<ulong> deltas = stackalloc ulong[BlockValues];
        for (var start = 1; start < values.Length; start += BlockValues)
        {
            var block = deltas[..Math.Min(BlockValues, values.Length - start)];
            var least = long.MaxValue;
            for (var i = 0; i < block.Length; i++)
            {
                // Of 32-bit numbers the difference wraps at 32 bits: readers may compute with no more.
                var delta = unchecked(values[start + i] - values[start + i - 1]);
                delta = is32Bits ? unchecked((int)delta) : delta;
                block[i] = (ulong)delta;
                least = Math.Min(least, delta);
            }

            EncodeBlock(block, least, is32Bits, output);
        }
    }

    private static void EncodeBlock(Span<ulong> block, long least, bool is32Bits, ArrayBufferWriter<byte> output)
    {
        Varint.WriteZigZag(least, output);
        Span<byte> widths = stackalloc byte[Miniblocks];
        widths.Clear();
        for (var i = 0; i < block.Length; i++)
        {
            block[i] = unchecked(block[i] - (ulong)least);
            block[i] = is32Bits ? (uint)block[i] : block[i];
            ref var width = ref widths[i / MiniblockValues];
            width = Math.Max(width, (byte)(64 - BitOperations.LeadingZeroCount(block[i])));
        }

        output.Write(widths);
        for (var i = 0; i * MiniblockValues < block.Length; i++)
        {
            var miniblock = block[(i * MiniblockValues)..];
            miniblock = miniblock[..Math.Min(MiniblockValues, miniblock.Length)];
            BitPacking.Pack(miniblock, widths[i], MiniblockValues / 8 * widths[i], output);
        }
    }

    private static ulong ReadHead(ReadOnlySpan<byte> bytes, ref int position, out ulong blockValues, out ulong miniblocks)
    {
        blockValues = Varint.Read(bytes, ref position);
        miniblocks = Varint.Read(bytes, ref position);
        var count = Varint.Read(bytes, ref position);

        // Miniblocks are multiples of 32 by the format's rule, which makes each of them whole bytes.
        return blockValues is > 0 and <= 1 << 24 && miniblocks is > 0 and <= 1 << 16 && blockValues % miniblocks == 0 && blockValues / miniblocks % 32 == 0
            ? count
            : throw new ParquetFormatException($"delta blocks of {blockValues} values in {miniblocks} parts");
    }

    private static ReadOnlySpan<byte> TakeMiniblock(ReadOnlySpan<byte> bytes, ref int position, int bits, int perMiniblock, int wanted)
    {
        if (bits > 64)
        {
            throw new ParquetFormatException($"delta values of {bits} bits");
        }

        // The last one may have been cut off by its writer where the values end.
        var whole = (long)perMiniblock / 8 * bits;
        var needed = ((long)Math.Min(perMiniblock, wanted) * bits + 7) / 8;
        var left = bytes.Length - position;
        return needed <= left ? Take(bytes, ref position, (int)Math.Min(whole, left)) : throw new ParquetFormatException("delta values end early");
    }

    private static ReadOnlySpan<byte> Take(ReadOnlySpan<byte> bytes, ref int position, int count)
    {
        if (count > bytes.Length - position)
        {
            throw new ParquetFormatException("delta values end early");
        }

        var taken = bytes.Slice(position, count);
        position += count;
        return taken;
    }
}
