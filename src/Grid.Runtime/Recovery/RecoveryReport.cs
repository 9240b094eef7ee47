using Grid.Storage.Journal;

namespace Grid.Runtime.Recovery;

/// <summary>What starting found in a data folder.</summary>
/// <param name="SnapshotLsn">The journal frame up to which a snapshot held the state; 0 without one.</param>
/// <param name="Batches">Batches replayed from the journal.</param>
/// <param name="Events">Events replayed from the journal.</param>
/// <param name="DecidedAnew">Batches at the end that had no recorded outcome.</param>
/// <param name="Instruments">Instruments with state.</param>
/// <param name="Duration">How long it took.</param>
/// <param name="Cut">The torn end that was cut off, or null.</param>
/// <param name="Remarks">Snapshots that could not be used, and why.</param>
public sealed record RecoveryReport(
    ulong SnapshotLsn, long Batches, long Events, int DecidedAnew, int Instruments, TimeSpan Duration, JournalCut? Cut, IReadOnlyList<string> Remarks)
{
    /// <summary>What an empty folder was filled with from PostgreSQL; null if it was not.</summary>
    public string? Restored { get; init; }

    /// <summary>One line.</summary>
    public override string ToString()
    {
        if (Restored is not null)
        {
            return Remarks.Count == 0 ? Restored : $"{Restored}; {string.Join("; ", Remarks)}";
        }

        var from = SnapshotLsn == 0 ? "no snapshot" : $"snapshot of frame {SnapshotLsn}";
        var cut = Cut is null ? string.Empty : $"; torn end cut off: {Cut}";
        var remarks = Remarks.Count == 0 ? string.Empty : "; " + string.Join("; ", Remarks);
        return $"{from}, {Batches} batches with {Events} events replayed in {Duration.TotalSeconds:F2} s, {DecidedAnew} decided anew, {Instruments} instruments{cut}{remarks}";
    }
}
