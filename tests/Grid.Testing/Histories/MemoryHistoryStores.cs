using Grid.Domain;
using Grid.Domain.Instruments;
using Grid.Runtime.Shards;

namespace Grid.Testing;

/// <summary>History stores without files: a snapshot carries the histories whole, so a simulation needs no disk for them.</summary>
public sealed class MemoryHistoryStores : IHistoryStores
{
    /// <inheritdoc/>
    public HistoryStore Open(int shard, int shards, ReadOnlySpan<byte> checkpoint) => new MemoryHistoryStore();

    private sealed class MemoryHistoryStore : HistoryStore
    {
        public override long Bytes => 0;

        public override InstrumentHistory Create() => new MemoryHistory();

        public override void BeginCheckpoint(StateWriter writer)
        {
        }

        public override void FlushCheckpoint()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
