using Grid.Storage.Postgres;

namespace Grid.Runtime;

/// <summary>How a grid stands with PostgreSQL.</summary>
public sealed record PostgresStatus
{
    /// <summary>Whether attempts to write are made.</summary>
    public required CircuitState Circuit { get; init; }

    /// <summary>True once the database was reached and claimed.</summary>
    public required bool IsClaimed { get; init; }

    /// <summary>Why nothing is written any more, as the database is another's; null while it is this grid's.</summary>
    public required string? Ended { get; init; }

    /// <summary>The last input frame of the journal that is in the database, with all before it.</summary>
    public required ulong CommittedFrame { get; init; }

    /// <summary>Journal frames flushed and not known to be in the database.</summary>
    public required ulong LagFrames { get; init; }

    /// <summary>Bytes of the journal that are not known to be in the database.</summary>
    public required long LagBytes { get; init; }

    /// <summary>Bytes of the journal that may be owed before feeds wait.</summary>
    public required long LagBytesMax { get; init; }

    /// <summary>The age of the oldest batch that is read from the journal and not in the database.</summary>
    public required TimeSpan Lag { get; init; }

    /// <summary>Flushes committed since the start.</summary>
    public required long Flushes { get; init; }

    /// <summary>Rows of ticks, runs and quarantine written since the start.</summary>
    public required long Rows { get; init; }

    /// <summary>Rows that the database refused, which are in its quarantine.</summary>
    public required long RowsRefused { get; init; }

    /// <summary>Attempts that failed since the start.</summary>
    public required long Failures { get; init; }

    /// <summary>Times that no attempts were made for a while.</summary>
    public required long CircuitOpened { get; init; }

    /// <summary>What the last failed attempt met, if none succeeded since; else null.</summary>
    public required string? LastError { get; init; }
}
