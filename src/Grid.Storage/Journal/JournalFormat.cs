namespace Grid.Storage.Journal;

/// <summary>Numbers of the journal's file format; the byte diagrams are in DESIGN.md beside this folder.</summary>
public static class JournalFormat
{
    /// <summary>The version written; every version up to it is read, a newer one is refused.</summary>
    public const byte Version = 1;

    /// <summary>Bytes before the first frame of a segment.</summary>
    public const int SegmentHeaderBytes = 64;

    /// <summary>Bytes of a frame before its payload.</summary>
    public const int FrameHeaderBytes = 32;

    /// <summary>
    /// Largest payload of a frame: 16 MB. A batch of the wire is at most 4 MB, so four of them could share one frame, and
    /// a reader never needs a larger buffer than this and a header.
    /// </summary>
    public const int FrameBytesMax = 16 << 20;

    /// <summary>Folder of the journal in the data folder.</summary>
    public const string FolderName = "journal";

    // "GRIDJRNL" as the bytes of a little-endian number.
    internal const ulong Magic = 0x4C4E_524A_4449_5247;

    /// <summary>Bytes that a frame with this payload takes in a segment: a multiple of 8.</summary>
    public static long FrameBytes(int payloadBytes) => Padded(FrameHeaderBytes + (long)payloadBytes);

    internal static long Padded(long bytes) => (bytes + 7) & ~7L;
}
