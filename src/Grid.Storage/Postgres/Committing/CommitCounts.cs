namespace Grid.Storage.Postgres.Committing;

/// <summary>What a committer has done since its start, and how it stands.</summary>
/// <param name="Commits">Transactions that brought something.</param>
/// <param name="Slices">Slices committed.</param>
/// <param name="Rows">Ticks, runs and quarantined events in them.</param>
/// <param name="SlicesKnown">Slices that were in before, and were answered so.</param>
/// <param name="Snapshots">Snapshots saved.</param>
/// <param name="StaleGrains">Activations that were left out of a commit.</param>
/// <param name="SlicesRefused">Slices with rows that the database does not take.</param>
/// <param name="Failures">Attempts that failed.</param>
/// <param name="RowsWaiting">Rows that wait, are being committed, or have room reserved for them.</param>
/// <param name="CommitRows">Rows that the next commit may take.</param>
/// <param name="Circuit">Whether attempts are made.</param>
/// <param name="LastFailure">What the last failed attempt said; null if none failed.</param>
public sealed record CommitCounts(
    long Commits,
    long Slices,
    long Rows,
    long SlicesKnown,
    long Snapshots,
    long StaleGrains,
    long SlicesRefused,
    long Failures,
    int RowsWaiting,
    int CommitRows,
    CircuitState Circuit,
    string? LastFailure);
