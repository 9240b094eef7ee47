namespace Grid.Domain;

/// <summary>Every limit on what a client controls, with its arithmetic. A limit that is reached is an error that names it.</summary>
public static class GridLimits
{
    /// <summary>Longest symbol, source, venue, channel or producer name in bytes.</summary>
    public const int NameBytesMax = 64;

    /// <summary>Instruments of one process: 16 million, at about 1 KB each 16 GB; memory ends before the number does.</summary>
    public const int InstrumentsMax = 1 << 24;

    /// <summary>Sources of one process: the event carries 16 bits, of which 0 means none.</summary>
    public const int SourcesMax = 1 << 16;

    /// <summary>Venues of one process: the event carries 16 bits, of which 0 means none.</summary>
    public const int VenuesMax = 1 << 16;

    /// <summary>Channels of one process: twice the instruments, for sources with a channel per instrument and kind.</summary>
    public const int ChannelsMax = 1 << 25;

    /// <summary>Events of one batch.</summary>
    public const int BatchEventsMax = 1 << 14;

    /// <summary>Largest fixed part of an encoded event: 5 bytes of control, 28 of context, 7 fields of 8, 2 of extension length.</summary>
    public const int EventRowBytesMax = 5 + 28 + (7 * 8) + 2;

    /// <summary>Largest extension of an encoded event (a run's or a definition's wider fields).</summary>
    public const int EventExtensionBytesMax = 1024;

    /// <summary>Bytes of one encoded batch: 16,384 rows of at most 91 bytes are 1.5 MB; wide events fill it sooner and are split.</summary>
    public const int BatchBytesMax = 4 << 20;

    /// <summary>Sequence ranges that a window keeps before the oldest are folded into "older than the window".</summary>
    public const int SequenceRangesMax = 1024;

    /// <summary>Batches of one producer epoch whose content is remembered, to tell a retry from a number that is used again.</summary>
    public const int ProducerBatchesRemembered = 1024;

    /// <summary>Amendments (cancels, corrections) kept per instrument while their trades may still come or change.</summary>
    public const int AmendmentsMax = 4096;

    /// <summary>Feed connections of one server: at about 10 KB while idle, 160 MB.</summary>
    public const int FeedConnectionsMax = 1 << 14;

    /// <summary>Batches that a producer may have sent and not yet acknowledged: a retry must still find every one of them among <see cref="ProducerBatchesRemembered"/>.</summary>
    public const int FeedOutstandingBatchesMax = ProducerBatchesRemembered / 2;

    /// <summary>HTTP connections of one server: at about 20 KB each, 1.3 GB.</summary>
    public const int HttpConnectionsMax = 1 << 16;

    /// <summary>Bytes of a request's body: a million definitions at 256 bytes.</summary>
    public const int HttpBodyBytesMax = 256 << 20;

    /// <summary>Origins whose pages may read over HTTP: each request with an origin is compared to all of them.</summary>
    public const int CorsOriginsMax = 64;

    /// <summary>Rows (ticks, bars, instruments, quarantined events) of one answer; a longer history is asked for in pieces.</summary>
    public const int QueryRowsMax = 10_000_000;
}
