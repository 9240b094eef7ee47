using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Runtime.Feeds;
using Grid.Storage.Journal;

namespace Grid.Runtime.Recovery;

/// <summary>A journal dictionary's numbers as this process's, extended as the segment is read.</summary>
internal sealed class PlayedNames
{
    private readonly NameMap[] _maps = [new(), new(), new(), new()];

    /// <summary>The maps of a dictionary, with all its names so far.</summary>
    public static PlayedNames Of(JournalNames dictionary, GridNames names)
    {
        var played = (PlayedNames)(dictionary.Tag ??= new PlayedNames());
        played.Extend(dictionary, names);
        return played;
    }

    public NameMaps Maps() => new(_maps[0].Span, _maps[1].Span, _maps[2].Span, _maps[3].Span);

    private void Extend(JournalNames dictionary, GridNames names)
    {
        for (var kind = NameKind.Instrument; kind <= NameKind.Channel; kind++)
        {
            // Number n of a producer is the dictionary's index n - 1.
            var map = _maps[(int)kind];
            while (map.Count <= dictionary.Count(kind))
            {
                map.Add(names[kind].GetOrAdd(dictionary[kind, map.Count - 1]));
            }
        }
    }
}
