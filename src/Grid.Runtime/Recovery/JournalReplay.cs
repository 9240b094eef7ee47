using Grid.Domain.Validation;
using Grid.Storage.Journal;
using Grid.Storage.Snapshots;

namespace Grid.Runtime.Recovery;

/// <summary>What a data folder holds, in two hashes and some counts.</summary>
/// <param name="Market">SHA-256 of what users see, the same for every order of arrival: lower-case hexadecimal.</param>
/// <param name="Full">SHA-256 that also covers windows, counts and each tick: the same for the same order of arrival.</param>
/// <param name="SnapshotLsn">The journal frame up to which a snapshot held the state; 0 without one.</param>
/// <param name="Events">Events replayed from the journal.</param>
/// <param name="Outcomes">Outcomes since the data folder was made.</param>
/// <param name="Instruments">Instruments with state.</param>
public sealed record ReplayResult(string Market, string Full, ulong SnapshotLsn, long Events, OutcomeCounts Outcomes, int Instruments);

/// <summary>Replays a data folder that no grid has open, without changing it.</summary>
public static class JournalReplay
{
    /// <summary>Replays snapshot and journal and hashes the state. With <paramref name="reevaluate"/> today's rules decide instead of the recorded outcomes.</summary>
    /// <exception cref="Storage.GridStorageException">The folder is in use or damaged.</exception>
    public static Task<ReplayResult> HashAsync(EmbeddedGridOptions options, bool reevaluate = false, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return Task.Run(
            () =>
            {
                if (!Directory.Exists(options.DataFolder))
                {
                    throw new Storage.GridStorageException($"data folder '{options.DataFolder}' does not exist");
                }

                if (!Directory.Exists(Path.Combine(options.DataFolder, JournalFormat.FolderName)))
                {
                    throw new Storage.GridStorageException($"data folder '{options.DataFolder}' holds no journal");
                }

                using var data = DataFolder.Open(options.DataFolder);
                return Hash(data, options, data.HotStores(options, readOnly: true), reevaluate);
            },
            cancel);
    }

    internal static ReplayResult Hash(DataFolder data, EmbeddedGridOptions options, Shards.IHistoryStores stores, bool reevaluate)
    {
        var remarks = new List<string>();
        using var image = GridRecovery.LoadSnapshot(new SnapshotCatalog(data.Snapshots), options, stores, remarks, out var snapshotLsn);
        var player = new JournalPlayer(image, reevaluate);
        using (var reader = new JournalReader(data.Journal, snapshotLsn + 1))
        {
            player.Play(reader, snapshotLsn);
        }

        player.DecideRest(static _ => { });
        var (market, full) = StateHash.Of(image);
        return new ReplayResult(market, full, snapshotLsn, player.Events, image.TotalCounts(), image.Shards.Sum(s => s.Instruments));
    }
}
