namespace Grid.Storage.Journal;

/// <summary>What opening a journal found and did.</summary>
/// <param name="Segments">Segments with frames in them.</param>
/// <param name="FirstLsn">The first frame that is there; 0 if there is none.</param>
/// <param name="LastLsn">The last frame that is there, now on the disk; the next one gets the number after it.</param>
/// <param name="FramesInLastSegment">Frames of the last segment, each of them checked.</param>
/// <param name="FramesRewritten">
/// Frames found at its end of which nobody knew whether they had reached the disk. They have been written again.
/// </param>
/// <param name="Cut">The torn end that was cut off, or null.</param>
/// <param name="SegmentRemoved">The file of a segment that was being created when the machine stopped, or null.</param>
public sealed record JournalRecovery(
    int Segments,
    ulong FirstLsn,
    ulong LastLsn,
    long FramesInLastSegment,
    int FramesRewritten,
    JournalCut? Cut,
    string? SegmentRemoved);
