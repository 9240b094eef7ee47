using System.Buffers.Binary;
using System.Text;

namespace Grid.Domain.Feed;

/// <summary>
/// A refusal. The frame's number is the batch that is refused, 0 if none; flag bit 0 is set if the server closes the
/// connection after it.
/// </summary>
/// <remarks>
/// <code>payload := code:u16 (GridErrorCode)  message:UTF-8</code>
/// </remarks>
/// <param name="Code">What kind of refusal.</param>
/// <param name="Message">One sentence with value, rule and place.</param>
public readonly record struct ErrorFrame(GridErrorCode Code, string Message)
{
    /// <summary>Longest message in bytes; a longer one is cut.</summary>
    public const int MessageBytesMax = 1024;

    /// <summary>The flag of an error after which the server closes the connection.</summary>
    public const byte Fatal = 1;

    private const int FixedBytes = 2;

    /// <summary>The whole frame.</summary>
    public byte[] ToFrame(ulong batch, bool isFatal)
    {
        Span<byte> text = stackalloc byte[MessageBytesMax];
        Encoding.UTF8.GetEncoder().Convert(Message, text, flush: true, out _, out var length, out _);
        var frame = new byte[FeedHeader.Bytes + FixedBytes + length];
        BinaryPrimitives.WriteUInt16LittleEndian(frame.AsSpan(FeedHeader.Bytes), (ushort)Code);
        text[..length].CopyTo(frame.AsSpan(FeedHeader.Bytes + FixedBytes));
        FeedHeader.Seal(frame, FeedFrameType.Error, batch, isFatal ? Fatal : (byte)0);
        return frame;
    }

    /// <summary>Reads a payload; false with a refusal if it is not well formed.</summary>
    public static bool TryRead(ReadOnlySpan<byte> payload, out ErrorFrame error, out FeedRefusal refusal)
    {
        error = default;
        if (payload.Length is < FixedBytes or > FixedBytes + MessageBytesMax)
        {
            refusal = FeedRefusal.Malformed($"Error has {payload.Length} bytes of payload; it has {FixedBytes} to {FixedBytes + MessageBytesMax}");
            return false;
        }

        error = new ErrorFrame((GridErrorCode)BinaryPrimitives.ReadUInt16LittleEndian(payload), Encoding.UTF8.GetString(payload[FixedBytes..]));
        refusal = default;
        return true;
    }
}
