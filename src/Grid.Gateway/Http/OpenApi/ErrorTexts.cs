using Grid.Domain;

namespace Grid.Gateway.Http.OpenApi;

/// <summary>What each error code means, for the description of the interface.</summary>
internal static class ErrorTexts
{
    public static string Of(GridErrorCode code) => code switch
    {
        GridErrorCode.None => "No error.",
        GridErrorCode.Malformed => "The request is not well formed.",
        GridErrorCode.BadChecksum => "A frame's checksum does not match its bytes.",
        GridErrorCode.UnsupportedVersion => "The server does not speak this version.",
        GridErrorCode.TooLarge => "Something is larger than its limit.",
        GridErrorCode.BadName => "A name breaks the rule of names.",
        GridErrorCode.UnknownName => "A batch refers to a name that was not announced.",
        GridErrorCode.SourceDiffers => "A source was declared before with other properties.",
        GridErrorCode.BatchNumberReused => "A batch number was used before with other content.",
        GridErrorCode.BatchNumberSkipped => "A batch number leaves out one that was never received.",
        GridErrorCode.BatchTooOld => "A batch number is older than those remembered.",
        GridErrorCode.EpochStale => "The producer is connected with a newer epoch.",
        GridErrorCode.ProducerBusy => "The producer is connected elsewhere.",
        GridErrorCode.AckUnavailable => "The acknowledgement asked for is not to be had here.",
        GridErrorCode.InstrumentNotFound => "There is no such instrument, or nothing is known of it.",
        GridErrorCode.BadArgument => "An argument is not known, out of its range, or missing.",
        GridErrorCode.StorageFailed => "Storage failed; the server takes no more events.",
        GridErrorCode.Stopping => "The server is stopping.",
        GridErrorCode.TooManyConnections => "There are too many connections.",
        GridErrorCode.Overloaded => "The server owes too much to slower storage.",
        GridErrorCode.TimedOut => "The other side took too long.",
        GridErrorCode.Unreachable => "The server cannot be reached; met by clients only.",
        GridErrorCode.NotFound => "There is nothing under this address.",
        GridErrorCode.MethodNotAllowed => "What is under this address is not for this method; Allow says which are.",
        GridErrorCode.UnsupportedContent => "A body is of a kind, or compressed in a way, that is not understood.",
        GridErrorCode.Unauthorized => "A key is missing, unknown, expired or revoked.",
        GridErrorCode.Forbidden => "The key's role, sources or producers do not allow it.",
        GridErrorCode.RateLimited => "The key's rate is used up, or too many wrong keys came from an address.",
        GridErrorCode.TlsFailed => "The two sides do not agree on TLS; met by clients only.",
        GridErrorCode.TooSlow => "A subscriber that asked to be closed rather than conflated fell too far behind.",
        _ => throw new ArgumentOutOfRangeException(nameof(code), code, "an error code without a text"),
    };
}
