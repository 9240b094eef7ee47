using System.Buffers.Binary;
using Grid.Domain.Identifiers;

namespace Grid.Domain.Feed;

/// <summary>
/// The next names of one kind. A producer numbers the names of each kind from 1 without holes and never changes one
/// within an epoch; the frame's number is the first name's.
/// </summary>
/// <remarks>
/// <code>payload := kind:u8  zero:u8  count:u16  (length:u8  name)*count</code>
/// </remarks>
public readonly ref struct NamesFrame
{
    /// <summary>Most names of one frame.</summary>
    public const int CountMax = ushort.MaxValue;

    private const int FixedBytes = 4;

    private readonly ReadOnlySpan<byte> _names;

    private NamesFrame(NameKind kind, int count, ReadOnlySpan<byte> names)
    {
        Kind = kind;
        Count = count;
        _names = names;
    }

    /// <summary>What the names name.</summary>
    public NameKind Kind { get; }

    /// <summary>How many names.</summary>
    public int Count { get; }

    /// <summary>Reads a payload; false with a refusal if its lengths do not add up. Whether each name keeps the rule is not looked at.</summary>
    public static bool TryRead(ReadOnlySpan<byte> payload, out NamesFrame names, out FeedRefusal refusal)
    {
        names = default;
        if (payload.Length < FixedBytes)
        {
            refusal = FeedRefusal.Malformed($"Names has {payload.Length} bytes of payload; it has at least {FixedBytes}");
            return false;
        }

        if (payload[0] > (byte)NameKind.Channel)
        {
            refusal = FeedRefusal.Malformed($"Names has the kind {payload[0]}; 0 (instrument), 1 (source), 2 (venue) and 3 (channel) are known");
            return false;
        }

        var count = BinaryPrimitives.ReadUInt16LittleEndian(payload[2..]);
        var rest = payload[FixedBytes..];
        for (var i = 0; i < count; i++)
        {
            if (rest.IsEmpty || rest.Length <= rest[0])
            {
                refusal = FeedRefusal.Malformed($"Names says that it has {count} names, but name {i + 1} ends beyond the payload");
                return false;
            }

            rest = rest[(1 + rest[0])..];
        }

        if (!rest.IsEmpty)
        {
            refusal = FeedRefusal.Malformed($"Names has {rest.Length} bytes after its {count} names; none are allowed");
            return false;
        }

        names = new NamesFrame((NameKind)payload[0], count, payload[FixedBytes..]);
        refusal = default;
        return true;
    }

    /// <summary>
    /// Writes a frame with the names of <paramref name="table"/> from <paramref name="first"/> up to at most
    /// <paramref name="last"/>, as many as fit <paramref name="frame"/>; gives the frame's bytes and the number of names.
    /// </summary>
    public static int Write(Span<byte> frame, NameKind kind, NameTable table, int first, int last, out int count)
    {
        ArgumentNullException.ThrowIfNull(table);
        var at = FeedHeader.Bytes + FixedBytes;
        var next = first;
        while (next <= last && next - first < CountMax)
        {
            var name = table[next];
            if (at + 1 + name.Length > frame.Length)
            {
                break;
            }

            frame[at] = (byte)name.Length;
            name.CopyTo(frame[(at + 1)..]);
            at += 1 + name.Length;
            next++;
        }

        count = next - first;
        frame[FeedHeader.Bytes] = (byte)kind;
        frame[FeedHeader.Bytes + 1] = 0;
        BinaryPrimitives.WriteUInt16LittleEndian(frame[(FeedHeader.Bytes + 2)..], (ushort)count);
        FeedHeader.Seal(frame[..at], FeedFrameType.Names, (ulong)first);
        return at;
    }

    /// <summary>The names, in order.</summary>
    public Enumerator GetEnumerator() => new(_names);

    /// <summary>Goes through the names.</summary>
    public ref struct Enumerator
    {
        private ReadOnlySpan<byte> _rest;

        internal Enumerator(ReadOnlySpan<byte> names) => _rest = names;

        /// <summary>The name.</summary>
        public ReadOnlySpan<byte> Current { get; private set; }

        /// <summary>Goes to the next name; false after the last.</summary>
        public bool MoveNext()
        {
            if (_rest.IsEmpty)
            {
                return false;
            }

            Current = _rest.Slice(1, _rest[0]);
            _rest = _rest[(1 + Current.Length)..];
            return true;
        }
    }
}
