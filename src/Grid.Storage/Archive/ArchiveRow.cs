using Grid.Domain.Events;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;

namespace Grid.Storage.Archive;

/// <summary>An event for the archive.</summary>
/// <param name="Event">The event; its numbers of names are this process's.</param>
/// <param name="Outcome">What was decided of it; no duplicate.</param>
/// <param name="Detail">What it carries beyond the event; null for most.</param>
public readonly record struct ArchiveRow(MarketEvent Event, Outcome Outcome, ArchiveDetail? Detail = null);

/// <summary>What some events carry beyond the event itself.</summary>
/// <param name="Producer">Who sent it; of a rejected event.</param>
/// <param name="Run">The wider part of a run.</param>
/// <param name="Definition">The wider part of a definition.</param>
public sealed record ArchiveDetail(string? Producer = null, RunDetail? Run = null, InstrumentDefinition? Definition = null);
