using Grid.Storage.Postgres.Committing;

namespace Grid.Runtime.Clustering;

/// <summary>A slice as it was decided: what is to be committed, and which event each row of it is.</summary>
public sealed class DecidedSlice(CommitSlice slice)
{
    // Places of events that are not written: duplicates.
    private List<int>? _unwritten;

    /// <summary>What is to be committed.</summary>
    public CommitSlice Slice { get; } = slice;

    /// <summary>The place of a row's event among the events of the slice.</summary>
    public int EventOf(int row)
    {
        var place = row;
        foreach (var left in _unwritten ?? [])
        {
            if (left > place)
            {
                break;
            }

            place++;
        }

        return place;
    }

    internal void NoteUnwritten(int place) => (_unwritten ??= []).Add(place);
}
