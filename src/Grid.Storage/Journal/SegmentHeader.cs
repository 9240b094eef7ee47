using System.Buffers.Binary;
using System.Security.Cryptography;
using Grid.Domain;
using Grid.Domain.Identifiers;

namespace Grid.Storage.Journal;

/// <summary>The 64 bytes at the start of a segment.</summary>
/// <param name="FirstLsn">LSN of the first frame, which is also the file's name.</param>
/// <param name="CreatedAt">When the segment was begun.</param>
/// <param name="Salt">
/// A random number with which every checksum in the segment begins. A client who puts the image of a frame into an event
/// cannot know it, so what recovery and repair find by searching is a frame that the journal wrote.
/// </param>
/// <param name="Dictionaries">The highest dictionary number given out before this segment was begun.</param>
internal readonly record struct SegmentHeader(ulong FirstLsn, UnixNanos CreatedAt, uint Salt, uint Dictionaries)
{
    public const int Bytes = JournalFormat.SegmentHeaderBytes;

    private const int VersionAt = 8;
    private const int SaltAt = 12;
    private const int FirstLsnAt = 16;
    private const int CreatedAtAt = 24;
    private const int DictionariesAt = 32;
    private const int CrcAt = 60;

    /// <summary>A salt for a new segment.</summary>
    public static uint RandomSalt() => BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(sizeof(uint)));

    public void Write(Span<byte> to)
    {
        to[..Bytes].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(to, JournalFormat.Magic);
        to[VersionAt] = JournalFormat.Version;
        BinaryPrimitives.WriteUInt32LittleEndian(to[SaltAt..], Salt);
        BinaryPrimitives.WriteUInt64LittleEndian(to[FirstLsnAt..], FirstLsn);
        BinaryPrimitives.WriteInt64LittleEndian(to[CreatedAtAt..], CreatedAt.Value);
        BinaryPrimitives.WriteUInt32LittleEndian(to[DictionariesAt..], Dictionaries);
        BinaryPrimitives.WriteUInt32LittleEndian(to[CrcAt..], Crc32C.Compute(to[..CrcAt]));
    }

    /// <summary>Reads and checks a header; <paramref name="fault"/> says what is wrong with it.</summary>
    /// <exception cref="GridStorageException">The header is intact and of a newer version.</exception>
    public static bool TryRead(ReadOnlySpan<byte> from, string path, out SegmentHeader header, out string fault)
    {
        header = default;
        if (from.Length < Bytes)
        {
            fault = $"the file has {from.Length} bytes, less than the {Bytes} of a segment header";
            return false;
        }

        if (BinaryPrimitives.ReadUInt64LittleEndian(from) != JournalFormat.Magic)
        {
            fault = "the file does not begin with 'GRIDJRNL'";
            return false;
        }

        if (BinaryPrimitives.ReadUInt32LittleEndian(from[CrcAt..]) != Crc32C.Compute(from[..CrcAt]))
        {
            fault = "the checksum of the segment header does not match";
            return false;
        }

        if (from[VersionAt] is 0 or > JournalFormat.Version)
        {
            throw new GridStorageException(
                $"journal segment '{path}' has format version {from[VersionAt]}; this grid reads up to version "
                + $"{JournalFormat.Version}. Start it with a newer grid, or restore a backup of this version.");
        }

        header = new SegmentHeader(
            BinaryPrimitives.ReadUInt64LittleEndian(from[FirstLsnAt..]),
            new UnixNanos(BinaryPrimitives.ReadInt64LittleEndian(from[CreatedAtAt..])),
            BinaryPrimitives.ReadUInt32LittleEndian(from[SaltAt..]),
            BinaryPrimitives.ReadUInt32LittleEndian(from[DictionariesAt..]));
        fault = "";
        return true;
    }
}
