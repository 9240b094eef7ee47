using System.Buffers.Binary;
using Grid.Domain.Identifiers;

namespace Grid.Storage.Journal;

/// <summary>
/// Payload of a dictionary frame: kind (1 byte), 3 zeros, index of the first name (u32), names (u32), then for each
/// its length (1 byte) and its bytes.
/// </summary>
internal static class DictionaryPayload
{
    public const int HeadBytes = 12;

    /// <summary>Names of one frame: with 1 MB a reader's buffer need not grow.</summary>
    public const int NamesBytesMax = 1 << 20;

    public const int Kinds = 4;

    public static void WriteHead(Span<byte> to, NameKind kind, int firstIndex, int names)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to, (byte)kind);
        BinaryPrimitives.WriteInt32LittleEndian(to[4..], firstIndex);
        BinaryPrimitives.WriteInt32LittleEndian(to[8..], names);
    }

    /// <summary>Adds the names of a payload to the list of its kind; false if it is malformed or does not continue it.</summary>
    public static bool TryRead(ReadOnlySpan<byte> payload, List<byte[]>[] lists)
    {
        if (payload.Length < HeadBytes || BinaryPrimitives.ReadUInt32LittleEndian(payload) >= Kinds)
        {
            return false;
        }

        var list = lists[payload[0]];
        var names = BinaryPrimitives.ReadInt32LittleEndian(payload[8..]);
        if (BinaryPrimitives.ReadInt32LittleEndian(payload[4..]) != list.Count || names < 0)
        {
            return false;
        }

        var rest = payload[HeadBytes..];
        while (rest.Length > 0 && rest.Length > rest[0])
        {
            list.Add(rest.Slice(1, rest[0]).ToArray());
            rest = rest[(1 + rest[0])..];
            names--;
        }

        return rest.IsEmpty && names == 0;
    }
}
