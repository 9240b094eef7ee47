namespace Grid.Domain.Identifiers;

/// <summary>The names one process has met. What leaves the process (journal, wire, archive) carries names, never these numbers.</summary>
public sealed class GridNames
{
    /// <summary>Symbols; the index is an <see cref="InstrumentId"/>.</summary>
    public NameTable Instruments { get; } = new(GridLimits.InstrumentsMax);

    /// <summary>Feeds; the index is a <see cref="SourceId"/>.</summary>
    public NameTable Sources { get; } = new(GridLimits.SourcesMax);

    /// <summary>Places of execution; the index is a <see cref="VenueId"/>.</summary>
    public NameTable Venues { get; } = new(GridLimits.VenuesMax);

    /// <summary>Channels of sources; the index is a <see cref="ChannelId"/>.</summary>
    public NameTable Channels { get; } = new(GridLimits.ChannelsMax);

    /// <summary>The symbol of an instrument as text.</summary>
    public string Symbol(InstrumentId id) => Instruments.Text((int)id.Value);

    /// <summary>The table of a kind of name.</summary>
    public NameTable this[NameKind kind] => kind switch
    {
        NameKind.Instrument => Instruments,
        NameKind.Source => Sources,
        NameKind.Venue => Venues,
        NameKind.Channel => Channels,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "not a kind of name"),
    };
}
