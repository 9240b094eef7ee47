using System.Buffers.Binary;

namespace Grid.Storage.Journal;

/// <summary>Payload of a gap frame: the last LSN lost (u64; the frame's own is the first), and bytes lost (u64).</summary>
internal static class GapPayload
{
    public const int Bytes = 16;

    public static void Write(Span<byte> to, ulong lostThrough, long lostBytes)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(to, lostThrough);
        BinaryPrimitives.WriteInt64LittleEndian(to[8..], lostBytes);
    }

    public static ulong LostThrough(ReadOnlySpan<byte> payload) => BinaryPrimitives.ReadUInt64LittleEndian(payload);
}
