using Grid.Domain;
using Grid.Domain.Identifiers;

namespace Grid.Runtime.Snapshots;

/// <summary>
/// The names of a snapshot. Names are only ever added, so what was met since can follow at any time: before a section is written
/// that may use it.
/// </summary>
internal sealed class NameSections(GridNames names, Action<ReadOnlyMemory<byte>> write)
{
    // Of each kind, how many are written; the empty name never is.
    private readonly int[] _written = [1, 1, 1, 1];
    private readonly SectionPieces _pieces = new(write);

    /// <summary>Writes the names that are not written yet.</summary>
    public void WriteNew()
    {
        for (var kind = NameKind.Instrument; kind <= NameKind.Channel; kind++)
        {
            ref var written = ref _written[(int)kind];
            for (var count = names[kind].Count; written < count; written++)
            {
                _pieces.Item.Put(kind);
                _pieces.Item.Put(names[kind][written]);
                _pieces.EndItem();
                _pieces.WriteIfFull();
            }
        }

        _pieces.Finish();
    }

    /// <summary>Reads one section, whose names follow those read before.</summary>
    public static void Load(ref StateReader reader, GridNames names)
    {
        for (var left = reader.TakeCount(int.MaxValue); left > 0; left--)
        {
            var kind = reader.Take<NameKind>();
            if (kind > NameKind.Channel)
            {
                throw new FormatException($"there is no kind of name {(int)kind}");
            }

            Add(names[kind], reader.TakeArray<byte>(GridLimits.NameBytesMax), names[kind].Count, kind);
        }
    }

    /// <summary>Reads all names in one section, as they were written before there were pieces; a later one repeats those before it.</summary>
    public static void LoadWhole(ref StateReader reader, GridNames names)
    {
        for (var kind = NameKind.Instrument; kind <= NameKind.Channel; kind++)
        {
            var count = reader.TakeCount(GridLimits.ChannelsMax);
            for (var i = 1; i < count; i++)
            {
                Add(names[kind], reader.TakeArray<byte>(GridLimits.NameBytesMax), i, kind);
            }
        }
    }

    private static void Add(NameTable table, byte[] name, int number, NameKind kind)
    {
        if (table.GetOrAdd(name) != number)
        {
            throw new FormatException($"{kind} {number} is a repeated name");
        }
    }
}
