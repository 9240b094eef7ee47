namespace Grid.Runtime.Clustering;

/// <summary>
/// Gives the names that are met their own small numbers, 1 and up, in the order in which they are met. Used again and again:
/// beginning anew costs nothing.
/// </summary>
internal sealed class LocalNumbers
{
    // _numbers[n] is the number of the process's name n if _rounds[n] is the round at hand.
    private int[] _numbers = new int[16];
    private int[] _rounds = new int[16];
    private int _round;
    private readonly List<int> _met = [];

    /// <summary>The process's numbers of the names met, by their own numbers less one.</summary>
    public IReadOnlyList<int> Met => _met;

    /// <summary>Forgets what was met.</summary>
    public void Begin()
    {
        _met.Clear();
        if (++_round == int.MaxValue)
        {
            Array.Clear(_rounds);
            _round = 1;
        }
    }

    /// <summary>The number of a name of the process; "none", 0, is 0.</summary>
    public int Of(int name)
    {
        if (name == 0)
        {
            return 0;
        }

        if (name >= _numbers.Length)
        {
            var length = Math.Max(name + 1, _numbers.Length * 2);
            Array.Resize(ref _numbers, length);
            Array.Resize(ref _rounds, length);
        }

        if (_rounds[name] != _round)
        {
            _rounds[name] = _round;
            _met.Add(name);
            _numbers[name] = _met.Count;
        }

        return _numbers[name];
    }
}
