namespace Grid.Domain.Events;

/// <summary>
/// From a producer's numbers of names to this process's, by kind. Index 0 of venues, channels and sources is "none" and
/// maps to 0; an instrument or source that maps to 0 is not known, and no name is known that maps to less.
/// </summary>
public readonly ref struct NameMaps(ReadOnlySpan<int> instruments, ReadOnlySpan<int> sources, ReadOnlySpan<int> venues, ReadOnlySpan<int> channels)
{
    /// <summary>Instruments by the producer's number.</summary>
    public readonly ReadOnlySpan<int> Instruments = instruments;

    /// <summary>Sources by the producer's number.</summary>
    public readonly ReadOnlySpan<int> Sources = sources;

    /// <summary>Venues by the producer's number.</summary>
    public readonly ReadOnlySpan<int> Venues = venues;

    /// <summary>Channels by the producer's number.</summary>
    public readonly ReadOnlySpan<int> Channels = channels;

    internal bool TryMapContext(in MarketEvent raw) =>
        raw.Source.Value < Sources.Length && Sources[raw.Source.Value] > 0
        && raw.Venue.Value < Venues.Length && Venues[raw.Venue.Value] >= 0
        && raw.Channel.Value < (uint)Channels.Length && Channels[(int)raw.Channel.Value] >= 0;
}
