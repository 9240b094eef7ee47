namespace Grid.Domain.Identifiers;

/// <summary>An instrument in this process; see <see cref="GridNames.Instruments"/>.</summary>
public readonly record struct InstrumentId(uint Value)
{
    /// <summary>No instrument.</summary>
    public static InstrumentId None => default;
}

/// <summary>A feed in this process; see <see cref="GridNames.Sources"/>.</summary>
public readonly record struct SourceId(ushort Value);

/// <summary>A place of execution in this process; see <see cref="GridNames.Venues"/>.</summary>
public readonly record struct VenueId(ushort Value);

/// <summary>A channel in this process; see <see cref="GridNames.Channels"/>.</summary>
public readonly record struct ChannelId(uint Value);
