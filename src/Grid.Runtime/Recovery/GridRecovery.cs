using System.Text;
using Grid.Runtime.Sequencing;
using Grid.Runtime.Shards;
using Grid.Runtime.Snapshots;
using Grid.Storage;
using Grid.Storage.Journal;
using Grid.Storage.Snapshots;

namespace Grid.Runtime.Recovery;

/// <summary>A grid as it was found, ready to go on.</summary>
/// <param name="Image">Its state.</param>
/// <param name="Journal">Open for appending.</param>
/// <param name="Snapshots">Knows which snapshots are damaged.</param>
/// <param name="SnapshotLsn">The frame that the snapshot covers; 0 without one.</param>
/// <param name="Report">What was found.</param>
internal sealed record RecoveredGrid(GridImage Image, JournalWriter Journal, SnapshotCatalog Snapshots, ulong SnapshotLsn, RecoveryReport Report);

/// <summary>Brings a data folder's grid back: the newest snapshot that is whole, then the journal after it.</summary>
internal static class GridRecovery
{
    /// <summary>Recovers and opens the journal for appending.</summary>
    /// <param name="data">The folder.</param>
    /// <param name="options">The grid's options.</param>
    /// <param name="time">The clock.</param>
    /// <param name="restored">What an empty folder begins with; null for nothing.</param>
    public static RecoveredGrid Open(DataFolder data, EmbeddedGridOptions options, TimeProvider time, RestoredImage? restored = null) =>
        Open(data, options, time, data.HotStores(options, readOnly: false), restored);

    /// <summary>Recovers over any history stores.</summary>
    public static RecoveredGrid Open(DataFolder data, EmbeddedGridOptions options, TimeProvider time, IHistoryStores stores, RestoredImage? restored = null)
    {
        var started = time.GetTimestamp();
        var remarks = new List<string>(restored?.Remarks ?? []);
        var snapshots = new SnapshotCatalog(data.Snapshots);
        var snapshotLsn = 0UL;
        var image = restored?.Image ?? LoadSnapshot(snapshots, options, stores, remarks, out snapshotLsn);
        try
        {
            if (restored is null && snapshotLsn == 0 && data.WasFilled)
            {
                throw new GridStorageException(
                    $"data folder '{data.Root.Path}' was filled from a database and has no whole snapshot any more ({string.Join("; ", remarks)}): its journal has not what came before. "
                    + "Fill an empty folder from the database with serve --take-over");
            }

            var journal = JournalWriter.Open(data.Journal, options.Journal, time, snapshotLsn);
            try
            {
                var player = new JournalPlayer(image, reevaluate: false);
                using (var reader = new JournalReader(data.Journal, snapshotLsn + 1, journal.Recovery.LastLsn))
                {
                    player.Play(reader, snapshotLsn);
                }

                remarks.AddRange(image.Shards.Where(s => s.History.MissingBytes > 0).Select(s =>
                    $"shard {s.Index} lacks {s.History.MissingBytes} bytes of ticks that its snapshot relied on: amendments of older trades may find them missing"));
                remarks.AddRange(player.Remarks);
                var decidedAnew = Continue(image, journal, player, options);
                if (restored is not null)
                {
                    // What is in the image came before everything that this journal will hold.
                    image.AppliedLsn = journal.LastLsn;
                }

                var report = new RecoveryReport(
                    snapshotLsn, player.Batches, player.Events, decidedAnew, image.Shards.Sum(s => s.Instruments),
                    time.GetElapsedTime(started), journal.Recovery.Cut, remarks)
                {
                    Restored = restored?.Summary,
                };
                return new RecoveredGrid(image, journal, snapshots, snapshotLsn, report);
            }
            catch
            {
                journal.Dispose();
                throw;
            }
        }
        catch
        {
            image.Dispose();
            throw;
        }
    }

    /// <summary>The image of the newest whole snapshot, or an empty one.</summary>
    public static GridImage LoadSnapshot(SnapshotCatalog catalog, EmbeddedGridOptions options, IHistoryStores stores, List<string> remarks, out ulong lsn)
    {
        var found = catalog.FindNewest(out var damaged);
        remarks.AddRange(damaged.Select(d => d.ToString()));
        var image = new GridImage(options.Rules, options.QuarantineListMax, options.CusipsMax);
        lsn = found ?? 0;
        if (found is not null)
        {
            using var reader = catalog.Open(lsn);
            SnapshotLoader.Load(reader, image, stores);
            image.AppliedLsn = lsn;
            var wanted = options.EffectiveShards();
            if (options.Shards != 0 && image.Shards.Length != wanted)
            {
                remarks.Add($"the data folder has {image.Shards.Length} shards; the {wanted} asked for hold for new folders only");
            }
        }
        else
        {
            var shards = options.EffectiveShards();
            image.SetShards([.. Enumerable.Range(0, shards).Select(i => stores.Open(i, shards, default))]);
        }

        return image;
    }

    // Journals what replaying had to decide, and the rules if they changed.
    private static int Continue(GridImage image, JournalWriter journal, JournalPlayer player, EmbeddedGridOptions options)
    {
        var sequencer = new Sequencer(journal, image, static _ => throw new InvalidOperationException(), static _ => { });
        var decided = 0;
        player.DecideRest(batch =>
        {
            sequencer.AppendOutcomes(batch);
            decided++;
        });
        var rules = options.Rules.ToCanonicalText();
        if (player.Configuration != rules)
        {
            journal.Append(JournalFrameType.Configuration, null, Encoding.UTF8.GetBytes(rules));
        }

        journal.Flush();
        return decided;
    }
}
