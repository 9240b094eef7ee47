namespace Grid.Storage.HotStore;

/// <summary>
/// A position of a hot store and what has to reach the disk before a snapshot may say it. Made on the writer's thread,
/// flushed on any; meanwhile the writer goes on.
/// </summary>
public sealed class HotCheckpoint : IDisposable
{
    private readonly List<HotExtent> _changed;
    private readonly HotFolder? _folder;

    internal HotCheckpoint(HotStorePosition position, List<HotExtent> changed, HotFolder? folder)
    {
        Position = position;
        _changed = changed;
        _folder = folder;
    }

    /// <summary>The position that <see cref="HotStore.Open"/> resumes at.</summary>
    public HotStorePosition Position { get; }

    /// <summary>Returns when everything appended before the checkpoint began is on the disk; then disposes of it.</summary>
    /// <exception cref="GridStorageException">
    /// The disk refused. What is on it is then unknown: no later checkpoint of this store can be trusted.
    /// </exception>
    public void Flush()
    {
        try
        {
            foreach (var extent in _changed)
            {
                Flush(extent);
            }

            _folder?.Flush();
        }
        catch (IOException failure)
        {
            throw new GridStorageException($"cannot flush the hot store: {failure.Message}", innerException: failure);
        }
        finally
        {
            Dispose();
        }
    }

    /// <summary>Lets go of the store's files.</summary>
    public void Dispose()
    {
        foreach (var extent in _changed)
        {
            extent.Release();
        }

        _changed.Clear();
    }

    private static void Flush(HotExtent extent)
    {
        try
        {
            extent.Flush();
        }
        catch (IOException failure)
        {
            throw new IOException($"'{extent.Path}': {failure.Message}", failure);
        }
    }
}
