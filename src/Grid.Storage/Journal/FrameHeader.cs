using System.Buffers.Binary;
using Grid.Domain;

namespace Grid.Storage.Journal;

/// <summary>The 32 bytes before a frame's payload.</summary>
/// <param name="Crc">CRC-32C, begun with the segment's salt, of everything after it: header, payload and padding.</param>
/// <param name="PayloadBytes">Length of the payload without its padding.</param>
/// <param name="Lsn">The frame's number.</param>
/// <param name="FlushedLsn">The highest LSN known to be on the disk when this frame was written.</param>
/// <param name="Type">What the payload is.</param>
/// <param name="Flags">For the owner of the type; the journal does not look at them.</param>
/// <param name="DictionaryFrames">Dictionary frames of this frame's dictionary before it in this segment, modulo 65,536.</param>
/// <param name="Dictionary">The dictionary that the payload refers to; 0 for none.</param>
internal readonly record struct FrameHeader(
    uint Crc,
    uint PayloadBytes,
    ulong Lsn,
    ulong FlushedLsn,
    JournalFrameType Type,
    byte Flags,
    ushort DictionaryFrames,
    uint Dictionary)
{
    public const int Bytes = JournalFormat.FrameHeaderBytes;

    public static FrameHeader Read(ReadOnlySpan<byte> from) => new(
        BinaryPrimitives.ReadUInt32LittleEndian(from),
        BinaryPrimitives.ReadUInt32LittleEndian(from[4..]),
        BinaryPrimitives.ReadUInt64LittleEndian(from[8..]),
        BinaryPrimitives.ReadUInt64LittleEndian(from[16..]),
        (JournalFrameType)from[24],
        from[25],
        BinaryPrimitives.ReadUInt16LittleEndian(from[26..]),
        BinaryPrimitives.ReadUInt32LittleEndian(from[28..]));

    /// <summary>Writes everything, with the checksum made anew for this payload, given in two parts.</summary>
    public void Write(Span<byte> to, uint salt, ReadOnlySpan<byte> head, ReadOnlySpan<byte> body)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to[4..], PayloadBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(to[8..], Lsn);
        BinaryPrimitives.WriteUInt64LittleEndian(to[16..], FlushedLsn);
        to[24] = (byte)Type;
        to[25] = Flags;
        BinaryPrimitives.WriteUInt16LittleEndian(to[26..], DictionaryFrames);
        BinaryPrimitives.WriteUInt32LittleEndian(to[28..], Dictionary);

        var crc = Crc32C.Append(salt, to[4..Bytes]);
        crc = Crc32C.Append(crc, head);
        crc = Crc32C.Append(crc, body);
        crc = Crc32C.Append(crc, Padding((int)PayloadBytes));
        BinaryPrimitives.WriteUInt32LittleEndian(to, crc);
    }

    /// <summary>The zeros between a payload and the next frame.</summary>
    public static ReadOnlySpan<byte> Padding(int payloadBytes) => Zeros[..(-payloadBytes & 7)];

    private static ReadOnlySpan<byte> Zeros => [0, 0, 0, 0, 0, 0, 0, 0];
}
