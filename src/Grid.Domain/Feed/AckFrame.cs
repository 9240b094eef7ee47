using System.Buffers.Binary;
using Grid.Domain.Validation;

namespace Grid.Domain.Feed;

/// <summary>
/// A cumulative acknowledgement: all batches up to the frame's number, with the events and outcomes since the connection
/// was opened.
/// </summary>
/// <remarks>
/// <code>payload := events:u64  pairs:u16  (outcome:u8  count:u64)*pairs</code>
/// Outcomes that did not occur have no pair; with acknowledgement <c>received</c> there are none.
/// </remarks>
public static class AckFrame
{
    /// <summary>Largest payload: a pair for each of the 256 outcomes.</summary>
    public const int PayloadBytesMax = FixedBytes + (256 * PairBytes);

    private const int FixedBytes = 10;
    private const int PairBytes = 9;

    /// <summary>Writes the whole frame and gives its bytes.</summary>
    public static int Write(Span<byte> frame, ulong batch, long events, OutcomeCounts counts)
    {
        ArgumentNullException.ThrowIfNull(counts);
        var payload = frame[FeedHeader.Bytes..];
        BinaryPrimitives.WriteInt64LittleEndian(payload, events);
        var pairs = 0;
        var at = FixedBytes;
        for (var value = 0; value < 256; value++)
        {
            var count = counts[new Outcome((byte)value)];
            if (count != 0)
            {
                payload[at] = (byte)value;
                BinaryPrimitives.WriteInt64LittleEndian(payload[(at + 1)..], count);
                at += PairBytes;
                pairs++;
            }
        }

        BinaryPrimitives.WriteUInt16LittleEndian(payload[8..], (ushort)pairs);
        FeedHeader.Seal(frame[..(FeedHeader.Bytes + at)], FeedFrameType.Ack, batch);
        return FeedHeader.Bytes + at;
    }

    /// <summary>Reads a payload, replacing the content of <paramref name="counts"/>; false with a refusal if it is not well formed.</summary>
    public static bool TryRead(ReadOnlySpan<byte> payload, OutcomeCounts counts, out long events, out FeedRefusal refusal)
    {
        ArgumentNullException.ThrowIfNull(counts);
        counts.Clear();
        events = 0;
        refusal = default;
        if (payload.Length < FixedBytes)
        {
            refusal = FeedRefusal.Malformed($"Ack has {payload.Length} bytes of payload; it has at least {FixedBytes}");
            return false;
        }

        var pairs = BinaryPrimitives.ReadUInt16LittleEndian(payload[8..]);
        if (payload.Length != FixedBytes + (pairs * PairBytes))
        {
            refusal = FeedRefusal.Malformed($"Ack says that it has {pairs} outcomes, which take {FixedBytes + (pairs * PairBytes)} bytes, but has {payload.Length}");
            return false;
        }

        events = BinaryPrimitives.ReadInt64LittleEndian(payload);
        for (var rest = payload[FixedBytes..]; !rest.IsEmpty; rest = rest[PairBytes..])
        {
            counts.Add(new Outcome(rest[0]), BinaryPrimitives.ReadInt64LittleEndian(rest[1..]));
        }

        return true;
    }
}
