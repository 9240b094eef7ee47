namespace Grid.Runtime.Feeds;

/// <summary>From a producer's numbers of one kind of name to this process's. Number 0 means "none" on both sides.</summary>
internal sealed class NameMap
{
    private int[] _indexes = new int[16];

    /// <summary>The next number, counted from 1.</summary>
    public int Count { get; private set; } = 1;

    public ReadOnlySpan<int> Span => _indexes.AsSpan(0, Count);

    public void Add(int index)
    {
        if (Count == _indexes.Length)
        {
            Array.Resize(ref _indexes, Count * 2);
        }

        _indexes[Count++] = index;
    }

    public void Set(int number, int index) => _indexes[number] = index;
}
