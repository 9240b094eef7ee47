using System.IO.Compression;
using K4os.Compression.LZ4;
using Snappier;
using ZstdSharp;

namespace Grid.Storage.Parquet.Codecs;

/// <summary>Decompresses pages. The size that a page must come to is known, and anything else is a fault.</summary>
internal static class PageCodec
{
    /// <summary>Decompresses a page into a buffer of exactly its size.</summary>
    /// <param name="codec">How it is compressed.</param>
    /// <param name="compressed">A buffer that holds it.</param>
    /// <param name="start">Where it begins there.</param>
    /// <param name="length">Its length.</param>
    /// <param name="target">Where it goes.</param>
    public static void Decompress(ParquetCodec codec, byte[] compressed, int start, int length, Span<byte> target)
    {
        var source = compressed.AsSpan(start, length);
        int written;
        try
        {
            written = codec switch
            {
                ParquetCodec.Uncompressed => Copy(source, target),
                ParquetCodec.Snappy => Snappy.Decompress(source, target),
                ParquetCodec.Gzip => DecompressGzip(compressed, start, length, target),
                ParquetCodec.Brotli => BrotliDecoder.TryDecompress(source, target, out var bytes) ? bytes : -1,
                ParquetCodec.Zstd => DecompressZstd(source, target),
                ParquetCodec.Lz4Raw => LZ4Codec.Decode(source, target),
                ParquetCodec.Lz4 => OldLz4.Decompress(source, target),
                _ => throw new ParquetFormatException($"codec {codec} is not supported"),
            };
        }
        catch (Exception e) when (e is InvalidDataException or ZstdException or ArgumentException)
        {
            throw new ParquetFormatException($"{codec} cannot decompress it: {e.Message}", e);
        }

        if (written != target.Length)
        {
            throw new ParquetFormatException(written < 0 ? $"{codec} cannot decompress it to {target.Length} bytes" : $"{codec} gave {written} bytes where {target.Length} are meant");
        }
    }

    /// <summary>The most bytes that so many can become, a little more than the format of the codec allows; nothing is said of ZSTD and Brotli.</summary>
    public static long LengthMax(ParquetCodec codec, int compressedLength) => codec switch
    {
        ParquetCodec.Uncompressed => compressedLength,
        ParquetCodec.Snappy => 32L * compressedLength,
        ParquetCodec.Lz4 or ParquetCodec.Lz4Raw => 256L * compressedLength,
        ParquetCodec.Gzip => 1_100L * compressedLength,
        _ => long.MaxValue,
    };

    private static int Copy(ReadOnlySpan<byte> source, Span<byte> target)
    {
        if (source.Length != target.Length)
        {
            return source.Length;
        }

        source.CopyTo(target);
        return source.Length;
    }

    // Several members one after another are one stream, which is what .NET's decoder makes of them.
    private static int DecompressGzip(byte[] compressed, int start, int length, Span<byte> target)
    {
        using var stream = new GZipStream(new MemoryStream(compressed, start, length, writable: false), CompressionMode.Decompress);
        var written = stream.ReadAtLeast(target, target.Length, throwOnEndOfStream: false);
        return written == target.Length && stream.ReadByte() >= 0 ? throw new ParquetFormatException($"{nameof(ParquetCodec.Gzip)} gave more than the {target.Length} bytes that are meant") : written;
    }

    private static int DecompressZstd(ReadOnlySpan<byte> source, Span<byte> target)
    {
        using var zstd = new Decompressor();
        return zstd.Unwrap(source, target);
    }
}
