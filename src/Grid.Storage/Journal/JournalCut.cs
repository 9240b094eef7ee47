namespace Grid.Storage.Journal;

/// <summary>
/// A torn end of a journal: what was being written when the machine stopped. Nobody had been told that it was safe.
/// </summary>
/// <param name="Path">The segment.</param>
/// <param name="Offset">Where the last whole frame ends, in bytes.</param>
/// <param name="Lsn">The first LSN that is not there; the next frame written takes it.</param>
/// <param name="Bytes">How much was written behind it.</param>
/// <param name="Reason">Why the frame there cannot be read.</param>
public sealed record JournalCut(string Path, long Offset, ulong Lsn, long Bytes, string Reason)
{
    /// <summary>One sentence.</summary>
    public override string ToString() =>
        $"journal segment '{Path}' ends torn at offset {Offset}, LSN {Lsn}, with {Bytes} bytes that were never flushed: {Reason}";
}
