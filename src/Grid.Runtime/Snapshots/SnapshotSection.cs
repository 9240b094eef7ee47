namespace Grid.Runtime.Snapshots;

/// <summary>Sections of a snapshot file, in the order in which they are written. Numbers are part of the format.</summary>
internal enum SnapshotSection : uint
{
    /// <summary>The names, whose numbers all later sections and the hot store use.</summary>
    Names = 1,

    /// <summary>What the sources declared.</summary>
    Sources = 2,

    /// <summary>The producers' batches.</summary>
    Producers = 3,

    /// <summary>Gap trackers.</summary>
    Gaps = 4,

    /// <summary>The quarantine list.</summary>
    Quarantine = 5,

    /// <summary>States of CUSIPs.</summary>
    Cusips = 6,

    /// <summary>One shard's counters and the position of its history.</summary>
    Shard = 7,

    /// <summary>Some of one shard's instruments, without counts. Read, and no longer written.</summary>
    UncountedInstruments = 8,

    /// <summary>Some of one shard's instruments.</summary>
    Instruments = 9,

    /// <summary>Gaps that are told no more. Written behind the gap trackers.</summary>
    ForgottenGaps = 10,
}
