using Grid.Domain;
using Grid.Domain.Identifiers;

namespace Grid.Runtime.Clustering;

/// <summary>
/// The names that stand beside a saved state: numbers of names differ from process to process, so a state that goes to another
/// one carries each number it uses with its name, and gets the numbers of the process that reads it.
/// </summary>
internal static class StateNames
{
    private static readonly NameKind[] Kinds = [NameKind.Instrument, NameKind.Source, NameKind.Venue, NameKind.Channel];

    /// <summary>Writes the names that a visit has found.</summary>
    public static void Write(StateWriter writer, GridNames names, UsedNames used)
    {
        foreach (var kind in Kinds)
        {
            writer.Put(used[kind].Count);
            foreach (var number in used[kind])
            {
                writer.Put(number);
                writer.Put<byte>(names[kind][number]);
            }
        }
    }

    /// <summary>Reads the names, and gives a visitor that brings numbers of the writer to those of this process.</summary>
    /// <exception cref="FormatException">The bytes hold no names.</exception>
    public static NameVisitor Read(ref StateReader reader, GridNames names) => Read(ref reader, names, out _);

    /// <summary>The same, with this process's numbers of the sources among the names.</summary>
    public static NameVisitor Read(ref StateReader reader, GridNames names, out IEnumerable<SourceId> sources)
    {
        var maps = new Dictionary<int, int>[Kinds.Length];
        foreach (var kind in Kinds)
        {
            var map = maps[(int)kind] = new Dictionary<int, int> { [0] = 0 };
            for (var left = reader.TakeCount(int.MaxValue); left > 0; left--)
            {
                var number = reader.Take<int>();
                map[number] = names[kind].GetOrAdd(reader.TakeArray<byte>(GridLimits.NameBytesMax));
            }
        }

        sources = maps[(int)NameKind.Source].Values.Where(number => number != 0).Select(number => new SourceId((ushort)number));
        return new Translation(maps);
    }

    private sealed class Translation(Dictionary<int, int>[] maps) : NameVisitor
    {
        public override void Visit(ref SourceId id) => id = new SourceId((ushort)Of(NameKind.Source, id.Value));

        public override void Visit(ref VenueId id) => id = new VenueId((ushort)Of(NameKind.Venue, id.Value));

        public override void Visit(ref ChannelId id) => id = new ChannelId((uint)Of(NameKind.Channel, (int)id.Value));

        public override void Visit(ref InstrumentId id) => id = new InstrumentId((uint)Of(NameKind.Instrument, (int)id.Value));

        private int Of(NameKind kind, int number) =>
            maps[(int)kind].TryGetValue(number, out var own) ? own : throw new FormatException($"saved state has number {number} of kind {kind}, but no such name");
    }
}

/// <summary>Notes which names a state uses, and changes none of them.</summary>
internal sealed class UsedNames : NameVisitor
{
    private readonly SortedSet<int>[] _used = [[], [], [], []];

    /// <summary>The numbers met of a kind; "none" is not among them.</summary>
    public IReadOnlyCollection<int> this[NameKind kind] => _used[(int)kind];

    public override void Visit(ref SourceId id) => Note(NameKind.Source, id.Value);

    public override void Visit(ref VenueId id) => Note(NameKind.Venue, id.Value);

    public override void Visit(ref ChannelId id) => Note(NameKind.Channel, (int)id.Value);

    public override void Visit(ref InstrumentId id) => Note(NameKind.Instrument, (int)id.Value);

    private void Note(NameKind kind, int number)
    {
        if (number != 0)
        {
            _used[(int)kind].Add(number);
        }
    }
}
