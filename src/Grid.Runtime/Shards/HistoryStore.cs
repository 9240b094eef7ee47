using Grid.Domain;
using Grid.Domain.Instruments;

namespace Grid.Runtime.Shards;

/// <summary>Where one shard's instruments keep their ticks and closed minutes: the hot store, or memory.</summary>
public abstract class HistoryStore : IDisposable
{
    /// <summary>Bytes held now.</summary>
    public abstract long Bytes { get; }

    /// <summary>Bytes that were missing when the store was opened.</summary>
    public virtual long MissingBytes => 0;

    /// <summary>A new, empty history.</summary>
    public abstract InstrumentHistory Create();

    /// <summary>
    /// Notes the position up to which a snapshot that begins now relies on the store, and writes it. On the shard's thread.
    /// </summary>
    public abstract void BeginCheckpoint(StateWriter writer);

    /// <summary>Makes durable what the last checkpoint relies on. On any thread, before the snapshot is published.</summary>
    public abstract void FlushCheckpoint();

    /// <summary>Releases the store without changing what is on disk.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases the store.</summary>
    protected abstract void Dispose(bool disposing);
}

/// <summary>Makes the history stores of a grid, one for each shard.</summary>
public interface IHistoryStores
{
    /// <summary>Opens a shard's store; <paramref name="checkpoint"/> is what <see cref="HistoryStore.BeginCheckpoint"/> wrote, empty to begin anew.</summary>
    HistoryStore Open(int shard, int shards, ReadOnlySpan<byte> checkpoint);
}
