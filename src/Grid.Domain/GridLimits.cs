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

    /// <summary>Names that one feed numbers: two million instruments with a channel each; at about 150 bytes 600 MB.</summary>
    public const int FeedNamesMax = 1 << 22;

    /// <summary>Names that all open feeds together number: at about 150 bytes 2.4 GB.</summary>
    public const int FeedNamesTotalMax = 1 << 24;

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

    /// <summary>
    /// Sequence windows of one instrument: 16 sources with the 64 sessions that are kept of each, or more with fewer. At 100 bytes
    /// while numbers come in order 100 KB, at 16 KB with all windows full of holes 16 MB.
    /// </summary>
    public const int WindowsPerInstrumentMax = 1 << 10;

    /// <summary>Contiguous sequence domains whose gaps are told: a million channels; at about 200 bytes 200 MB.</summary>
    public const int GapDomainsMax = 1 << 20;

    /// <summary>Open gaps of all domains together: at 16 bytes, and as much again for room to grow, 128 MB.</summary>
    public const int OpenGapsMax = 1 << 22;

    /// <summary>Batches of one producer epoch whose content is remembered, to tell a retry from a number that is used again.</summary>
    public const int ProducerBatchesRemembered = 1024;

    /// <summary>Amendments (cancels, corrections) kept per instrument while their trades may still come or change.</summary>
    public const int AmendmentsMax = 4096;

    /// <summary>Definitions kept per instrument of which each holds for some time: one for each month of 80 years.</summary>
    public const int DefinitionsPerInstrumentMax = 1024;

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

    /// <summary>Requests that publish at the same time, each with a feed and up to 4 MB of encoded events: 256 MB.</summary>
    public const int PublisherFeedsMax = 64;

    /// <summary>Names that a feed of the server's own numbers before it is opened anew: at about 100 bytes each 25 MB.</summary>
    public const int PublisherNamesMax = 1 << 18;

    /// <summary>Bytes that the compressed body of a request may become.</summary>
    public const int HttpInflatedBytesMax = 1 << 30;

    /// <summary>How many times larger than itself a compressed body may become, once it is larger than <see cref="HttpInflatedBytesFree"/>; market data as text becomes 4 to 20 times larger.</summary>
    public const int HttpInflatedRatioMax = 200;

    /// <summary>Bytes that a compressed body may become whatever its own size is.</summary>
    public const int HttpInflatedBytesFree = 1 << 20;

    /// <summary>Bytes of one line or row of a body, and of one line of a line-protocol connection.</summary>
    public const int RowBytesMax = 1 << 20;

    /// <summary>Line-protocol connections of one server: at about 100 KB while busy, 1.6 GB.</summary>
    public const int IlpConnectionsMax = 1 << 14;

    /// <summary>Malformed rows of a request that its answer shows; the others are counted.</summary>
    public const int RowFaultsShownMax = 100;
    /// <summary>Bytes of a request's headers, all together.</summary>
    public const int HttpHeaderBytesMax = 32 << 10;

    /// <summary>Keys of a key file: all are in memory, at about 1 KB each 10 MB.</summary>
    public const int KeysMax = 10_000;

    /// <summary>Bytes of a key file: <see cref="KeysMax"/> at 1.6 KB.</summary>
    public const int KeyFileBytesMax = 16 << 20;

    /// <summary>Addresses whose refused keys are counted: at about 150 bytes each, 10 MB.</summary>
    public const int FailingAddressesMax = 1 << 16;
}
