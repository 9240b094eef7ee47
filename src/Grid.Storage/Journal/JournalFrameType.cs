namespace Grid.Storage.Journal;

/// <summary>What a frame's payload is. Stored; numbers are never reused. Types the journal does not know are passed on.</summary>
public enum JournalFrameType : byte
{
    /// <summary>Names of a dictionary; written and read by the journal itself, never shown to readers.</summary>
    Dictionary = 1,

    /// <summary>A batch of events as it came.</summary>
    Input = 2,

    /// <summary>What was decided of events.</summary>
    Outcomes = 3,

    /// <summary>The configuration in force from here on.</summary>
    Configuration = 4,

    /// <summary>A source and its policy.</summary>
    Source = 5,

    /// <summary>A producer and its epoch.</summary>
    Producer = 6,

    /// <summary>
    /// Stands where a repair could not read frames; see <see cref="JournalFrame.LostThrough"/>. Written by
    /// <see cref="JournalRepairer"/> only.
    /// </summary>
    Gap = 7,
}
