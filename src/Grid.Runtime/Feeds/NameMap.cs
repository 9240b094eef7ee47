namespace Grid.Runtime.Feeds;

/// <summary>From a producer's numbers of one kind of name to this process's. Number 0 means "none" on both sides.</summary>
internal sealed class NameMap
{
    private const int IsPending = -1;

    // _indexes[n] is IsPending where _names[n] is not null: a name that has no number of this process yet.
    private int[] _indexes = new int[16];
    private byte[]?[] _names = [];

    /// <summary>The next number, counted from 1.</summary>
    public int Count { get; private set; } = 1;

    /// <summary>Names without a number of this process.</summary>
    public int Pending { get; private set; }

    public ReadOnlySpan<int> Span => _indexes.AsSpan(0, Count);

    public void Add(int index)
    {
        if (Count == _indexes.Length)
        {
            Array.Resize(ref _indexes, Count * 2);
        }

        _indexes[Count++] = index;
    }

    public void AddPending(ReadOnlySpan<byte> name)
    {
        Add(IsPending);
        if (_names.Length < Count)
        {
            Array.Resize(ref _names, _indexes.Length);
        }

        _names[Count - 1] = name.ToArray();
        Pending++;
    }

    /// <summary>The name of a number that has none of this process; null for every other.</summary>
    public byte[]? PendingName(int number) => _indexes[number] == IsPending ? _names[number] : null;

    /// <summary>True if the number means something, if only a name that is pending.</summary>
    public bool IsAnnounced(int number) => _indexes[number] != 0;

    public void Set(int number, int index)
    {
        if (_indexes[number] == IsPending)
        {
            _names[number] = null;
            Pending--;
        }

        _indexes[number] = index;
    }
}
