using System.Buffers.Binary;
using K4os.Compression.LZ4;

namespace Grid.Storage.Parquet.Codecs;

/// <summary>
/// The first codec called LZ4, which the format never described. Hadoop's writers frame it, others write a bare block:
/// <code>
/// framed   (length of a piece, length of its block, both 4 bytes, big-endian; the block)…
/// </code>
/// A piece may be cut into several blocks, each with its length. What is no good frame is taken for a bare block.
/// </summary>
internal static class OldLz4
{
    /// <summary>The bytes that came out, or less than zero.</summary>
    public static int Decompress(ReadOnlySpan<byte> source, Span<byte> target) =>
        TryFramed(source, target) ? target.Length : LZ4Codec.Decode(source, target);

    private static bool TryFramed(ReadOnlySpan<byte> source, Span<byte> target)
    {
        while (source.Length >= 4)
        {
            var piece = BinaryPrimitives.ReadUInt32BigEndian(source);
            source = source[4..];
            if (piece > target.Length)
            {
                return false;
            }

            for (var left = (int)piece; left > 0;)
            {
                var block = source.Length < 4 ? uint.MaxValue : BinaryPrimitives.ReadUInt32BigEndian(source);
                if (block > source.Length - 4)
                {
                    return false;
                }

                var written = LZ4Codec.Decode(source.Slice(4, (int)block), target[..left]);
                if (written <= 0)
                {
                    return false;
                }

                left -= written;
                target = target[written..];
                source = source[(4 + (int)block)..];
            }
        }

        return source.IsEmpty && target.IsEmpty;
    }
}
