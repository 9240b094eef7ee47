using System.Buffers.Binary;

namespace Grid.Storage.Parquet;

/// <summary>The CRC-32 of gzip and zip, which pages carry. The framework has only the other polynomial, CRC-32C.</summary>
internal static class Crc32
{
    private const uint Polynomial = 0xEDB88320;
    private const int Slices = 8;

    private static readonly uint[] Tables = MakeTables();

    /// <summary>The checksum of bytes that follow others whose checksum is known; that of none is 0.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> bytes)
    {
        crc = ~crc;
        var tables = Tables;
        for (; bytes.Length >= Slices; bytes = bytes[Slices..])
        {
            var low = BinaryPrimitives.ReadUInt32LittleEndian(bytes) ^ crc;
            var high = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
            crc = tables[0x700 + (low & 0xFF)] ^ tables[0x600 + (low >> 8 & 0xFF)] ^ tables[0x500 + (low >> 16 & 0xFF)] ^ tables[0x400 + (low >> 24)]
                ^ tables[0x300 + (high & 0xFF)] ^ tables[0x200 + (high >> 8 & 0xFF)] ^ tables[0x100 + (high >> 16 & 0xFF)] ^ tables[high >> 24];
        }

        foreach (var b in bytes)
        {
            crc = crc >> 8 ^ tables[(byte)crc ^ b];
        }

        return ~crc;
    }

    // Table k holds what a byte does to the checksum if k more bytes follow it.
    private static uint[] MakeTables()
    {
        var tables = new uint[Slices * 256];
        for (var i = 0u; i < 256; i++)
        {
            var crc = i;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? crc >> 1 ^ Polynomial : crc >> 1;
            }

            tables[i] = crc;
        }

        for (var i = 256; i < tables.Length; i++)
        {
            tables[i] = tables[i - 256] >> 8 ^ tables[(byte)tables[i - 256]];
        }

        return tables;
    }
}
