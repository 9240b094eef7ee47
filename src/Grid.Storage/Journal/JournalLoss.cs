namespace Grid.Storage.Journal;

/// <summary>Frames of a journal that cannot be read, or not be understood.</summary>
/// <param name="Path">The segment, or the folder if the whole segment is missing.</param>
/// <param name="Offset">Where in the segment it begins.</param>
/// <param name="Bytes">How much of the segment it is.</param>
/// <param name="FirstLsn">The first frame lost.</param>
/// <param name="LastLsn">The last frame lost.</param>
/// <param name="Reason">What is wrong.</param>
public sealed record JournalLoss(string Path, long Offset, long Bytes, ulong FirstLsn, ulong LastLsn, string Reason)
{
    /// <summary>One sentence.</summary>
    public override string ToString() =>
        $"LSN {FirstLsn} to {LastLsn} in '{Path}' at offset {Offset} ({Bytes} bytes): {Reason}";

    /// <summary>This loss and one that follows it without a frame between them.</summary>
    internal JournalLoss Join(JournalLoss next) => this with { Bytes = Bytes + next.Bytes, LastLsn = next.LastLsn };
}
