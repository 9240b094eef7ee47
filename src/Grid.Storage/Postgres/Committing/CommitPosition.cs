namespace Grid.Storage.Postgres.Committing;

/// <summary>A place in what a grain committed: behind all earlier commits, and behind the rows of this one before <paramref name="Row"/>.</summary>
/// <param name="Commit">Id of a commit; 0 before the first.</param>
/// <param name="Row">A row of it.</param>
public readonly record struct CommitPosition(long Commit, int Row);
