using System.IO.Compression;
using System.Runtime.InteropServices;

namespace Grid.Cli.Feeds;

/// <summary>
/// The content of one entry, checked: at its end the length and CRC that the zip states must have come out, which the framework
/// does not look at. Closing it closes the zip.
/// </summary>
internal sealed class ZipEntryStream(ZipArchive zip, ZipArchiveEntry entry) : Stream
{
    private readonly Stream _content = entry.Open();
    private long _length;
    private uint _crc = uint.MaxValue;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <exception cref="InvalidDataException">The content is damaged.</exception>
    public override int Read(Span<byte> buffer)
    {
        var read = _content.Read(buffer);
        _crc = ZipCrc.Add(_crc, buffer[..read]);
        _length += read;
        if (read == 0 && buffer.Length > 0 && (_length != entry.Length || ~_crc != entry.Crc32))
        {
            throw new InvalidDataException($"{_length} bytes with checksum {~_crc:x8} came out, not {entry.Length} with {entry.Crc32:x8}");
        }

        return read;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        _content.Dispose();
        zip.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>The CRC-32 of zip (polynomial 0xEDB88320), eight bytes at a time.</summary>
internal static class ZipCrc
{
    // Tables[k * 256 + b] is the CRC of byte b followed by k zero bytes.
    private static readonly uint[] Tables = MakeTables();

    /// <summary>Adds bytes to a CRC that began as all ones and is inverted at the end.</summary>
    public static uint Add(uint crc, ReadOnlySpan<byte> bytes)
    {
        var tables = Tables;
        foreach (var word in MemoryMarshal.Cast<byte, ulong>(bytes))
        {
            var low = (uint)word ^ crc;
            var high = (uint)(word >> 32);
            crc = tables[(7 * 256) + (byte)low] ^ tables[(6 * 256) + (byte)(low >> 8)]
                ^ tables[(5 * 256) + (byte)(low >> 16)] ^ tables[(4 * 256) + (byte)(low >> 24)]
                ^ tables[(3 * 256) + (byte)high] ^ tables[(2 * 256) + (byte)(high >> 8)]
                ^ tables[256 + (byte)(high >> 16)] ^ tables[(byte)(high >> 24)];
        }

        foreach (var b in bytes[(bytes.Length & ~7)..])
        {
            crc = tables[(byte)(crc ^ b)] ^ (crc >> 8);
        }

        return crc;
    }

    private static uint[] MakeTables()
    {
        var tables = new uint[8 * 256];
        for (uint b = 0; b < 256; b++)
        {
            var crc = b;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0xEDB8_8320);
            }

            tables[b] = crc;
        }

        for (var i = 256; i < tables.Length; i++)
        {
            tables[i] = tables[(byte)tables[i - 256]] ^ (tables[i - 256] >> 8);
        }

        return tables;
    }
}
