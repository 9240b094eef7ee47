using Grid.Domain;
using Grid.Domain.Instruments;
using Grid.Storage.Archive;
using Grid.Storage.Journal;
using Grid.Storage.Postgres;

namespace Grid.Runtime;

/// <summary>Options of the embedded grid. <see cref="Validate"/> is called at start; a value outside its range stops the start.</summary>
public sealed class EmbeddedGridOptions
{
    /// <summary>Most shards.</summary>
    public const int ShardsMost = 64;

    /// <summary>Where journal, snapshots and hot store live. Required; made if it is not there.</summary>
    public string DataFolder { get; set; } = string.Empty;

    /// <summary>Threads that apply events, a power of two up to 64; 0 takes half of the cores, at least 1.</summary>
    public int Shards { get; set; }

    /// <summary>Batches that may be in memory before feeds have to wait: 4 to 4,096.</summary>
    public int BatchesInFlightMax { get; set; } = 64;

    /// <summary>
    /// Instruments that events may bring: 1 to 16,777,215. 4 million by default: at 2 KB each 8 GB. A batch with one more is refused;
    /// instruments that there are stay, also where the limit is lowered.
    /// </summary>
    public int InstrumentsMax { get; set; } = 4_000_000;

    /// <summary>
    /// Producers whose batches are remembered: 1 to 16,777,215. 262,144 by default: at 200 bytes to 8 KB, by the batches they sent,
    /// 50 MB to 2 GB. A connection of one more is refused.
    /// </summary>
    public int ProducersMax { get; set; } = 1 << 18;

    /// <summary>
    /// CUSIPs that runs and definitions may bring: 1 to 16,777,215. 2 million by default: at 200 bytes, and 250 for each dealer and date,
    /// 900 MB with one of each. A run or definition with one more is rejected.
    /// </summary>
    public int CusipsMax { get; set; } = 2_000_000;

    /// <summary>The journal.</summary>
    public JournalOptions Journal { get; set; } = new();

    /// <summary>Journal bytes after which a snapshot is made: 1 MB to 1 TB.</summary>
    public long SnapshotJournalBytes { get; set; } = 1L << 30;

    /// <summary>
    /// Without an archive, journal bytes kept although snapshots cover them: 0 to 1 PB, 20 GB by default. Beyond
    /// it the oldest segments are deleted, with a warning from four fifths on. Whole segments, at least the one being written.
    /// What PostgreSQL or the archive is still owed is never deleted: once it is as much as this, feeds wait.
    /// </summary>
    public long OwedBytesMax { get; set; } = 20L << 30;

    /// <summary>
    /// Bytes of the hot store, all shards together: 64 MB to 1 TB. On the disk up to four times
    /// <see cref="SnapshotJournalBytes"/> more, for what the two kept snapshots rely on.
    /// </summary>
    public long HotStoreBytesMax { get; set; } = 4L << 30;

    /// <summary>Rejected events kept in memory for listing: 0 to 10 million. Older ones are in the journal as long as that reaches back.</summary>
    public int QuarantineListMax { get; set; } = 100_000;

    /// <summary>Queued batches or a flush that make no progress for this long make the grid not ready: 1 s to 10 minutes.</summary>
    public TimeSpan StuckAfter { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Free bytes on the data folder's disk below which the grid is not ready: 0 to 1 TB. Two journal segments unless set.</summary>
    public long DiskFreeBytesMin { get; set; } = 512L << 20;

    /// <summary>What is kept in PostgreSQL, and where; null for nothing.</summary>
    public PostgresOptions? Postgres { get; set; }

    /// <summary>How the archive is written; null for none, so that the journal is all that keeps history behind the hot store.</summary>
    public ArchiveOptions? Archive { get; set; }

    /// <summary>Rules by instrument class.</summary>
    public RuleBook Rules { get; set; } = RuleBook.BuiltIn;

    /// <summary>Checks every value.</summary>
    /// <exception cref="ArgumentException">Names every option that is out of range, its value and its rule.</exception>
    public void Validate()
    {
        var wrong = new List<string>();
        Check(DataFolder.Length > 0, $"DataFolder '{DataFolder}' must name a folder");
        Check(Shards is >= 0 and <= ShardsMost && (Shards & (Shards - 1)) == 0, $"Shards {Shards} must be 0 or a power of two up to {ShardsMost}");
        Check(BatchesInFlightMax is >= 4 and <= 4096, $"BatchesInFlightMax {BatchesInFlightMax} must be 4 to 4096");
        Check(InstrumentsMax is >= 1 and < GridLimits.InstrumentsMax, $"InstrumentsMax {InstrumentsMax} must be 1 to {GridLimits.InstrumentsMax - 1}");
        Check(ProducersMax is >= 1 and < GridLimits.InstrumentsMax, $"ProducersMax {ProducersMax} must be 1 to {GridLimits.InstrumentsMax - 1}");
        Check(CusipsMax is >= 1 and < GridLimits.InstrumentsMax, $"CusipsMax {CusipsMax} must be 1 to {GridLimits.InstrumentsMax - 1}");
        Check(SnapshotJournalBytes is >= 1 << 20 and <= 1L << 40, $"SnapshotJournalBytes {SnapshotJournalBytes} must be 1 MB to 1 TB");
        Check(OwedBytesMax is >= 0 and <= 1L << 50, $"OwedBytesMax {OwedBytesMax} must be 0 to 1 PB");
        Check(HotStoreBytesMax is >= 64 << 20 and <= 1L << 40, $"HotStoreBytesMax {HotStoreBytesMax} must be 64 MB to 1 TB");
        Check(QuarantineListMax is >= 0 and <= 10_000_000, $"QuarantineListMax {QuarantineListMax} must be 0 to 10000000");
        Check(StuckAfter >= TimeSpan.FromSeconds(1) && StuckAfter <= TimeSpan.FromMinutes(10), $"StuckAfter {StuckAfter} must be 00:00:01 to 00:10:00");
        Check(DiskFreeBytesMin is >= 0 and <= 1L << 40, $"DiskFreeBytesMin {DiskFreeBytesMin} must be 0 to 1 TB");
        if (wrong.Count > 0)
        {
            throw new ArgumentException(string.Join(Environment.NewLine, wrong));
        }

        Journal.Validate();
        Postgres?.Validate();
        Archive?.Validate();

        void Check(bool holds, string rule)
        {
            if (!holds)
            {
                wrong.Add(rule);
            }
        }
    }

    /// <summary>The shards that will run: as set, or half of the cores rounded down to a power of two.</summary>
    internal int EffectiveShards() => Shards != 0
        ? Shards
        : 1 << System.Numerics.BitOperations.Log2((uint)Math.Clamp(Environment.ProcessorCount / 2, 1, ShardsMost));
}
