namespace Grid.Runtime.Snapshots;

/// <summary>Sections of a snapshot file, each as often as it is needed. Numbers are part of the format.</summary>
internal enum SnapshotSection : uint
{
    /// <summary>All names in one piece, whose numbers all later sections and the hot store use. Read, and no longer written.</summary>
    Names = 1,

    /// <summary>What the sources declared.</summary>
    Sources = 2,

    /// <summary>Some of the producers with their batches.</summary>
    Producers = 3,

    /// <summary>Some of the gap trackers.</summary>
    Gaps = 4,

    /// <summary>The quarantine list without the wider part of its events. Read, and no longer written.</summary>
    Quarantine = 5,

    /// <summary>States of some CUSIPs.</summary>
    Cusips = 6,

    /// <summary>One shard's counters and the position of its history.</summary>
    Shard = 7,

    /// <summary>Some of one shard's instruments, without counts. Read, and no longer written.</summary>
    UncountedInstruments = 8,

    /// <summary>Some of one shard's instruments.</summary>
    Instruments = 9,

    /// <summary>Gaps that are told no more. Written behind the gap trackers.</summary>
    ForgottenGaps = 10,

    /// <summary>Names that follow those of the sections before it; later sections and the hot store use their numbers.</summary>
    MoreNames = 11,

    /// <summary>Some of the quarantine list, each event whole.</summary>
    QuarantinedEvents = 12,

    /// <summary>How many events were ever quarantined. Written before the list.</summary>
    QuarantineTotal = 13,

    /// <summary>The last frame that producers, gaps, CUSIPs and quarantine may know of, as they run ahead. Written behind them; not needed to load them.</summary>
    BooksThrough = 14,
}
