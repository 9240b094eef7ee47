namespace Grid.Storage.Postgres.Committing;

/// <summary>The saved state of a grain.</summary>
/// <param name="At">What it holds: all that was committed before this place.</param>
/// <param name="State">The state, as the grain encoded it.</param>
public sealed record GrainSnapshot(CommitPosition At, byte[] State);

/// <summary>A grain as an activation goes on from it. Nobody else can commit to it any more.</summary>
/// <param name="Claim">The right to write it.</param>
/// <param name="Windows">Which slices of each producer are in.</param>
/// <param name="Snapshot">The last saved state; null if none was saved.</param>
/// <param name="Ticks">Trades, quotes, cancels and corrections that came after it, in the order in which they were committed; their <c>Lsn</c> is the id of the commit.</param>
/// <param name="Runs">Runs that came after it, in the same order, which <c>Lsn</c> and <c>Row</c> give for all together.</param>
/// <param name="Definitions">All definitions of an instrument, those before the saved state included, in the same order.</param>
public sealed record LoadedGrain(
    GrainClaim Claim,
    IReadOnlyList<ProducerWindow> Windows,
    GrainSnapshot? Snapshot,
    IReadOnlyList<TickRow> Ticks,
    IReadOnlyList<RunRow> Runs,
    IReadOnlyList<DefinitionRow> Definitions);
