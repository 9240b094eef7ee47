namespace Grid.Storage.Journal;

/// <summary>Options of the journal; <see cref="Validate"/> names every one that is out of its range.</summary>
public sealed class JournalOptions
{
    /// <summary>Smallest <see cref="SegmentBytesMax"/>: 64 KB.</summary>
    public const long SegmentBytesMaxLowest = 64L << 10;

    /// <summary>Largest <see cref="SegmentBytesMax"/>: 4 GB.</summary>
    public const long SegmentBytesMaxHighest = 4L << 30;

    /// <summary>Smallest <see cref="BufferBytes"/>: 4 KB.</summary>
    public const int BufferBytesLowest = 4 << 10;

    /// <summary>Largest <see cref="BufferBytes"/>: 64 MB.</summary>
    public const int BufferBytesHighest = 64 << 20;

    /// <summary>
    /// Bytes a segment is given on the disk and filled up to; 64 KB to 4 GB, 256 MB by default. Only a frame that does
    /// not fit in an empty segment makes one longer.
    /// </summary>
    public long SegmentBytesMax { get; set; } = 256L << 20;

    /// <summary>Bytes gathered before they are written without waiting for a flush; 4 KB to 64 MB, 4 MB by default.</summary>
    public int BufferBytes { get; set; } = 4 << 20;

    /// <summary>Throws if an option is out of its range.</summary>
    /// <exception cref="ArgumentException">One line for each option that is: its name, its value and the rule.</exception>
    public void Validate()
    {
        var errors = new List<string>();
        CheckRange(errors, nameof(SegmentBytesMax), SegmentBytesMax, SegmentBytesMaxLowest, SegmentBytesMaxHighest);
        CheckRange(errors, nameof(BufferBytes), BufferBytes, BufferBytesLowest, BufferBytesHighest);
        if (errors.Count > 0)
        {
            throw new ArgumentException(string.Join('\n', errors));
        }
    }

    private static void CheckRange(List<string> errors, string name, long value, long lowest, long highest)
    {
        if (value < lowest || value > highest)
        {
            errors.Add($"Journal option {name} is {value}; it must be {lowest} to {highest} bytes.");
        }
    }
}
