using System.Buffers.Binary;

namespace Grid.Domain.Feed;

/// <summary>Why a frame cannot be taken from the bytes at hand.</summary>
public enum FeedFault
{
    /// <summary>None: a whole frame is there.</summary>
    None,

    /// <summary>None so far: more bytes are needed.</summary>
    Incomplete,

    /// <summary>The payload is longer than allowed.</summary>
    TooLarge,

    /// <summary>The checksum does not match the bytes.</summary>
    Checksum,

    /// <summary>Bytes that this version keeps zero are not.</summary>
    Reserved,
}

/// <summary>The 20 bytes before every payload, little endian.</summary>
/// <remarks>
/// <code>
///  0        4        8    9     10       12               20
///  | length | crc    |type|flags| zero   | number          | payload (length bytes) …
///    u32      u32      u8   u8    u16      u64
/// </code>
/// The CRC-32C covers everything after itself: bytes 8 to the end of the payload. A wrong length makes it cover the
/// wrong bytes, so it is found out as well.
/// </remarks>
/// <param name="PayloadLength">Bytes after the header.</param>
/// <param name="Crc">CRC-32C of what follows it.</param>
/// <param name="Type">What the frame is.</param>
/// <param name="Flags">Bits that the type defines; 0 where it defines none.</param>
/// <param name="Number">A number that the type defines.</param>
public readonly record struct FeedHeader(uint PayloadLength, uint Crc, FeedFrameType Type, byte Flags, ulong Number)
{
    /// <summary>Bytes of a header.</summary>
    public const int Bytes = 20;

    private const int CrcFrom = 8;

    /// <summary>Bytes of the whole frame.</summary>
    public int FrameBytes => Bytes + (int)PayloadLength;

    /// <summary>
    /// Looks for a whole frame at the start of <paramref name="bytes"/>. The header is given as soon as its bytes are there,
    /// so that a reader knows how much more to expect and can explain a fault.
    /// </summary>
    public static FeedFault TryRead(ReadOnlySpan<byte> bytes, int payloadBytesMax, out FeedHeader header)
    {
        if (bytes.Length < Bytes)
        {
            header = default;
            return FeedFault.Incomplete;
        }

        header = new FeedHeader(
            BinaryPrimitives.ReadUInt32LittleEndian(bytes),
            BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]),
            (FeedFrameType)bytes[8],
            bytes[9],
            BinaryPrimitives.ReadUInt64LittleEndian(bytes[12..]));
        if (header.PayloadLength > (uint)payloadBytesMax)
        {
            return FeedFault.TooLarge;
        }

        if (bytes.Length < header.FrameBytes)
        {
            return FeedFault.Incomplete;
        }

        if (Crc32C.Compute(bytes[CrcFrom..header.FrameBytes]) != header.Crc)
        {
            return FeedFault.Checksum;
        }

        return BinaryPrimitives.ReadUInt16LittleEndian(bytes[10..]) == 0 ? FeedFault.None : FeedFault.Reserved;
    }

    /// <summary>One refusal that says what is wrong with the frame at the start of <paramref name="bytes"/>.</summary>
    /// <param name="fault">What <see cref="TryRead"/> found.</param>
    /// <param name="header">What it gave.</param>
    /// <param name="bytes">What it was given.</param>
    /// <param name="payloadBytesMax">What it was given.</param>
    /// <param name="place">Where the frame is, e.g. <c>frame 3 at byte 120</c>.</param>
    public static FeedRefusal Explain(FeedFault fault, FeedHeader header, ReadOnlySpan<byte> bytes, int payloadBytesMax, string place) => fault switch
    {
        FeedFault.TooLarge => new(
            GridErrorCode.TooLarge,
            $"{place} claims a payload of {header.PayloadLength} bytes; at most {payloadBytesMax} are allowed there"),
        FeedFault.Checksum => new(
            GridErrorCode.BadChecksum,
            $"{place} ({header.Type}, {header.PayloadLength} bytes of payload) has the checksum 0x{header.Crc:X8}, but its bytes have 0x{Crc32C.Compute(bytes[CrcFrom..header.FrameBytes]):X8}"),
        FeedFault.Reserved => FeedRefusal.Malformed(
            $"{place} ({header.Type}) has 0x{BinaryPrimitives.ReadUInt16LittleEndian(bytes[10..]):X4} in bytes 10 and 11; version {FeedProtocol.Version} keeps them zero"),
        FeedFault.Incomplete => FeedRefusal.Malformed($"{place} is cut off: {bytes.Length} bytes of it came"),
        _ => default,
    };

    /// <summary>
    /// Completes a frame whose payload is already in place after <see cref="Bytes"/> bytes of <paramref name="frame"/>:
    /// writes the header with the checksum. <paramref name="frame"/> ends with the payload.
    /// </summary>
    public static void Seal(Span<byte> frame, FeedFrameType type, ulong number, byte flags = 0)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(frame, (uint)(frame.Length - Bytes));
        frame[8] = (byte)type;
        frame[9] = flags;
        BinaryPrimitives.WriteUInt16LittleEndian(frame[10..], 0);
        BinaryPrimitives.WriteUInt64LittleEndian(frame[12..], number);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[4..], Crc32C.Compute(frame[CrcFrom..]));
    }

    /// <summary>A frame without payload.</summary>
    public static byte[] Empty(FeedFrameType type, ulong number)
    {
        var frame = new byte[Bytes];
        Seal(frame, type, number);
        return frame;
    }
}
