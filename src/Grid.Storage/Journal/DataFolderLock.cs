namespace Grid.Storage.Journal;

/// <summary>
/// A data folder taken for one process: locked, and of a version that this grid understands. Disposing it, or the
/// process ending in any way, gives it back.
/// </summary>
public sealed class DataFolderLock : IDisposable
{
    /// <summary>The version of the folder's layout that is written; a newer one is refused.</summary>
    public const int FormatVersion = 1;

    private const string LockName = "lock";
    private const string FormatName = "format";
    private const string FormatPrefix = "grid data format ";

    private readonly IDisposable _lock;

    private DataFolderLock(IDisposable @lock) => _lock = @lock;

    /// <summary>Takes a data folder, writing its version if it is new.</summary>
    /// <exception cref="GridStorageException">Another process has it, or it is of a newer version.</exception>
    public static DataFolderLock Acquire(IJournalDirectory data)
    {
        try
        {
            var taken = data.TryLock(LockName, $"pid {Environment.ProcessId}", out var holder)
                ?? throw new GridStorageException(
                    $"data folder '{data.Path}' is in use{(holder is { Length: > 0 } ? $" by {holder}" : "")}; "
                    + "stop that process or choose another folder with --data");
            try
            {
                CheckFormat(data);
                return new DataFolderLock(taken);
            }
            catch
            {
                taken.Dispose();
                throw;
            }
        }
        catch (Exception failure) when (DiskFailure.Is(failure))
        {
            throw DiskFailure.Explain($"data folder '{data.Path}' cannot be used", failure);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();

    private static void CheckFormat(IJournalDirectory data)
    {
        var contents = data.ReadAll(FormatName);
        if (contents is null)
        {
            data.Replace(FormatName, System.Text.Encoding.ASCII.GetBytes($"{FormatPrefix}{FormatVersion}\n"));
            return;
        }

        var text = System.Text.Encoding.ASCII.GetString(contents.Value.Span).Trim();
        if (!text.StartsWith(FormatPrefix, StringComparison.Ordinal)
            || !int.TryParse(text.AsSpan(FormatPrefix.Length), out var version)
            || version < 1)
        {
            throw new GridStorageException(
                $"'{data.Path}' does not look like a data folder of grid: its file '{FormatName}' says '{text}', "
                + $"not '{FormatPrefix}{FormatVersion}'");
        }

        if (version > FormatVersion)
        {
            throw new GridStorageException(
                $"data folder '{data.Path}' has format version {version}; this grid reads up to version {FormatVersion}. "
                + "Start it with a newer grid, or choose another folder with --data.");
        }
    }
}
