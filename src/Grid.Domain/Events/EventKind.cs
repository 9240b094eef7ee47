namespace Grid.Domain.Events;

/// <summary>What an event says. The numbers are part of the wire protocol and of the journal format.</summary>
public enum EventKind : byte
{
    /// <summary>No event; never on the wire.</summary>
    None = 0,

    /// <summary>A trade that happened.</summary>
    Trade = 1,

    /// <summary>A bid, an ask or both.</summary>
    Quote = 2,

    /// <summary>A dealer's two-sided price for a CUSIP; wider fields in <see cref="RunDetail"/>.</summary>
    Run = 3,

    /// <summary>An earlier trade did not happen.</summary>
    Cancel = 4,

    /// <summary>An earlier trade had another price or size.</summary>
    Correct = 5,

    /// <summary>What an instrument is; content in <see cref="Instruments.InstrumentDefinition"/>.</summary>
    Definition = 6,
}
