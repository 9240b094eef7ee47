using System.Buffers.Binary;
using Grid.Domain;

namespace Grid.Storage.HotStore;

/// <summary>The first bytes of an extent's file.</summary>
/// <remarks>
/// <code>
///  0            8           12          16               24               32        36          256
///  +------------+-----------+-----------+----------------+----------------+---------+-----------+
///  | "GRIDHOT1" | version   | 0         | extent bytes   | index          | crc32c  | zeros     | blocks ...
///  +------------+-----------+-----------+----------------+----------------+---------+-----------+
/// </code>
/// The checksum is over the 32 bytes before it. The last 256 bytes of an extent are never used, so that a row at the end
/// of a block can be read and written by whole words. All little endian.
/// </remarks>
internal static class HotExtentHeader
{
    public const int Bytes = 256;
    public const int SlackBytes = 256;
    private const uint Version = 1;
    private const int CheckedBytes = 32;

    private static ReadOnlySpan<byte> Magic => "GRIDHOT1"u8;

    public static void Write(Span<byte> target, long extentBytes, long index)
    {
        Magic.CopyTo(target);
        BinaryPrimitives.WriteUInt32LittleEndian(target[8..], Version);
        BinaryPrimitives.WriteUInt32LittleEndian(target[12..], 0);
        BinaryPrimitives.WriteInt64LittleEndian(target[16..], extentBytes);
        BinaryPrimitives.WriteInt64LittleEndian(target[24..], index);
        BinaryPrimitives.WriteUInt32LittleEndian(target[32..], Crc32C.Compute(target[..CheckedBytes]));
    }

    /// <summary>The size of extent that a store was made with; 0 if the header is damaged.</summary>
    public static long ExtentBytes(ReadOnlySpan<byte> header) => IsWhole(header) ? BinaryPrimitives.ReadInt64LittleEndian(header[16..]) : 0;

    /// <summary>What is wrong with a header, as a sentence's end; null if nothing is.</summary>
    public static string? Fault(ReadOnlySpan<byte> header, long extentBytes, long index)
    {
        if (!IsWhole(header))
        {
            return "its header is damaged";
        }

        var version = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
        if (version != Version)
        {
            return $"it has version {version} and this program knows {Version}";
        }

        var bytes = BinaryPrimitives.ReadInt64LittleEndian(header[16..]);
        if (bytes != extentBytes)
        {
            return $"it is of a store with extents of {bytes} bytes, the others of one with {extentBytes}";
        }

        var stored = BinaryPrimitives.ReadInt64LittleEndian(header[24..]);
        return stored == index ? null : $"it is extent {stored:x16} under another's name";
    }

    private static bool IsWhole(ReadOnlySpan<byte> header) =>
        header.Length >= Bytes && header[..8].SequenceEqual(Magic)
        && BinaryPrimitives.ReadUInt32LittleEndian(header[32..]) == Crc32C.Compute(header[..CheckedBytes]);
}
