using System.Buffers;
using System.IO.Compression;
using K4os.Compression.LZ4;
using Snappier;
using ZstdSharp;

namespace Grid.Storage.Parquet.Codecs;

/// <summary>Compresses pages.</summary>
internal sealed class PageCompressor(ParquetCodec codec) : IDisposable
{
    // What Brotli calls 5 is about as fast as gzip's usual level; its best takes a hundred times as long.
    private const int BrotliQuality = 5;
    private const int BrotliWindowBits = 22;

    private readonly Compressor? _zstd = codec == ParquetCodec.Zstd ? new Compressor() : null;

    public ParquetCodec Codec => codec;

    public static bool Writes(ParquetCodec codec) =>
        codec is ParquetCodec.Uncompressed or ParquetCodec.Snappy or ParquetCodec.Gzip or ParquetCodec.Brotli or ParquetCodec.Zstd or ParquetCodec.Lz4Raw;

    /// <summary>Appends a page, compressed, and says how many bytes it became.</summary>
    public int Compress(ReadOnlySpan<byte> page, ArrayBufferWriter<byte> output)
    {
        if (codec == ParquetCodec.Gzip)
        {
            return CompressGzip(page, output);
        }

        var most = codec switch
        {
            ParquetCodec.Snappy => Snappy.GetMaxCompressedLength(page.Length),
            ParquetCodec.Brotli => BrotliEncoder.GetMaxCompressedLength(page.Length),
            ParquetCodec.Zstd => Compressor.GetCompressBound(page.Length),
            ParquetCodec.Lz4Raw => LZ4Codec.MaximumOutputSize(page.Length),
            _ => page.Length,
        };
        var target = output.GetSpan(Math.Max(1, most));
        var written = codec switch
        {
            ParquetCodec.Snappy => Snappy.Compress(page, target),
            ParquetCodec.Brotli => BrotliEncoder.TryCompress(page, target, out var bytes, BrotliQuality, BrotliWindowBits) ? bytes : throw new InvalidOperationException("Brotli needs more room than it said"),
            ParquetCodec.Zstd => _zstd!.Wrap(page, target),
            ParquetCodec.Lz4Raw => page.IsEmpty ? EmptyLz4(target) : LZ4Codec.Encode(page, target),
            _ => Copy(page, target),
        };
        output.Advance(written);
        return written;
    }

    public void Dispose() => _zstd?.Dispose();

    // The library makes nothing of nothing, where a block has at least a token.
    private static int EmptyLz4(Span<byte> target)
    {
        target[0] = 0;
        return 1;
    }

    private static int Copy(ReadOnlySpan<byte> page, Span<byte> target)
    {
        page.CopyTo(target);
        return page.Length;
    }

    private static int CompressGzip(ReadOnlySpan<byte> page, ArrayBufferWriter<byte> output)
    {
        var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(page);
        }

        output.Write(compressed.GetBuffer().AsSpan(0, (int)compressed.Length));
        return (int)compressed.Length;
    }
}
