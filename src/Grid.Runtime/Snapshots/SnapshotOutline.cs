using Grid.Domain;
using Grid.Storage.HotStore;
using Grid.Storage.Snapshots;

namespace Grid.Runtime.Snapshots;

/// <summary>What of a snapshot has to be known to copy it with what belongs to it.</summary>
/// <param name="Lsn">The frame that it is of.</param>
/// <param name="BooksThrough">The last frame that anything in it may be of; the largest number where that is not told, as in those of earlier versions.</param>
/// <param name="Positions">Where the hot store of each shard stood.</param>
internal sealed record SnapshotOutline(ulong Lsn, ulong BooksThrough, IReadOnlyDictionary<int, HotStorePosition> Positions)
{
    /// <summary>Reads a whole snapshot, which checks all of it.</summary>
    /// <exception cref="Storage.GridStorageException">It is damaged.</exception>
    public static SnapshotOutline Read(SnapshotCatalog catalog, ulong lsn)
    {
        using var reader = catalog.Open(lsn);
        var positions = new Dictionary<int, HotStorePosition>();
        var through = ulong.MaxValue;
        while (reader.NextSection())
        {
            switch ((SnapshotSection)reader.SectionType)
            {
                case SnapshotSection.Shard:
                    var head = reader.Read((int)reader.SectionLength);
                    var at = ShardSweep.LoadHead(head, out var shard, out _);
                    positions.Add(shard, at == head.Length ? HotStorePosition.Start : new StateReader(head[at..]).Take<HotStorePosition>());
                    break;
                case SnapshotSection.BooksThrough:
                    through = new StateReader(reader.Read((int)reader.SectionLength)).Take<ulong>();
                    break;
            }
        }

        return new SnapshotOutline(lsn, through, positions);
    }
}
