namespace Grid.Gateway.Ilp;

/// <summary>The columns of one measurement as they stood in the line before, by position.</summary>
internal sealed class IlpGuesses(IlpMeasurement measurement)
{
    private const int PositionsMax = 32;

    private readonly byte[][] _keys = [.. Enumerable.Repeat<byte[]>([], PositionsMax)];
    private readonly IlpTarget[] _targets = new IlpTarget[PositionsMax];

    public IlpMeasurement Measurement => measurement;

    /// <summary>What the column at a position is; false if it is refused.</summary>
    public bool TryFind(int position, ReadOnlySpan<byte> key, out IlpTarget target)
    {
        if (position < PositionsMax && key.SequenceEqual(_keys[position]))
        {
            target = _targets[position];
            return true;
        }

        return TryLookUp(position, key, out target);
    }

    private bool TryLookUp(int position, ReadOnlySpan<byte> key, out IlpTarget target)
    {
        if (!measurement.TryFind(key, out target))
        {
            return false;
        }

        // A copy is made for a column that stays where it is; where columns change places all the time, the look-up does.
        if (position < PositionsMax && _keys[position].Length == 0)
        {
            _keys[position] = key.ToArray();
            _targets[position] = target;
        }

        return true;
    }
}
