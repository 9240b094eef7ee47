namespace Grid.Storage.Snapshots;

/// <summary>A snapshot that cannot be used.</summary>
/// <param name="Lsn">The journal's position that it was taken at, by its name.</param>
/// <param name="Reason">What is wrong and where.</param>
public sealed record SnapshotDamage(ulong Lsn, string Reason);
