using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;
using Grid.Storage.Postgres.Restoring;

namespace Grid.Storage.Postgres;

/// <summary>An event with its place in the order of arrival.</summary>
/// <param name="Event">The event; its numbers of names are this process's.</param>
/// <param name="Outcome">What was decided of it.</param>
/// <param name="Lsn">The journal frame of its batch.</param>
/// <param name="Row">Its place in the batch.</param>
public readonly record struct TickRow(MarketEvent Event, Outcome Outcome, ulong Lsn, int Row);

/// <summary>A dealer's run with its place in the order of arrival.</summary>
/// <param name="Tick">The run.</param>
/// <param name="Detail">What it carries beyond the event.</param>
/// <param name="Date">Its session date as yyyymmdd.</param>
public readonly record struct RunRow(TickRow Tick, RunDetail Detail, uint Date);

/// <summary>A definition with its place in the order of arrival.</summary>
public readonly record struct DefinitionRow(TickRow Tick, InstrumentDefinition Definition);

/// <summary>An event for the quarantine.</summary>
/// <param name="Tick">The event.</param>
/// <param name="Producer">Who sent it.</param>
/// <param name="Run">The wider part of a run.</param>
/// <param name="Definition">The wider part of a definition.</param>
/// <param name="Message">What the database said of it; null if the grid itself rejected it.</param>
public readonly record struct RejectedRow(TickRow Tick, string Producer, RunDetail? Run = null, InstrumentDefinition? Definition = null, string? Message = null);

/// <summary>A minute of an instrument.</summary>
/// <param name="Instrument">The instrument.</param>
/// <param name="Bar">The bar.</param>
/// <param name="Ticks">How many ticks the instrument had when the bar was read: its version.</param>
/// <param name="IsWhole">False if parts of the minute are no longer known: then it is put in only where there is none.</param>
public readonly record struct BarRow(InstrumentId Instrument, Bar Bar, ulong Ticks, bool IsWhole = true);

/// <summary>What an instrument's definition says that is valid now.</summary>
public readonly record struct InstrumentNow(InstrumentId Instrument, InstrumentDefinition Definition);

/// <summary>How far a producer's batches are in.</summary>
public readonly record struct ProducerRow(string Name, ulong Epoch, ulong LastBatch);

/// <summary>What was seen of a contiguous sequence domain, and what is missing in it.</summary>
/// <param name="Domain">The domain.</param>
/// <param name="First">Lowest number seen.</param>
/// <param name="Last">Highest number seen.</param>
/// <param name="ForgottenGaps">Gaps that were forgotten because there were too many.</param>
/// <param name="ForgottenNumbers">Numbers that were missing in them.</param>
/// <param name="Open">The open gaps.</param>
public sealed record GapDomainRow(
    SequenceDomain Domain, ulong First, ulong Last, ulong ForgottenGaps, UInt128 ForgottenNumbers, IReadOnlyList<SequenceRange> Open);

/// <summary>What became of an instrument's events of one source on one day (days since 1970, by receive time), to be added to what is known.</summary>
public struct QualityRow
{
    /// <summary>The instrument.</summary>
    public InstrumentId Instrument;

    /// <summary>The source.</summary>
    public SourceId Source;

    /// <summary>The day of receipt.</summary>
    public int Day;

    /// <summary>The counts; only the sums of this flush.</summary>
    public InstrumentCounts Counts;
}

/// <summary>What a database knows that a writer goes on from.</summary>
/// <param name="Producers">How far the producers' batches are in.</param>
/// <param name="Times">The newest event time that the latest values of each instrument show.</param>
/// <param name="Saved">The newest saved state; null if there is none.</param>
public sealed record PostgresPosition(IReadOnlyList<ProducerRow> Producers, IReadOnlyList<(string Symbol, UnixNanos Newest)> Times, SavedState? Saved);
