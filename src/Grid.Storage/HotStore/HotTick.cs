using Grid.Domain.Events;
using Grid.Domain.Validation;

namespace Grid.Storage.HotStore;

/// <summary>A tick as it was appended.</summary>
/// <param name="Event">The event, without its <see cref="MarketEvent.Detail"/>; its instrument is the one last appended to the chain.</param>
/// <param name="Outcome">What was decided of it.</param>
/// <param name="Run">The wider part of a run; null of other events.</param>
public readonly record struct HotTick(MarketEvent Event, Outcome Outcome, RunDetail? Run);
