namespace Grid.Storage.Postgres;

/// <summary>Where a database's schema stands.</summary>
/// <param name="Current">Number of its newest migration; 0 if it has no schema.</param>
/// <param name="Newest">Number of the newest migration that this program knows.</param>
/// <param name="Migrations">Every migration that the database has or this program knows, oldest first.</param>
/// <param name="Problems">What forbids going on, one sentence each; empty if nothing does.</param>
public sealed record SchemaStatus(int Current, int Newest, IReadOnlyList<MigrationState> Migrations, IReadOnlyList<string> Problems);

/// <summary>One migration of a database or of this program.</summary>
/// <param name="Version">Number.</param>
/// <param name="Name">Name.</param>
/// <param name="AppliedAt">When it was applied; null if it was not.</param>
/// <param name="AppliedBy">Who applied it; empty if it was not.</param>
public sealed record MigrationState(int Version, string Name, DateTimeOffset? AppliedAt, string AppliedBy);
