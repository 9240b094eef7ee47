using System.Buffers.Binary;
using System.Globalization;
using Grid.Domain;

namespace Grid.Storage.Snapshots;

/// <summary>Numbers of the snapshot's file format.</summary>
/// <remarks>
/// <code>
/// file    := header section* trailer
/// header  := "GRIDSNAP"  version:u32 (1)  chunk bytes:u32  lsn:u64  created:i64 (ns since 1970)  crc:u32
/// section := type:u32 (not 0)  length:u64  crc:u32  chunk*
/// chunk   := payload (chunk bytes; the section's last may have fewer)  crc:u32
/// trailer := 0:u32  sections:u64  payload bytes:u64  crc:u32
/// </code>
/// Every crc is a CRC-32C over everything before it, checksums left out and of each section's head only its type; a
/// section's own and the trailer's also cover the numbers they stand behind. So a chunk at a wrong place, of another
/// snapshot or of another section is told apart. All little endian.
/// </remarks>
internal static class SnapshotFormat
{
    public const uint Version = 1;
    public const int HeaderBytes = 36;
    public const int SectionHeadBytes = 16;
    public const int TrailerBytes = 24;
    public const int CrcBytes = 4;
    public const int ChunkBytes = 1 << 20;
    public const int ChunkBytesLowest = 16;
    public const int ChunkBytesHighest = 64 << 20;
    public const string Suffix = ".snapshot";

    /// <summary>What follows the name of a snapshot that is being written.</summary>
    public const string TemporarySuffix = ".new";

    public static ReadOnlySpan<byte> Magic => "GRIDSNAP"u8;

    public static string NameOf(ulong lsn) => lsn.ToString("x16", CultureInfo.InvariantCulture) + Suffix;

    public static bool TryParseName(string name, out ulong lsn)
    {
        lsn = 0;
        return name.Length == 16 + Suffix.Length
            && ulong.TryParse(name.AsSpan(0, 16), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out lsn)
            && NameOf(lsn) == name;
    }

    /// <summary>Puts the checksum over what came before and the bytes before its place at the end of a span.</summary>
    public static uint Seal(Span<byte> bytes, uint before)
    {
        var crc = Crc32C.Append(before, bytes[..^CrcBytes]);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[^CrcBytes..], crc);
        return crc;
    }

    /// <summary>True if <see cref="Seal"/> would put what is there.</summary>
    public static bool IsSealed(ReadOnlySpan<byte> bytes, uint before, out uint crc)
    {
        crc = Crc32C.Append(before, bytes[..^CrcBytes]);
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes[^CrcBytes..]) == crc;
    }
}
