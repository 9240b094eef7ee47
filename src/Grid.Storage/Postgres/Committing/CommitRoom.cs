namespace Grid.Storage.Postgres.Committing;

/// <summary>Room in the queue of a committer for one slice. Disposing of it gives it back, unless a slice has taken it.</summary>
public sealed class CommitRoom : IDisposable
{
    private const int Free = 0;
    private const int Used = 1;
    private const int Gone = 2;

    private readonly CommitQueue _queue;
    private int _state;

    internal CommitRoom(CommitQueue queue, int rows)
    {
        _queue = queue;
        Rows = rows;
    }

    /// <summary>Rows that fit.</summary>
    public int Rows { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.CompareExchange(ref _state, Gone, Free) == Free)
        {
            _queue.GiveBack(Rows);
        }
    }

    /// <summary>A slice takes it, for as long as it waits.</summary>
    internal void Take(CommitQueue queue, CommitSlice slice)
    {
        if (slice.Rows > Rows)
        {
            throw new ArgumentException($"{slice} has {slice.Rows} rows; there is room for {Rows}");
        }

        if (queue != _queue || Interlocked.CompareExchange(ref _state, Used, Free) != Free)
        {
            throw new ArgumentException($"the room for {slice} is of another committer, was used before, or was given back");
        }
    }

    internal void GiveBack()
    {
        if (Interlocked.CompareExchange(ref _state, Gone, Used) == Used)
        {
            _queue.GiveBack(Rows);
        }
    }
}
