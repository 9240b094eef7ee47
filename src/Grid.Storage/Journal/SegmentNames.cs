namespace Grid.Storage.Journal;

/// <summary>The dictionaries of one segment as far as it has been read.</summary>
internal sealed class SegmentNames
{
    private readonly Dictionary<uint, JournalNames> _dictionaries = [];

    public void Clear() => _dictionaries.Clear();

    /// <summary>
    /// Takes in a dictionary frame, or finds the dictionary of another one (null for none). False if dictionary frames
    /// that should have come before are missing: then the frame's indexes mean nothing.
    /// </summary>
    public bool TryTake(in FrameHeader header, ReadOnlySpan<byte> payload, out JournalNames? names, out string fault)
    {
        names = null;
        fault = "";
        if (header.Dictionary == 0 && header.Type != JournalFrameType.Dictionary)
        {
            return true;
        }

        if (!_dictionaries.TryGetValue(header.Dictionary, out names))
        {
            names = new JournalNames(header.Dictionary);
            _dictionaries.Add(header.Dictionary, names);
        }

        if (names.Frames != header.DictionaryFrames)
        {
            fault = $"it needs {header.DictionaryFrames} dictionary frames of dictionary {header.Dictionary}; "
                + $"{names.Frames} could be read";
            return false;
        }

        if (header.Type == JournalFrameType.Dictionary && !names.TryAppend(payload))
        {
            fault = $"the names in it do not continue dictionary {header.Dictionary}";
            return false;
        }

        return true;
    }
}
