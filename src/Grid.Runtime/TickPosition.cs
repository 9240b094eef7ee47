using Grid.Domain.Events;

namespace Grid.Runtime;

/// <summary>
/// A place in the order of an instrument's ticks: behind an event, and behind as many as <paramref name="Same"/> of those
/// that have the same content. It does not move when other ticks come.
/// </summary>
/// <param name="Event">The event; its receive time and marks of Grid do not count.</param>
/// <param name="Same">How many ticks of this content lie before the place, the event itself included.</param>
public readonly record struct TickPosition(MarketEvent Event, int Same);
