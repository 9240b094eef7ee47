using Grid.Domain.Events;

namespace Grid.Domain.Feed;

/// <summary>Numbers that both ends of the binary feed agree on. The protocol is described in PROTOCOL.md of the gateway.</summary>
public static class FeedProtocol
{
    /// <summary>The version of the protocol, given in Hello and in Welcome.</summary>
    public const byte Version = 1;

    /// <summary>The port of a server that is not told another.</summary>
    public const int DefaultPort = 7401;

    /// <summary>Largest payload of a frame to the server: one batch.</summary>
    public const int PayloadBytesMax = GridLimits.BatchBytesMax;

    /// <summary>Largest payload of a frame to the client: an Ack with all 256 outcomes.</summary>
    public const int ReplyPayloadBytesMax = AckFrame.PayloadBytesMax;

    /// <summary>The first bytes of a Hello.</summary>
    public static ReadOnlySpan<byte> Magic => "GRIDFEED"u8;
}

/// <summary>What a frame is. Frames to the server are below 64, frames to the client from 64.</summary>
public enum FeedFrameType : byte
{
    /// <summary>Never sent.</summary>
    None = 0,

    /// <summary>Who connects; the first frame. See <see cref="HelloFrame"/>.</summary>
    Hello = 1,

    /// <summary>The next names of one kind; the frame's number is the first name's. See <see cref="NamesFrame"/>.</summary>
    Names = 2,

    /// <summary>A source and how its duplicates are told. See <see cref="SourceFrame"/>.</summary>
    Source = 3,

    /// <summary>One batch; the frame's number is the batch's, the payload that of <see cref="EventBatchEncoder"/>.</summary>
    Batch = 4,

    /// <summary>A sign of life, without payload; answered by a Pong of the same number.</summary>
    Ping = 5,

    /// <summary>The client sends nothing more; without payload.</summary>
    Bye = 6,

    /// <summary>The client's key; before Hello. See <see cref="AuthenticateFrame"/>.</summary>
    Authenticate = 7,

    /// <summary>The feed is open; the frame's number is the last durable batch's. See <see cref="WelcomeFrame"/>.</summary>
    Welcome = 64,

    /// <summary>All batches up to the frame's number are acknowledged. See <see cref="AckFrame"/>.</summary>
    Ack = 65,

    /// <summary>A refusal; the frame's number is the batch's, 0 if it concerns none. See <see cref="ErrorFrame"/>.</summary>
    Error = 66,

    /// <summary>The answer to a Ping.</summary>
    Pong = 67,
}

/// <summary>Why a peer's bytes are refused: a code and one sentence that names value, rule and place.</summary>
/// <param name="Code">The error code; <see cref="GridErrorCode.None"/> if nothing is refused.</param>
/// <param name="Message">The sentence.</param>
public readonly record struct FeedRefusal(GridErrorCode Code, string Message)
{
    internal static FeedRefusal Malformed(string message) => new(GridErrorCode.Malformed, message);
}
