namespace Grid.Storage.Journal;

/// <summary>A segment of the journal.</summary>
/// <param name="FirstLsn">Its first frame.</param>
/// <param name="LastLsn">Its last frame; one less than the first if it has none yet.</param>
/// <param name="IsSealed">True if nothing more will be written to it.</param>
public readonly record struct JournalSegment(ulong FirstLsn, ulong LastLsn, bool IsSealed)
{
    /// <summary>Its file in the journal's folder.</summary>
    public string FileName => SegmentName.Of(FirstLsn);
}
