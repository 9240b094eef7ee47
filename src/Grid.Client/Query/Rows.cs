namespace Grid.Client.Query;

/// <summary>What is known of one instrument. Decimals are exact text, times ISO 8601 in UTC with nanoseconds; null where there is nothing.</summary>
public sealed record LatestRow(
    string Instrument, string? Price, string? Size, string? Bid, string? BidSize, string? Ask, string? AskSize, string Time, string? TradeTime, string? Venue, DayRow? Day);

/// <summary>Statistics of one session date.</summary>
public sealed record DayRow(uint Date, string Open, string High, string Low, string Volume, long Count);

/// <summary>Best bid and offer of one instrument, each side with when it was set and by whom; null where there is none.</summary>
public sealed record BboRow(
    string Instrument, string? Bid, string? BidSize, string? BidTime, string? BidSource, string? Ask, string? AskSize, string? AskTime, string? AskSource);

/// <summary>What one source quotes for an instrument. Each side is <c>set</c>, <c>cleared</c> (withdrawn) or <c>absent</c> (never said), and versioned by its own event.</summary>
public sealed record SourceQuoteRow(
    string Source, string BidState, string? Bid, string? BidSize, string? BidTime, long? BidSession, ulong? BidSequence,
    string AskState, string? Ask, string? AskSize, string? AskTime, long? AskSession, ulong? AskSequence);

/// <summary>Statistics of the session date of an instrument's newest trade; null without one.</summary>
public sealed record InstrumentDayRow(
    string Instrument, uint? Date, string? Open, string? High, string? Low, string? Last, string? Volume, string? Notional, string? Vwap, long? Count);

/// <summary>One event as it was taken. A side of a quote that was withdrawn says "cleared".</summary>
public sealed record TickRow(
    string Time, string Kind, string Source, string Channel, long Session, ulong Sequence, string Venue, long Conditions, string? Price, string? Size,
    string? Bid, string? BidSize, string? Ask, string? AskSize, ulong? Amends, string Outcome, string? Reason, string Received);

/// <summary>One bar; prices are null where nothing traded.</summary>
public sealed record BarRow(
    string Time, string? Open, string? High, string? Low, string? Close, string Volume, string? Vwap, long Count, string? Bid, string? BidSize, string? Ask, string? AskSize);

/// <summary>What dealers show for a CUSIP on a session date: best bid and ask over them, and the most recent run of each.</summary>
public sealed record CusipRow(
    string Cusip, uint Date, string? Bid, string? BidSize, string? BidDealer, string? Ask, string? AskSize, string? AskDealer, string? Mid, string? Spread,
    int Dealers, IReadOnlyList<RunRow> Runs);

/// <summary>The most recent run of one dealer. Spreads are in basis points, yields in percent.</summary>
public sealed record RunRow(
    string Dealer, string Instrument, string Time, string? Bid, string? BidSize, string? Ask, string? AskSize, string? BidSpread, string? AskSpread,
    string? BidYield, string? AskYield, string? Benchmark);

/// <summary>How good the events of one instrument are: a score from 0 to 100, what it is made of, and seconds since the newest event.</summary>
public sealed record QualityRow(
    string Instrument, string? Score, ulong Accepted, ulong Flagged, ulong Rejected, ulong Duplicate, ulong Late, int OpenGaps,
    string? LastEvent, string LastReceived, string? Staleness);

/// <summary>One event that was not applied, and why.</summary>
public sealed record QuarantineRow(
    ulong Id, string Instrument, string Producer, ulong JournalFrame, string Time, string Kind, string Source, string Channel, long Session, ulong Sequence,
    string Venue, long Conditions, string? Price, string? Size, string? Bid, string? BidSize, string? Ask, string? AskSize, ulong? Amends,
    string Outcome, string? Reason, string Received);

/// <summary>Sequence numbers that a contiguous domain left out, both ends included.</summary>
public sealed record GapRow(string Source, string Channel, long Session, ulong FirstMissing, ulong LastMissing);

/// <summary>What a source declared.</summary>
public sealed record SourceRow(
    string Name, string Policy, bool Contiguous, string UnknownInstrument, long NotLastConditions, long NotHighLowConditions, long NotVolumeConditions);

/// <summary>A feeding client and how far it has come; times are null if that was before the server started.</summary>
public sealed record ProducerRow(
    string Name, ulong Epoch, ulong LastBatch, ulong DurableBatch, ulong Lag, bool Connected, string? ConnectedSince, string? LastSeen);

/// <summary>What an instrument is. Sizes are exact text, times are null where there is no limit.</summary>
public sealed record InstrumentRow(
    string Symbol, string Class, string TickSize, string LotSize, string Currency, string Calendar, string Cusip, string? ValidFrom, string? ValidTo);

/// <summary>What an instrument is, if it has a definition that is valid now; else all but its symbol is null.</summary>
public sealed record ListedInstrumentRow(
    string Symbol, bool Defined, string? Class, string? TickSize, string? LotSize, string? Currency, string? Calendar, string? Cusip, string? ValidFrom, string? ValidTo);

/// <summary>A server's counters and positions.</summary>
public sealed record StatusRow(
    DateTimeOffset Started, long EventsReceived, long BatchesReceived, int BatchesQueued, int BatchesQueuedMax, int Instruments, int Feeds, int OpenGaps,
    long Quarantined, ulong JournalFrame, ulong JournalFrameFlushed, long JournalBytes, long JournalFlushes, ulong SnapshotFrame, double? SnapshotAgeS,
    long SnapshotsFailed, long HotStoreBytes, long AllocatedBytes, PostgresRow? Postgres, ArchiveRow? Archive, LatenciesRow LatencyMs, OutcomesRow Outcomes);

/// <summary>How a grid stands with PostgreSQL. The lag counts what is in the journal and not in the database.</summary>
public sealed record PostgresRow(
    string Circuit, ulong CommittedFrame, ulong LagFrames, long LagBytes, long LagBytesMax, double LagS, long Flushes, long Rows, long RowsRefused,
    long Failures, IReadOnlyList<StatementRow> Slowest, string? Error);

/// <summary>What a statement that is sent to PostgreSQL took in the last minute, in milliseconds.</summary>
public sealed record StatementRow(string Statement, long Count, double P50, double P95, double P99, double Max);

/// <summary>How a grid stands with its archive: the last frame that is archived with all before it, and how many are flushed and not archived.</summary>
public sealed record ArchiveRow(ulong ThroughFrame, ulong LagFrames, long Rows, long Bytes, int Files, long Failures, string? Error);

/// <summary>Milliseconds since the receipt of the batches of the last minute.</summary>
/// <param name="Visible">Until queries showed them.</param>
/// <param name="Acknowledged">Until they were acknowledged.</param>
/// <param name="Flush">Of the flushes themselves.</param>
public sealed record LatenciesRow(LatencyRow Visible, LatencyRow Acknowledged, LatencyRow Flush);

/// <summary>How long something took.</summary>
public sealed record LatencyRow(long Count, double P50, double P95, double P99, double Max);

/// <summary>Outcomes since the data folder was made.</summary>
public sealed record OutcomesRow(long Accepted, long Flagged, long Duplicate, long Rejected, IReadOnlyList<ReasonRow> Reasons);

/// <summary>How many events had one outcome for one reason.</summary>
public sealed record ReasonRow(string Outcome, string Reason, long Count);

/// <summary>What became of published definitions.</summary>
public sealed record DefinitionsResult(int Accepted, IReadOnlyList<DefinitionError> Errors);

/// <summary>A definition that was refused.</summary>
/// <param name="Index">Its place in what was sent, from 0.</param>
/// <param name="Detail">Why.</param>
public sealed record DefinitionError(int Index, string Detail);
