using Microsoft.Extensions.Logging;

namespace Grid.Gateway.Feed;

/// <summary>What the feed server says to the log.</summary>
internal static partial class FeedLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "feed listens on {EndPoint}")]
    public static partial void Listening(ILogger log, string endPoint);

    [LoggerMessage(Level = LogLevel.Debug, Message = "feed {Peer} opened: key {KeyId}, producer {Producer}, epoch {Epoch}, last durable batch {Batch}")]
    public static partial void Opened(ILogger log, string peer, string keyId, string producer, ulong epoch, ulong batch);

    [LoggerMessage(Level = LogLevel.Debug, Message = "feed {Peer} closed after {Frames} frames: {Reason}")]
    public static partial void Closed(ILogger log, string peer, long frames, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "feed {Peer} was closed by the client inside {Place}: {Bytes} bytes of it came")]
    public static partial void HalfFrame(ILogger log, string peer, FeedPlace place, int bytes);

    [LoggerMessage(Level = LogLevel.Debug, Message = "feed {Peer} made no TLS handshake: {Reason}")]
    public static partial void NoHandshake(ILogger log, string peer, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "feed {Peer} was turned away: {Max} connections are open")]
    public static partial void TurnedAway(ILogger log, string peer, int max);

    [LoggerMessage(Level = LogLevel.Error, Message = "feed {Peer} failed unexpectedly")]
    public static partial void Unexpected(ILogger log, string peer, Exception e);

    [LoggerMessage(Level = LogLevel.Error, Message = "{EndPoint} cannot accept connections for now")]
    public static partial void CannotAccept(ILogger log, string endPoint, Exception e);
}
