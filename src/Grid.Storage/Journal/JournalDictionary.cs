using Grid.Domain.Identifiers;

namespace Grid.Storage.Journal;

/// <summary>
/// Names that frames of one connection (or producer epoch) refer to by index: four lists, by <see cref="NameKind"/>,
/// which only grow. Made by <see cref="JournalWriter.NewDictionary"/>; the writer puts into each segment, before the
/// first frame that needs them, the names which that segment does not have yet.
/// </summary>
/// <remarks>
/// One thread adds names; the journal's writer reads beside it. A frame may refer to every name added before it was
/// handed to the writer.
/// </remarks>
public sealed class JournalDictionary
{
    private readonly NameLog[] _logs = [new(), new(), new(), new()];

    // Of the writer's thread: what the segment that begins with _segmentLsn already has of each kind, and in how many
    // dictionary frames. In another segment it is nothing.
    private readonly NameLogPosition[] _written = new NameLogPosition[DictionaryPayload.Kinds];
    private ulong _segmentLsn;

    internal JournalDictionary(uint id, JournalWriter owner)
    {
        Id = id;
        Owner = owner;
    }

    /// <summary>Its number, unique in the life of the journal.</summary>
    public uint Id { get; }

    internal JournalWriter Owner { get; }

    internal ushort FramesWritten { get; private set; }

    /// <summary>Adds a name and returns its index in its kind, counted from 0. The same name may be added twice.</summary>
    /// <exception cref="ArgumentException">The name breaks <see cref="NameRules"/>.</exception>
    public int Add(NameKind kind, ReadOnlySpan<byte> name) => _logs[(int)kind].Add(name);

    /// <summary>Names added so far.</summary>
    public int Count(NameKind kind) => _logs[(int)kind].End.Names;

    /// <summary>Bytes of names that the segment does not have yet.</summary>
    internal long BytesOwed(ulong segmentLsn)
    {
        var owed = 0L;
        for (var kind = 0; kind < DictionaryPayload.Kinds; kind++)
        {
            owed += _logs[kind].End.Bytes - (segmentLsn == _segmentLsn ? _written[kind].Bytes : 0);
        }

        return owed;
    }

    /// <summary>
    /// The next names that the segment is to get, of one kind and not more than fit in a frame; false when it has all.
    /// </summary>
    internal bool TryTake(ulong segmentLsn, Span<byte> head, out ReadOnlySpan<byte> names)
    {
        if (segmentLsn != _segmentLsn)
        {
            _segmentLsn = segmentLsn;
            _written.AsSpan().Clear();
            FramesWritten = 0;
        }

        for (var kind = 0; kind < DictionaryPayload.Kinds; kind++)
        {
            var from = _written[kind];
            var to = _logs[kind].End;
            if (to.Names > from.Names)
            {
                names = _logs[kind].Slice(from, to, DictionaryPayload.NamesBytesMax, out var end);
                DictionaryPayload.WriteHead(head, (NameKind)kind, from.Names, end.Names - from.Names);
                _written[kind] = end;
                return true;
            }
        }

        names = default;
        return false;
    }

    internal void CountFrame() => FramesWritten++;
}
