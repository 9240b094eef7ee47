using Grid.Domain.Identifiers;

namespace Grid.Domain.Dedup;

/// <summary>How duplicates of a source are told.</summary>
public enum DedupPolicy : byte
{
    /// <summary>By sequence number in (source, channel, session) and instrument. The default.</summary>
    Sequence = 0,

    /// <summary>By (producer, epoch, batch number) alone, which holds under every policy.</summary>
    Batch = 1,

    /// <summary>By same time and fields inside a short window. Lossy: genuine prints repeat.</summary>
    Content = 2,

    /// <summary>Not at all beyond retried batches.</summary>
    None = 3,
}

/// <summary>What is done with an event whose instrument has no definition.</summary>
public enum UnknownInstrumentAction : byte
{
    /// <summary>Taken; the instrument's class is <c>default</c>. The default.</summary>
    Accept = 0,

    /// <summary>Taken and marked.</summary>
    Flag = 1,

    /// <summary>Quarantined.</summary>
    Reject = 2,
}

/// <summary>
/// What a source says of itself when it first connects; kept for ever in the journal. A later declaration that differs
/// is refused.
/// </summary>
public sealed record SourceDeclaration
{
    /// <summary>The source's name, see <see cref="NameRules"/>.</summary>
    public required string Name { get; init; }

    /// <summary>How its duplicates are told.</summary>
    public DedupPolicy Policy { get; init; }

    /// <summary>True if sequence numbers of a domain follow each other without holes, so that a hole is a gap.</summary>
    public bool IsContiguous { get; init; }

    /// <summary>What is done with instruments that have no definition.</summary>
    public UnknownInstrumentAction UnknownInstrument { get; init; }

    /// <summary>Prints with any of these condition bits do not become the last price.</summary>
    public uint NotLastConditions { get; init; }

    /// <summary>Prints with any of these condition bits count neither for high nor for low.</summary>
    public uint NotHighLowConditions { get; init; }

    /// <summary>Prints with any of these condition bits count neither for volume, VWAP nor count.</summary>
    public uint NotVolumeConditions { get; init; }
}
