using Grid.Domain;
using Grid.Domain.Cusips;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;
using Grid.Runtime.Metrics;

namespace Grid.Runtime;

/// <summary>
/// The grid as a gateway sees it: feeds go in, queries are answered. One implementation is a single process, the other a
/// cluster. What is asked wrongly throws <see cref="GridException"/> with a code.
/// </summary>
public interface IGrid : IAsyncDisposable
{
    /// <summary>The names of this process.</summary>
    GridNames Names { get; }

    /// <summary>Completes when the grid stopped by itself, with the cause: storage that failed.</summary>
    Task Failure { get; }

    /// <summary>Opens a producer's feed. The listener is called from the grid's own threads and must not block.</summary>
    /// <exception cref="GridException">EpochStale, ProducerBusy, AckUnavailable, BadName, Stopping.</exception>
    ValueTask<IFeed> OpenFeedAsync(FeedHello hello, IFeedListener listener, CancellationToken cancel);

    /// <summary>What is known of one instrument now; false if it is not known.</summary>
    bool TryGetLatest(InstrumentId instrument, out Latest latest);

    /// <summary>The same for a thread that must not wait: false also if the instrument was being written in all of a few attempts, which <paramref name="isBusy"/> says.</summary>
    bool TryGetLatest(InstrumentId instrument, out Latest latest, out bool isBusy);

    /// <summary>Instruments whose symbol matches a pattern (<c>*</c> any text, <c>?</c> one character), in symbol order after <paramref name="after"/>.</summary>
    ValueTask<IReadOnlyList<InstrumentId>> FindInstrumentsAsync(string pattern, string? after, int limit, CancellationToken cancel);

    /// <summary>Ticks (trades, quotes, runs, amendments) of one instrument with from ≤ event time &lt; to, in event order, the first <paramref name="limit"/>.</summary>
    ValueTask<TickPage> GetTicksAsync(InstrumentId instrument, UnixNanos from, UnixNanos to, int limit, CancellationToken cancel);

    /// <summary>The same behind a place: a page's <see cref="TickPage.Next"/>, with which nothing that was there then is left out or given again.</summary>
    ValueTask<TickPage> GetTicksAfterAsync(InstrumentId instrument, TickPosition after, UnixNanos to, int limit, CancellationToken cancel);

    /// <summary>What each source quotes for an instrument, in the order of the sources' names.</summary>
    ValueTask<IReadOnlyList<SourceQuote>> GetQuotesAsync(InstrumentId instrument, CancellationToken cancel);

    /// <summary>Bars of one instrument whose start is in [from, to), oldest first, the first <paramref name="limit"/>. An interval without any event has no bar.</summary>
    ValueTask<IReadOnlyList<Bar>> GetBarsAsync(InstrumentId instrument, long intervalNs, UnixNanos from, UnixNanos to, int limit, CancellationToken cancel);

    /// <summary>The definition of an instrument that is valid now, or null.</summary>
    ValueTask<InstrumentDefinition?> GetDefinitionAsync(InstrumentId instrument, CancellationToken cancel);

    /// <summary>Quarantined events with an id greater than <paramref name="afterId"/>, oldest first.</summary>
    ValueTask<IReadOnlyList<QuarantinedEvent>> GetQuarantineAsync(ulong afterId, int limit, CancellationToken cancel);

    /// <summary>How good an instrument's events are; false if none came.</summary>
    bool TryGetQuality(InstrumentId instrument, out InstrumentQuality quality);

    /// <summary>How good the events are of all instruments whose symbol matches a pattern, those included of which no event was applied, in symbol order after <paramref name="after"/>.</summary>
    ValueTask<IReadOnlyList<InstrumentQuality>> GetQualityAsync(string pattern, string? after, int limit, CancellationToken cancel);

    /// <summary>What dealers show for a CUSIP on a session date (yyyymmdd), or on the newest if none is given; null if nothing is known of the CUSIP.</summary>
    ValueTask<CusipRuns?> GetRunsAsync(Cusip cusip, uint? date, CancellationToken cancel);

    /// <summary>The producers that ever connected, in the order of their names.</summary>
    ValueTask<IReadOnlyList<ProducerStatus>> GetProducersAsync(CancellationToken cancel);

    /// <summary>Open gaps of contiguous sequence domains.</summary>
    ValueTask<IReadOnlyList<Gap>> GetGapsAsync(int limit, CancellationToken cancel);

    /// <summary>The sources and what they declared.</summary>
    ValueTask<IReadOnlyList<SourceDeclaration>> GetSourcesAsync(CancellationToken cancel);

    /// <summary>Counters and positions now.</summary>
    GridStatus GetStatus();

    /// <summary>Why the grid cannot take events in and make them durable now, a sentence each; none if it can.</summary>
    IReadOnlyList<string> FindTroubles();

    /// <summary>
    /// Names this run of the grid. Within a run a version of an instrument always means the same tick; a later run agrees with
    /// it on what was flushed.
    /// </summary>
    string Run { get; }

    /// <summary>What has a frame up to this is durable, see <see cref="UpdatePosition"/>.</summary>
    ulong FlushedFrame { get; }

    /// <summary>
    /// Subscribes to instruments and CUSIPs. What it tells may come a moment before it is durable. The wake is called from the
    /// grid's own threads when something is to be read, and must not block.
    /// </summary>
    /// <exception cref="GridException">BadName, BadArgument, TooLarge, Stopping.</exception>
    IGridSubscription Subscribe(SubscriptionRequest request, Action wake);
}

/// <summary>How sure an acknowledged event is.</summary>
public enum AckLevel : byte
{
    /// <summary>Parsed and queued in memory.</summary>
    Received = 0,

    /// <summary>Flushed to the journal and applied, with its outcome.</summary>
    Journaled = 1,

    /// <summary>In PostgreSQL.</summary>
    Committed = 2,
}

/// <summary>What a producer says when it connects.</summary>
/// <param name="Producer">Its name, see <see cref="NameRules"/>; the same in every life.</param>
/// <param name="Epoch">One life of it: grows with every start, stays over reconnects. Within an epoch the names it announces and its batches are the same when sent again.</param>
/// <param name="Ack">The acknowledgement it wants.</param>
public sealed record FeedHello(string Producer, ulong Epoch, AckLevel Ack);

/// <summary>One producer's open feed. Used by one caller at a time.</summary>
public interface IFeed : IAsyncDisposable
{
    /// <summary>
    /// Highest batch number of this epoch that had reached the acknowledgement asked for (durable and applied, or received)
    /// when the feed was opened, with all before it; 0 if none. The producer goes on after it.
    /// </summary>
    ulong LastDurableBatch { get; }

    /// <summary>Announces the name of the next number of a kind (numbers start at 1; 0 is "none").</summary>
    /// <exception cref="GridException">BadName, or TooLarge if a table is full.</exception>
    void AddName(NameKind kind, ReadOnlySpan<byte> name);

    /// <summary>Declares a source, which must be done before its first event; again is fine if nothing differs.</summary>
    /// <exception cref="GridException">SourceDiffers.</exception>
    ValueTask DeclareSourceAsync(SourceDeclaration declaration, CancellationToken cancel);

    /// <summary>
    /// Hands over one encoded batch (<see cref="EventBatchEncoder"/>). Waits while the grid is full. The payload is not kept
    /// after the call completes. A batch that was applied before is acknowledged and not applied again.
    /// </summary>
    /// <exception cref="GridException">Malformed, UnknownName, BatchNumberReused, BatchNumberSkipped, BatchTooOld, StorageFailed, Stopping. The feed stays usable.</exception>
    ValueTask SubmitAsync(ulong batchNumber, ReadOnlyMemory<byte> payload, CancellationToken cancel);
}

/// <summary>Is told what becomes of a feed's batches.</summary>
public interface IFeedListener
{
    /// <summary>All batches up to a number have reached the acknowledgement asked for.</summary>
    void Acknowledged(in Acknowledgement acknowledgement);

    /// <summary>The feed is closed by the grid.</summary>
    void Closed(GridException reason);
}

/// <summary>A cumulative acknowledgement.</summary>
/// <param name="Batch">All batches up to this number are acknowledged.</param>
/// <param name="Events">Events of all batches acknowledged since the feed was opened, retried ones included.</param>
/// <param name="Counts">Outcomes of the events acknowledged since the feed was opened; valid during the call. Empty for <see cref="AckLevel.Received"/>. Events of a retried batch count as Duplicate.</param>
public readonly record struct Acknowledgement(ulong Batch, long Events, OutcomeCounts Counts);

/// <summary>A tick with what was decided of it.</summary>
public readonly record struct Tick(MarketEvent Event, Outcome Outcome);

/// <summary>Ticks of a query.</summary>
/// <param name="Ticks">In event order.</param>
/// <param name="IsComplete">False if the limit cut them, or if older ones of the range may have left the hot store.</param>
/// <param name="AmendmentPending">True if a cancel or correction is known whose trade, or what must be made again with it, lies beyond the hot store.</param>
public sealed record TickPage(IReadOnlyList<Tick> Ticks, bool IsComplete, bool AmendmentPending)
{
    /// <summary>Where the next page begins; null if there is none.</summary>
    public TickPosition? Next { get; init; }
}

/// <summary>An event that was not applied, whole.</summary>
/// <param name="Id">Grows with time; unique in a data folder.</param>
/// <param name="Event">The event.</param>
/// <param name="Outcome">Why.</param>
/// <param name="Producer">Who sent it.</param>
/// <param name="Lsn">The journal frame that holds it; 0 where there is no journal.</param>
public sealed record QuarantinedEvent(ulong Id, MarketEvent Event, Outcome Outcome, string Producer, ulong Lsn)
{
    /// <summary>The wider part of a run; null for other kinds.</summary>
    public RunDetail? Run { get; init; }

    /// <summary>What a definition says; null for other kinds.</summary>
    public InstrumentDefinition? Definition { get; init; }
}

/// <summary>Sequence numbers that a contiguous domain left out.</summary>
public sealed record Gap(SourceId Source, ChannelId Channel, uint Session, ulong FirstMissing, ulong LastMissing);

/// <summary>Counters and positions of a grid.</summary>
public sealed record GridStatus
{
    /// <summary>Events taken in since the process started.</summary>
    public required long EventsReceived { get; init; }

    /// <summary>Batches taken in since the process started.</summary>
    public required long BatchesReceived { get; init; }

    /// <summary>Outcomes since the data folder was made.</summary>
    public required OutcomeCounts Outcomes { get; init; }

    /// <summary>Instruments with state.</summary>
    public required int Instruments { get; init; }

    /// <summary>Open feeds.</summary>
    public required int Feeds { get; init; }

    /// <summary>Highest journal frame appended.</summary>
    public required ulong JournalLastLsn { get; init; }

    /// <summary>Highest journal frame flushed.</summary>
    public required ulong JournalFlushedLsn { get; init; }

    /// <summary>Bytes appended to the journal since the process started.</summary>
    public required long JournalBytes { get; init; }

    /// <summary>Journal flushes since the process started.</summary>
    public required long JournalFlushes { get; init; }

    /// <summary>Batches accepted and not yet applied.</summary>
    public required int QueuedBatches { get; init; }

    /// <summary>Batches that may be accepted and not yet applied before feeds wait.</summary>
    public required int QueuedBatchesMax { get; init; }

    /// <summary>Rejected events that can be listed.</summary>
    public required int Quarantined { get; init; }

    /// <summary>Open gaps.</summary>
    public required int OpenGaps { get; init; }

    /// <summary>Gaps that are told no more, since the data folder was made.</summary>
    public ForgottenGaps ForgottenGaps { get; init; }

    /// <summary>When the process started.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>The journal frame that the newest snapshot covers; 0 without one.</summary>
    public required ulong SnapshotLsn { get; init; }

    /// <summary>How long ago the newest snapshot was taken, at most since the process started; null without one.</summary>
    public required TimeSpan? SnapshotAge { get; init; }

    /// <summary>Snapshots that failed since the process started.</summary>
    public required long SnapshotsFailed { get; init; }

    /// <summary>From receiving a batch until queries see all of its events, in the last minute.</summary>
    public required LatencySummary Visible { get; init; }

    /// <summary>From receiving a batch until it is acknowledged as journaled, in the last minute.</summary>
    public required LatencySummary Acknowledged { get; init; }

    /// <summary>What the disk took for one flush, in the last minute.</summary>
    public required LatencySummary Flush { get; init; }

    /// <summary>Bytes of the hot store.</summary>
    public required long HotStoreBytes { get; init; }

    /// <summary>How it stands with PostgreSQL; null where there is none.</summary>
    public PostgresStatus? Postgres { get; init; }

    /// <summary>How it stands with the archive; null where there is none.</summary>
    public ArchiveStatus? Archive { get; init; }

    /// <summary>What the statements take that are sent to PostgreSQL; those that were sent.</summary>
    public IReadOnlyList<StatementFigures> PostgresStatements { get; init; } = [];
}
