using System.Buffers.Binary;

namespace Grid.Domain.Feed;

/// <summary>The server's answer to Hello: the feed is open, and what the server allows. The frame's number is the last durable batch's.</summary>
/// <remarks>
/// <code>payload := version:u8  zero:u8*3  payloadBytesMax:u32  batchEventsMax:u32  outstandingBatchesMax:u32</code>
/// </remarks>
/// <param name="PayloadBytesMax">Largest payload of a frame to the server.</param>
/// <param name="BatchEventsMax">Most events of one batch.</param>
/// <param name="OutstandingBatchesMax">Most batches that may be sent and not yet acknowledged.</param>
public readonly record struct WelcomeFrame(int PayloadBytesMax, int BatchEventsMax, int OutstandingBatchesMax)
{
    private const int Bytes = 16;

    /// <summary>The whole frame.</summary>
    public byte[] ToFrame(ulong lastDurableBatch)
    {
        var frame = new byte[FeedHeader.Bytes + Bytes];
        var payload = frame.AsSpan(FeedHeader.Bytes);
        payload[0] = FeedProtocol.Version;
        BinaryPrimitives.WriteInt32LittleEndian(payload[4..], PayloadBytesMax);
        BinaryPrimitives.WriteInt32LittleEndian(payload[8..], BatchEventsMax);
        BinaryPrimitives.WriteInt32LittleEndian(payload[12..], OutstandingBatchesMax);
        FeedHeader.Seal(frame, FeedFrameType.Welcome, lastDurableBatch);
        return frame;
    }

    /// <summary>Reads a payload; false with a refusal if it is not well formed or of another version.</summary>
    public static bool TryRead(ReadOnlySpan<byte> payload, out WelcomeFrame welcome, out FeedRefusal refusal)
    {
        welcome = default;
        if (payload.IsEmpty || payload[0] != FeedProtocol.Version)
        {
            refusal = payload.IsEmpty
                ? FeedRefusal.Malformed("Welcome has no payload")
                : new(GridErrorCode.UnsupportedVersion, $"the server answers with protocol version {payload[0]}; this client speaks version {FeedProtocol.Version}");
            return false;
        }

        if (payload.Length != Bytes)
        {
            refusal = FeedRefusal.Malformed($"Welcome has {payload.Length} bytes of payload; it has {Bytes}");
            return false;
        }

        welcome = new WelcomeFrame(
            BinaryPrimitives.ReadInt32LittleEndian(payload[4..]),
            BinaryPrimitives.ReadInt32LittleEndian(payload[8..]),
            BinaryPrimitives.ReadInt32LittleEndian(payload[12..]));
        refusal = welcome is { PayloadBytesMax: > 0, BatchEventsMax: > 0, OutstandingBatchesMax: > 0 }
            ? default
            : FeedRefusal.Malformed($"Welcome has a limit that is not positive: {welcome}");
        return refusal.Code == GridErrorCode.None;
    }
}
