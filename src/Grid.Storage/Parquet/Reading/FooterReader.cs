using System.Buffers.Binary;
using Grid.Storage.Parquet.Metadata;
using Grid.Storage.Parquet.Thrift;
using Microsoft.Win32.SafeHandles;

namespace Grid.Storage.Parquet.Reading;

/// <summary>Finds and reads the footer at the end of a file.</summary>
internal static class FooterReader
{
    private const int TailBytes = 8;

    /// <summary>What a file begins and ends with.</summary>
    public static ReadOnlySpan<byte> Magic => "PAR1"u8;

    private static ReadOnlySpan<byte> EncryptedMagic => "PARE"u8;

    /// <summary>Reads the footer, and says where it begins.</summary>
    public static FileFooter Read(SafeFileHandle file, out long start)
    {
        var length = RandomAccess.GetLength(file);
        if (length < Magic.Length + TailBytes)
        {
            throw new ParquetFormatException($"it has {length} bytes, too few for a Parquet file");
        }

        Span<byte> tail = stackalloc byte[TailBytes];
        PageSource.ReadAll(file, length - TailBytes, tail);
        if (!tail[4..].SequenceEqual(Magic))
        {
            throw new ParquetFormatException(tail[4..].SequenceEqual(EncryptedMagic) ? "it is encrypted" : $"it does not end with PAR1 at offset {length - Magic.Length}: it is cut off, or no Parquet file");
        }

        var bytes = BinaryPrimitives.ReadUInt32LittleEndian(tail);
        if (bytes > length - Magic.Length - TailBytes || bytes > ParquetLimits.FooterBytesMax)
        {
            throw new ParquetFormatException($"its footer says that it has {bytes} bytes, the file has {length} and {ParquetLimits.FooterBytesMax} are the most that is read");
        }

        start = length - TailBytes - bytes;
        var buffer = new byte[bytes];
        PageSource.ReadAll(file, start, buffer);
        var thrift = new CompactReader(buffer);
        try
        {
            return FileFooter.Read(ref thrift);
        }
        catch (ParquetFormatException e)
        {
            throw new ParquetFormatException($"footer, at offset {start + thrift.Position}: {e.Message}", e);
        }
    }
}
