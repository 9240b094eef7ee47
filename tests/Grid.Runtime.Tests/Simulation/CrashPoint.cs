namespace Grid.Runtime.Tests.Simulation;

/// <summary>Where the power may fail. The simulation shows that each was hit.</summary>
internal enum CrashPoint
{
    BeforeAppend,
    AfterAppendBeforeFlush,
    AfterAppendWhileFlushing,
    DuringFlush,
    AfterFlushBeforeApply,
    BetweenShardsOfOneBatch,
    AfterApplyBeforeOutcomes,
    AfterOutcomesBeforeFlush,
    AfterFlushBeforeAcknowledgement,
    DuringSnapshotSweep,
    DuringSnapshotWrite,
    BeforeSnapshotPublish,
    DuringSnapshotPublish,
    AfterSnapshotPublish,
    DuringSnapshotDelete,
    BeforeSegmentDelete,
    DuringSegmentDelete,
    DuringSegmentRoll,
    AfterSegmentRoll,
    DuringRecovery,
}

/// <summary>The power failed here: whoever was running is gone.</summary>
internal sealed class PowerLossException(CrashPoint point) : Exception($"the power failed: {point}")
{
    public CrashPoint Point => point;
}
