namespace Grid.Cli.Bench;

/// <summary>
/// Draws indexes of which the i-th (from 1) comes with a probability proportional to 1/i, in constant time: the alias method
/// of Walker in the form of Vose.
/// </summary>
internal sealed class ZipfSampler
{
    // Column i gives i if 32 random bits are below _keepBelow[i], else _alias[i]. Each column is drawn equally often.
    private readonly uint[] _keepBelow;
    private readonly int[] _alias;

    public ZipfSampler(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        _keepBelow = new uint[count];
        _alias = new int[count];
        var total = 0.0;
        for (var i = 1; i <= count; i++)
        {
            total += 1.0 / i;
        }

        var weights = new double[count];
        var small = new Stack<int>();
        var large = new Stack<int>();
        for (var i = 0; i < count; i++)
        {
            weights[i] = count / ((i + 1) * total);
            (weights[i] < 1 ? small : large).Push(i);
        }

        while (small.Count > 0 && large.Count > 0)
        {
            var (under, over) = (small.Pop(), large.Pop());
            _keepBelow[under] = (uint)(weights[under] * uint.MaxValue);
            _alias[under] = over;
            weights[over] -= 1 - weights[under];
            (weights[over] < 1 ? small : large).Push(over);
        }

        // What rounding left over keeps its own index.
        foreach (var i in small.Concat(large))
        {
            _keepBelow[i] = uint.MaxValue;
            _alias[i] = i;
        }
    }

    /// <summary>An index in [0, count) out of 64 random bits.</summary>
    public int Draw(ulong bits)
    {
        var column = (int)RandomStream.Scale((uint)bits, (uint)_keepBelow.Length);
        return (uint)(bits >> 32) < _keepBelow[column] ? column : _alias[column];
    }
}
