namespace Grid.Domain.Identifiers;

/// <summary>What a name names. The numbers are part of the wire protocol and of the journal format.</summary>
public enum NameKind : byte
{
    /// <summary>A symbol.</summary>
    Instrument = 0,

    /// <summary>A feed.</summary>
    Source = 1,

    /// <summary>A place of execution.</summary>
    Venue = 2,

    /// <summary>A channel of a feed.</summary>
    Channel = 3,
}
