namespace Grid.Domain;

/// <summary>
/// Errors that a client can meet. Numbers are part of the protocols and never reused. HTTP status and whether trying again
/// can help: <see cref="GridError"/>.
/// </summary>
public enum GridErrorCode
{
    /// <summary>No error.</summary>
    None = 0,

    /// <summary>A request or frame is not well formed.</summary>
    Malformed = 1,

    /// <summary>A frame's CRC does not match its bytes.</summary>
    BadChecksum = 2,

    /// <summary>A protocol or payload version that this server does not speak.</summary>
    UnsupportedVersion = 3,

    /// <summary>Something is larger than its limit in <see cref="GridLimits"/>.</summary>
    TooLarge = 4,

    /// <summary>A name (symbol, source, venue, channel, producer) breaks its rule.</summary>
    BadName = 5,

    /// <summary>A batch refers to a name or source that the producer did not announce.</summary>
    UnknownName = 6,

    /// <summary>A source was declared before with other properties.</summary>
    SourceDiffers = 7,

    /// <summary>A batch number was used before with other content.</summary>
    BatchNumberReused = 8,

    /// <summary>A batch number leaves out one that was never received.</summary>
    BatchNumberSkipped = 9,

    /// <summary>A batch number is older than the batches whose content is remembered.</summary>
    BatchTooOld = 10,

    /// <summary>The producer is connected with a newer epoch.</summary>
    EpochStale = 11,

    /// <summary>The producer is already connected with this epoch.</summary>
    ProducerBusy = 12,

    /// <summary>The acknowledgement asked for is not to be had here.</summary>
    AckUnavailable = 13,

    /// <summary>No such instrument.</summary>
    InstrumentNotFound = 14,

    /// <summary>A query's argument is outside its range.</summary>
    BadArgument = 15,

    /// <summary>Storage failed; the server stops or has stopped taking events.</summary>
    StorageFailed = 16,

    /// <summary>The server is stopping.</summary>
    Stopping = 17,

    /// <summary>Too many connections.</summary>
    TooManyConnections = 18,

    /// <summary>What the server still owes to slower storage has reached its limit.</summary>
    Overloaded = 19,

    /// <summary>The other side said nothing, or not all of something, in the time it is given.</summary>
    TimedOut = 20,

    /// <summary>The server cannot be reached. Met by clients only.</summary>
    Unreachable = 21,

    /// <summary>There is nothing under this address.</summary>
    NotFound = 22,

    /// <summary>There is something under this address, but not for this method.</summary>
    MethodNotAllowed = 23,

    /// <summary>A body is of a kind, or compressed in a way, that is not understood.</summary>
    UnsupportedContent = 24,

    /// <summary>A key is missing, unknown, expired or revoked.</summary>
    Unauthorized = 30,

    /// <summary>The key's role, sources or producers do not allow it.</summary>
    Forbidden = 31,

    /// <summary>The key's rate is used up, or too many wrong keys came from an address.</summary>
    RateLimited = 32,

    /// <summary>The two sides do not agree on TLS, or one does not trust the other's certificate. Met by clients only.</summary>
    TlsFailed = 33,

    /// <summary>A subscriber that asked to be closed rather than conflated fell too far behind, or took nothing for too long.</summary>
    TooSlow = 40,
}

/// <summary>The public table of error codes.</summary>
public static class GridError
{
    /// <summary>The HTTP status that an error has.</summary>
    public static int HttpStatus(GridErrorCode code) => code switch
    {
        GridErrorCode.None => 200,
        GridErrorCode.Unauthorized => 401,
        GridErrorCode.Forbidden => 403,
        GridErrorCode.InstrumentNotFound or GridErrorCode.NotFound => 404,
        GridErrorCode.MethodNotAllowed => 405,
        GridErrorCode.SourceDiffers or GridErrorCode.BatchNumberReused or GridErrorCode.BatchNumberSkipped
            or GridErrorCode.BatchTooOld or GridErrorCode.EpochStale or GridErrorCode.ProducerBusy => 409,
        GridErrorCode.TimedOut or GridErrorCode.TooSlow => 408,
        GridErrorCode.TooLarge => 413,
        GridErrorCode.UnsupportedContent => 415,
        GridErrorCode.AckUnavailable => 422,
        GridErrorCode.TooManyConnections or GridErrorCode.Overloaded or GridErrorCode.RateLimited => 429,
        GridErrorCode.StorageFailed or GridErrorCode.Stopping or GridErrorCode.Unreachable or GridErrorCode.TlsFailed => 503,
        _ => 400,
    };

    /// <summary>True if the same request may succeed later without a change.</summary>
    public static bool MayRetry(GridErrorCode code) => code is GridErrorCode.BadChecksum or GridErrorCode.ProducerBusy
        or GridErrorCode.StorageFailed or GridErrorCode.Stopping or GridErrorCode.TooManyConnections or GridErrorCode.Overloaded
        or GridErrorCode.TimedOut or GridErrorCode.Unreachable or GridErrorCode.RateLimited or GridErrorCode.TooSlow;
}

/// <summary>A request that Grid refuses, with a sentence that names the value, the rule and the place.</summary>
public sealed class GridException : Exception
{
    /// <summary>A refusal.</summary>
    public GridException(GridErrorCode code, string message)
        : base(message) => Code = code;

    /// <summary>A refusal with what caused it.</summary>
    public GridException(GridErrorCode code, string message, Exception inner)
        : base(message, inner) => Code = code;

    /// <summary>A refusal without a known code.</summary>
    public GridException(string message)
        : this(GridErrorCode.Malformed, message)
    {
    }

    /// <summary>A refusal without a known code.</summary>
    public GridException(string message, Exception inner)
        : this(GridErrorCode.Malformed, message, inner)
    {
    }

    /// <summary>A refusal without a known code.</summary>
    public GridException()
        : this(GridErrorCode.Malformed, "refused")
    {
    }

    /// <summary>What kind of refusal.</summary>
    public GridErrorCode Code { get; }
}
