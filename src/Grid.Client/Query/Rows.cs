namespace Grid.Client.Query;

/// <summary>What is known of one instrument. Decimals are exact text, times ISO 8601 in UTC with nanoseconds; null where there is nothing.</summary>
public sealed record LatestRow(
    string Instrument, string? Price, string? Size, string? Bid, string? BidSize, string? Ask, string? AskSize, string Time, string? TradeTime, string? Venue, DayRow? Day);

/// <summary>Statistics of one session date.</summary>
public sealed record DayRow(uint Date, string Open, string High, string Low, string Volume, long Count);

/// <summary>One event as it was taken. A side of a quote that was withdrawn says "cleared".</summary>
public sealed record TickRow(
    string Time, string Kind, string Source, string Channel, long Session, ulong Sequence, string Venue, long Conditions, string? Price, string? Size,
    string? Bid, string? BidSize, string? Ask, string? AskSize, ulong? Amends, string Outcome, string? Reason, string Received);

/// <summary>One bar; prices are null where nothing traded.</summary>
public sealed record BarRow(
    string Time, string? Open, string? High, string? Low, string? Close, string Volume, string? Vwap, long Count, string? Bid, string? BidSize, string? Ask, string? AskSize);

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

/// <summary>What an instrument is. Sizes are exact text, times are null where there is no limit.</summary>
public sealed record InstrumentRow(
    string Symbol, string Class, string TickSize, string LotSize, string Currency, string Calendar, string Cusip, string? ValidFrom, string? ValidTo);

/// <summary>A server's counters and positions.</summary>
public sealed record StatusRow(
    DateTimeOffset Started, long EventsReceived, long BatchesReceived, int BatchesQueued, int Instruments, int Feeds, int OpenGaps,
    ulong JournalFrame, ulong JournalFrameFlushed, long JournalBytes, long JournalFlushes, ulong SnapshotFrame, long HotStoreBytes, long AllocatedBytes,
    OutcomesRow Outcomes);

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
