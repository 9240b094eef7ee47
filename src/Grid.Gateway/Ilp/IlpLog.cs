using Microsoft.Extensions.Logging;

namespace Grid.Gateway.Ilp;

/// <summary>What line protocol over TCP says to the log.</summary>
internal static partial class IlpLog
{
    [LoggerMessage(Level = LogLevel.Information, Message = "ilp listens on {EndPoint}")]
    public static partial void Listening(ILogger log, string endPoint);

    [LoggerMessage(Level = LogLevel.Debug, Message = "ilp {Peer} opened: key {KeyId}")]
    public static partial void Opened(ILogger log, string peer, string keyId);

    [LoggerMessage(Level = LogLevel.Debug, Message = "ilp {Peer} made no TLS handshake: {Reason}")]
    public static partial void NoHandshake(ILogger log, string peer, string reason);

    [LoggerMessage(Level = LogLevel.Debug, Message = "ilp {Peer} closed after {Events} events and {Refused} refused lines: {Reason}")]
    public static partial void Closed(ILogger log, string peer, long events, long refused, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "ilp {Peer} {Fault}")]
    public static partial void Refused(ILogger log, string peer, string fault);

    [LoggerMessage(Level = LogLevel.Warning, Message = "ilp {Peer} has sent {Count} bad lines; further ones are only counted")]
    public static partial void OnlyCountedFromNow(ILogger log, string peer, long count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "ilp {Peer} was turned away: {ConnectionsMax} connections are open")]
    public static partial void TurnedAway(ILogger log, string peer, int connectionsMax);

    [LoggerMessage(Level = LogLevel.Error, Message = "ilp {Peer} failed unexpectedly")]
    public static partial void Unexpected(ILogger log, string peer, Exception e);
}
