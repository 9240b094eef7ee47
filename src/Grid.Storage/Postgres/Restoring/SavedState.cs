namespace Grid.Storage.Postgres.Restoring;

/// <summary>A place in what a database holds: everything of a writer's life up to a journal frame, and of the lives before it.</summary>
/// <param name="Epoch">The life.</param>
/// <param name="Lsn">The frame.</param>
public readonly record struct StoredPosition(int Epoch, ulong Lsn);

/// <summary>A state of the whole grid that a database holds: the bytes of a snapshot file.</summary>
/// <param name="Position">It holds everything up to here.</param>
/// <param name="Parts">How many rows it is kept in.</param>
/// <param name="Bytes">Bytes of all of them.</param>
/// <param name="SavedAt">When it was whole, by the clock of the server.</param>
public sealed record SavedState(StoredPosition Position, int Parts, long Bytes, DateTimeOffset SavedAt);
