using Grid.Domain.Identifiers;
using Grid.Runtime.Feeds;
using Grid.Storage.Journal;

namespace Grid.Runtime.Recovery;

/// <summary>A journal dictionary's numbers as this process's, extended as the segment is read.</summary>
internal static class PlayedNames
{
    /// <summary>The names of a dictionary, all that it has so far.</summary>
    public static FeedNames Of(JournalNames dictionary, GridNames names)
    {
        var played = (FeedNames)(dictionary.Tag ??= new FeedNames(names));
        for (var kind = NameKind.Instrument; kind <= NameKind.Channel; kind++)
        {
            // Number n of a producer is the dictionary's index n - 1.
            while (played.Count(kind) <= dictionary.Count(kind))
            {
                played.Announce(kind, dictionary[kind, played.Count(kind) - 1]);
            }
        }

        return played;
    }
}
