namespace Grid.Domain.Events;

/// <summary>Why a batch payload cannot be read. The whole batch is refused: after a broken row nothing can be told apart.</summary>
public enum BatchFault
{
    /// <summary>None: the payload is well formed.</summary>
    None,

    /// <summary>Shorter than a header and trailer, or more bytes than its rows take.</summary>
    Length,

    /// <summary>A format version that this program does not know.</summary>
    Version,

    /// <summary>More events than <see cref="GridLimits.BatchEventsMax"/>, or none.</summary>
    Count,

    /// <summary>A row ends beyond the payload, or a number claims more than 8 bytes.</summary>
    Row,

    /// <summary>A kind that does not exist, or an extension that does not fit the kind.</summary>
    Kind,

    /// <summary>An instrument, source, venue or channel that the producer's dictionary does not have.</summary>
    Name,
}
