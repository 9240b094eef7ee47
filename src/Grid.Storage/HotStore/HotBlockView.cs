namespace Grid.Storage.HotStore;

/// <summary>One block as a reader sees it: of the newest what the reader's copy of the chain says, of others what their header says.</summary>
internal readonly unsafe struct HotBlockView
{
    /// <summary>Rows: their first byte, the byte after the last, and how many there are.</summary>
    public required byte* Rows { get; init; }

    public required byte* End { get; init; }

    public required int Count { get; init; }

    public required int RecordBytes { get; init; }

    public required long MinTime { get; init; }

    public required long MaxTime { get; init; }

    public required long OlderMaxTime { get; init; }

    public required ulong MinSequence { get; init; }

    public required ulong MaxSequence { get; init; }

    /// <summary>Where it lies, for messages.</summary>
    public required HotExtent Extent { get; init; }

    public bool Overlaps(long from, long to) => MaxTime >= from && MinTime < to;

    /// <summary>The exception for a row that cannot be read.</summary>
    public GridStorageException Damaged(byte* at, string what) => Damaged(Extent, at - Extent.Address, what);

    public static GridStorageException Damaged(HotExtent extent, long at, string what) => new(
        $"'{extent.Path}' of the hot store is damaged at byte {at}: {what}. Delete the file to go on without the history in it.");
}
