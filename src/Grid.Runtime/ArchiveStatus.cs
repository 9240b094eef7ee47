namespace Grid.Runtime;

/// <summary>How it stands with the archive.</summary>
public sealed record ArchiveStatus
{
    /// <summary>The last input frame that is archived with all before it; 0 for none.</summary>
    public required ulong ThroughFrame { get; init; }

    /// <summary>Frames that are flushed and not archived.</summary>
    public required ulong LagFrames { get; init; }

    /// <summary>Rows of the archive.</summary>
    public required long Rows { get; init; }

    /// <summary>Bytes of its files.</summary>
    public required long Bytes { get; init; }

    /// <summary>Its files.</summary>
    public required int Files { get; init; }

    /// <summary>Publications that failed since the start.</summary>
    public required long Failures { get; init; }

    /// <summary>What the last try met; null if it succeeded.</summary>
    public required string? LastError { get; init; }

    /// <summary>Why nothing is archived any more; null while it is.</summary>
    public required string? Ended { get; init; }
}
