using Grid.Domain.Dedup;
using Grid.Domain.Feed;
using Grid.Domain.Identifiers;

namespace Grid.Client.Feed;

/// <summary>
/// The names and sources that a producer has given numbers and declarations, in order. Every connection announces them
/// again from the start. Any thread may read; entries are only ever added.
/// </summary>
internal sealed class FeedDictionary
{
    // Source frames in order of declaration; grown under _gate.
    private readonly Lock _gate = new();
    private readonly List<byte[]> _sourceFrames = [];
    private readonly Dictionary<string, SourceDeclaration> _sources = new(StringComparer.Ordinal);

    /// <summary>Names; the indexes are the producer's numbers.</summary>
    public GridNames Names { get; } = new();

    /// <summary>How much there is now.</summary>
    public DictionarySize Size
    {
        get
        {
            lock (_gate)
            {
                return new DictionarySize(
                    Names.Instruments.Count - 1, Names.Sources.Count - 1, Names.Venues.Count - 1, Names.Channels.Count - 1, _sourceFrames.Count);
            }
        }
    }

    /// <summary>Adds a source; the same again changes nothing.</summary>
    /// <exception cref="ArgumentException">The name breaks its rule, or the source was declared with other properties.</exception>
    public void Declare(SourceDeclaration source)
    {
        lock (_gate)
        {
            if (_sources.TryGetValue(source.Name, out var known))
            {
                if (known != source)
                {
                    throw new ArgumentException($"source '{source.Name}' was declared as {known} and cannot change to {source}");
                }

                return;
            }

            _sourceFrames.Add(SourceFrame.ToFrame(source));
            _sources.Add(source.Name, source);
        }
    }

    /// <summary>The frame of a declaration by order.</summary>
    public byte[] SourceFrameAt(int index)
    {
        lock (_gate)
        {
            return _sourceFrames[index];
        }
    }
}

/// <summary>How many names of each kind and declarations there are.</summary>
internal readonly record struct DictionarySize(int Instruments, int Sources, int Venues, int Channels, int Declarations)
{
    public int this[NameKind kind] => kind switch
    {
        NameKind.Instrument => Instruments,
        NameKind.Source => Sources,
        NameKind.Venue => Venues,
        _ => Channels,
    };
}
