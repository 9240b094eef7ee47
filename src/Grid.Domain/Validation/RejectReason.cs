namespace Grid.Domain.Validation;

/// <summary>
/// Why an event was not accepted as it is. Numbers are never reused; rules are asked in this order, and the first that
/// rejects, else the first that flags, is the reason. 1 to 15 come from deduplication, 16 and up from validation. At most 63.
/// </summary>
public enum RejectReason : byte
{
    /// <summary>None: accepted without a mark.</summary>
    None = 0,

    /// <summary>The sequence number was seen before in its domain and instrument, or the content inside the content window.</summary>
    AlreadySeen = 1,

    /// <summary>The sequence number is older than the window can tell; kept in quarantine, not applied.</summary>
    OlderThanWindow = 2,

    /// <summary>The policy of the source is <c>sequence</c>, but the event has no sequence number.</summary>
    SequenceMissing = 3,

    /// <summary>The event is of another source or channel than the <see cref="GridLimits.WindowsPerInstrumentMax"/> whose numbers are kept of its instrument.</summary>
    TooManyWindows = 4,

    /// <summary>The instrument has no definition, and the source asks for that to be marked or refused.</summary>
    UnknownInstrument = 16,

    /// <summary>A price is zero or negative where the class does not allow it, or a quote side that is set has none.</summary>
    PriceNotPositive = 17,

    /// <summary>A size is negative.</summary>
    SizeNegative = 18,

    /// <summary>A trade's size is zero.</summary>
    SizeZero = 19,

    /// <summary>A size is over the class's limit.</summary>
    SizeOverLimit = 20,

    /// <summary>The event time is further ahead of the receive time than the class allows.</summary>
    TimeAhead = 21,

    /// <summary>The event time is further behind the receive time than the class allows.</summary>
    TimeTooOld = 22,

    /// <summary>The event time is outside the session hours of the class's calendar.</summary>
    OutsideSession = 23,

    /// <summary>A price is no multiple of the tick size.</summary>
    OffTick = 24,

    /// <summary>A quote's bid is above its ask.</summary>
    Crossed = 25,

    /// <summary>A quote's bid equals its ask.</summary>
    Locked = 26,

    /// <summary>A trade's price is further from the last price than the class's band.</summary>
    PriceBand = 27,

    /// <summary>The source itself doubts the event.</summary>
    Suspicious = 28,

    /// <summary>A run's CUSIP differs from the one its instrument is defined with.</summary>
    CusipMismatch = 29,

    /// <summary>An amendment cannot be kept: the instrument holds its limit of them.</summary>
    TooManyAmendments = 30,

    /// <summary>A definition cannot be kept: the instrument holds its limit of definitions that each hold for some time.</summary>
    TooManyDefinitions = 31,

    /// <summary>A run or definition names a CUSIP that is new, and the grid holds its limit of them.</summary>
    TooManyCusips = 32,

    /// <summary>The database that a cluster is kept in does not take the event; what it said stands beside it in the quarantine.</summary>
    NotStorable = 33,
}
