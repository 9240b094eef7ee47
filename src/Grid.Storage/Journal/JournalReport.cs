using Grid.Domain.Identifiers;

namespace Grid.Storage.Journal;

/// <summary>What <see cref="JournalVerifier"/> found in one segment.</summary>
/// <param name="FileName">Its file in the journal's folder.</param>
/// <param name="CreatedAt">When it was begun; 1970 if its header is lost.</param>
/// <param name="FirstLsn">Its first frame.</param>
/// <param name="LastLsn">Its last frame, lost ones included; one less than the first if it has none.</param>
/// <param name="Frames">Frames that can be read, dictionary frames included.</param>
/// <param name="Bytes">Size of the file.</param>
/// <param name="Problems">One sentence for each thing that is wrong.</param>
public sealed record JournalSegmentReport(
    string FileName,
    UnixNanos CreatedAt,
    ulong FirstLsn,
    ulong LastLsn,
    long Frames,
    long Bytes,
    IReadOnlyList<string> Problems);

/// <summary>What <see cref="JournalVerifier"/> found.</summary>
/// <param name="Segments">All segments, oldest first.</param>
/// <param name="Losses">Everything that cannot be read.</param>
/// <param name="Problems">One sentence for each thing that is wrong, in any segment or between them.</param>
/// <param name="TornEnd">A torn end, which is no damage: the next start cuts it off. Null if there is none.</param>
public sealed record JournalReport(
    IReadOnlyList<JournalSegmentReport> Segments,
    IReadOnlyList<JournalLoss> Losses,
    IReadOnlyList<string> Problems,
    JournalCut? TornEnd)
{
    /// <summary>True if nothing is wrong.</summary>
    public bool IsHealthy => Problems.Count == 0;
}
