using Grid.Domain;
using Grid.Domain.Identifiers;
using Grid.Runtime.Sequencing;
using Grid.Runtime.Shards;
using Grid.Storage;
using Grid.Storage.Snapshots;

namespace Grid.Runtime.Snapshots;

/// <summary>Reads a snapshot into an empty image.</summary>
internal static class SnapshotLoader
{
    /// <summary>Fills the image and its shards.</summary>
    public static void Load(SnapshotReader snapshot, GridImage image, IHistoryStores stores)
    {
        var heads = new SortedDictionary<int, byte[]>();
        try
        {
            while (snapshot.NextSection())
            {
                var bytes = new byte[snapshot.SectionLength];
                for (var filled = 0; filled < bytes.Length;)
                {
                    filled += snapshot.Read(bytes.AsSpan(filled));
                }

                Load((SnapshotSection)snapshot.SectionType, bytes, snapshot.Lsn, image, heads, stores);
            }

            OpenShards(image, heads, stores);
        }
        catch (FormatException e)
        {
            throw new GridStorageException($"snapshot of frame {snapshot.Lsn}, section {(SnapshotSection)snapshot.SectionType}: {e.Message}", innerException: e);
        }
    }

    private static void Load(
        SnapshotSection section, byte[] bytes, ulong lsn, GridImage image, SortedDictionary<int, byte[]> heads, IHistoryStores stores)
    {
        var reader = new StateReader(bytes);
        switch (section)
        {
            case SnapshotSection.Names:
                NameSections.LoadWhole(ref reader, image.Names);
                break;
            case SnapshotSection.MoreNames:
                NameSections.Load(ref reader, image.Names);
                break;
            case SnapshotSection.Sources:
                for (var left = reader.TakeCount(GridLimits.SourcesMax); left > 0; left--)
                {
                    var source = SourceFrame.Read(ref reader);
                    image.Context.Declare(new SourceId((ushort)image.Names.Sources.GetOrAdd(source.Name)), source);
                }

                break;
            case SnapshotSection.Producers:
                image.Producers.Load(ref reader);
                break;
            case SnapshotSection.Gaps:
                image.Gaps.Load(ref reader);
                break;
            case SnapshotSection.ForgottenGaps:
                image.Gaps.LoadForgotten(ref reader);
                break;
            case SnapshotSection.Quarantine:
                image.Quarantine.Load(ref reader, lsn);
                break;
            case SnapshotSection.QuarantineTotal:
                image.Quarantine.LoadTotal(ref reader);
                break;
            case SnapshotSection.QuarantinedEvents:
                image.Quarantine.LoadSome(ref reader, lsn);
                break;
            case SnapshotSection.Cusips:
                image.Cusips.Load(ref reader);
                break;
            case SnapshotSection.Shard:
                heads.Add(reader.Take<int>(), bytes);
                break;
            case SnapshotSection.Instruments or SnapshotSection.UncountedInstruments:
                OpenShards(image, heads, stores);
                ShardSweep.LoadInstruments(bytes, image, hasCounts: section == SnapshotSection.Instruments);
                break;
        }
    }

    private static void OpenShards(GridImage image, SortedDictionary<int, byte[]> heads, IHistoryStores stores)
    {
        if (image.Shards.Length > 0)
        {
            return;
        }

        var opened = new List<HistoryStore>();
        foreach (var (shard, head) in heads)
        {
            opened.Add(stores.Open(shard, heads.Count, head.AsSpan(ShardSweep.LoadHead(head, out _, out _))));
        }

        image.SetShards(opened);
        foreach (var (shard, head) in heads)
        {
            ShardSweep.LoadHead(head, out _, out var counts);
            image.Shards[shard].Counts.Add(counts);
        }
    }
}
