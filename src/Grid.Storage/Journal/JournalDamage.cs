namespace Grid.Storage.Journal;

/// <summary>The one wording of what stops a journal from being read.</summary>
internal static class JournalDamage
{
    private const string Remedy =
        "Run 'grid journal verify' to see all of it, 'grid journal repair' to keep what can be read, or restore a backup.";

    public static GridStorageException At(string path, long offset, ulong lsn, string reason) =>
        new($"journal segment '{path}' is damaged at offset {offset}, LSN {lsn}: {reason}. {Remedy}");

    public static GridStorageException Missing(string path, ulong firstLsn, ulong lastLsn, string reason) =>
        new($"journal '{path}' lacks LSN {firstLsn} to {lastLsn}: {reason}. {Remedy}");

    public static GridStorageException RepairInterrupted(string path) =>
        new($"journal '{path}' holds a repair that was interrupted. Run 'grid journal repair' again.");
}
