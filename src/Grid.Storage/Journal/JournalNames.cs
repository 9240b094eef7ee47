using System.Text;
using Grid.Domain.Identifiers;

namespace Grid.Storage.Journal;

/// <summary>
/// A dictionary as read back: the names that frames refer to by index. Within a segment every frame of a dictionary
/// comes with the same object, which grows as reading goes on; the next segment brings a new one.
/// </summary>
public sealed class JournalNames
{
    private readonly List<byte[]>[] _lists = [[], [], [], []];

    internal JournalNames(uint id) => Id = id;

    /// <summary>The dictionary's number.</summary>
    public uint Id { get; }

    /// <summary>For the reader's own use, such as a map from these indexes to its own ids.</summary>
    public object? Tag { get; set; }

    // Dictionary frames read so far, modulo 65,536 as in the frame header.
    internal ushort Frames { get; private set; }

    /// <summary>Names read so far.</summary>
    public int Count(NameKind kind) => _lists[(int)kind].Count;

    /// <summary>A name by its index.</summary>
    /// <exception cref="GridStorageException">No frame so far has brought a name of this index.</exception>
    public ReadOnlySpan<byte> this[NameKind kind, int index]
    {
        get
        {
            var list = _lists[(int)kind];
            return (uint)index < (uint)list.Count
                ? list[index]
                : throw new GridStorageException(
                    $"journal dictionary {Id} has {list.Count} names of kind {kind}; a frame refers to number {index}");
        }
    }

    /// <summary>A name as text.</summary>
    public string Text(NameKind kind, int index) => Encoding.ASCII.GetString(this[kind, index]);

    internal bool TryAppend(ReadOnlySpan<byte> payload)
    {
        Frames++;
        return DictionaryPayload.TryRead(payload, _lists);
    }
}
