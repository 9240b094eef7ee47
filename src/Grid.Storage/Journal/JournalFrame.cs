namespace Grid.Storage.Journal;

/// <summary>
/// A frame as read. Its payload lies in the reader's buffer and is gone with the next call of
/// <see cref="JournalReader.TryRead"/>; what is to be kept must be copied.
/// </summary>
public readonly ref struct JournalFrame
{
    internal JournalFrame(scoped in FrameHeader header, JournalNames? names, ReadOnlySpan<byte> payload)
    {
        Lsn = header.Lsn;
        Type = header.Type;
        Flags = header.Flags;
        Names = names;
        Payload = payload;
    }

    /// <summary>The frame's number: 1 for the first of a journal, and one more for each that follows.</summary>
    public ulong Lsn { get; }

    /// <summary>What the payload is.</summary>
    public JournalFrameType Type { get; }

    /// <summary>What the one who appended the frame gave with it.</summary>
    public byte Flags { get; }

    /// <summary>The dictionary that the payload refers to, or null for none.</summary>
    public JournalNames? Names { get; }

    /// <summary>The payload, until the next frame is read.</summary>
    public ReadOnlySpan<byte> Payload { get; }

    /// <summary>Of a <see cref="JournalFrameType.Gap"/>, the last LSN that is lost; of others their own LSN.</summary>
    public ulong LostThrough => Type == JournalFrameType.Gap ? GapPayload.LostThrough(Payload) : Lsn;
}
