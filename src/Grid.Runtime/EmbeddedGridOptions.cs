using Grid.Domain.Instruments;
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

    /// <summary>The journal.</summary>
    public JournalOptions Journal { get; set; } = new();

    /// <summary>Journal bytes after which a snapshot is made: 1 MB to 1 TB.</summary>
    public long SnapshotJournalBytes { get; set; } = 1L << 30;

    /// <summary>
    /// Journal bytes kept although snapshots cover them, because no archive has them yet: 0 to 1 PB, 20 GB by default. Beyond
    /// it the oldest segments are deleted, with a warning from four fifths on. Whole segments, at least the one being written.
    /// What PostgreSQL is still owed is never deleted: once it is as much as this, feeds wait.
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
        Check(SnapshotJournalBytes is >= 1 << 20 and <= 1L << 40, $"SnapshotJournalBytes {SnapshotJournalBytes} must be 1 MB to 1 TB");
        Check(OwedBytesMax is >= 0 and <= 1L << 50, $"OwedBytesMax {OwedBytesMax} must be 0 to 1 PB");
        Check(HotStoreBytesMax is >= 64 << 20 and <= 1L << 40, $"HotStoreBytesMax {HotStoreBytesMax} must be 64 MB to 1 TB");
        Check(QuarantineListMax is >= 0 and <= 10_000_000, $"QuarantineListMax {QuarantineListMax} must be 0 to 10000000");
        Check(StuckAfter >= TimeSpan.FromSeconds(1) && StuckAfter <= TimeSpan.FromMinutes(10), $"StuckAfter {StuckAfter} must be 00:00:01 to 00:10:00");
        Check(DiskFreeBytesMin is >= 0 and <= 1L << 40, $"DiskFreeBytesMin {DiskFreeBytesMin} must be 0 to 1 TB");
        if (wrong.Count > 0)
        {
            throw new ArgumentException(string.Join("; ", wrong));
        }

        Journal.Validate();
        Postgres?.Validate();

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
