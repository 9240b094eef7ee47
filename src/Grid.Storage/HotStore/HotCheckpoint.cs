namespace Grid.Storage.HotStore;

/// <summary>
/// A position of a hot store and what has to reach the disk before a snapshot may say it. Made on the writer's thread,
/// flushed on any; meanwhile the writer goes on.
/// </summary>
public sealed class HotCheckpoint : IDisposable
{
    private readonly HotFolder _folder;
    private readonly List<HotExtent> _owed;
    private readonly long _folderChanges;

    internal HotCheckpoint(HotStorePosition position, HotFolder folder, List<HotExtent> owed)
    {
        Position = position;
        _folder = folder;
        _folderChanges = folder.Changes;
        _owed = owed;
    }

    /// <summary>The position that <see cref="HotStore.Open"/> resumes at.</summary>
    public HotStorePosition Position { get; }

    /// <summary>Indexes of the extents to be flushed, in order.</summary>
    internal IEnumerable<long> Owed => _owed.Select(o => o.Index).Order();

    /// <summary>
    /// Returns when everything appended before the checkpoint began is on the disk; then disposes of it. One that is
    /// disposed of without leaves what it owes to the next.
    /// </summary>
    /// <exception cref="GridStorageException">
    /// The disk refused, now or in an earlier checkpoint. What is on it is then unknown, and a flush that is tried again
    /// may succeed without having written anything: no checkpoint of this store succeeds any more.
    /// </exception>
    public void Flush()
    {
        try
        {
            _folder.ThrowIfFlushFailed();
            foreach (var extent in _owed)
            {
                ObjectDisposedException.ThrowIf(!_folder.Write(extent), typeof(HotStore));
                _folder.Flush(extent.Path, extent.Flush);
            }

            _folder.Flush(_folder.Path, () => _folder.Flush(_folderChanges));
        }
        finally
        {
            Dispose();
        }
    }

    /// <summary>Lets go of the store's files.</summary>
    public void Dispose()
    {
        foreach (var extent in _owed)
        {
            extent.Release();
        }

        _owed.Clear();
    }
}
