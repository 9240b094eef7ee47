using Grid.Storage.Parquet.Encodings;
using Grid.Storage.Parquet.Statistics;

namespace Grid.Storage.Parquet.Writing;

/// <summary>The distinct values of a column chunk in the order of their first appearance, each with its number.</summary>
internal sealed class ValueDictionary
{
    // Open addressing: a slot holds one more than a value's number, and 0 where it is free; at most half of the slots are taken.
    private int[] _slots = new int[1 << 10];
    private ulong[] _hashes = new ulong[1 << 9];

    /// <summary>The values.</summary>
    public ColumnValues Values { get; } = new();

    /// <summary>Their hashes, which bloom filters want too.</summary>
    public ReadOnlySpan<ulong> Hashes => _hashes.AsSpan(0, Values.Count);

    public void Clear(int width)
    {
        Values.Clear(width);
        _slots.AsSpan().Clear();
    }

    /// <summary>The number of a value, which is a new one if it is new.</summary>
    public int Add(ReadOnlySpan<byte> value)
    {
        var hash = XxHash64.Hash(value);
        for (var slot = (int)hash & (_slots.Length - 1); ; slot = (slot + 1) & (_slots.Length - 1))
        {
            var number = _slots[slot] - 1;
            if (number < 0)
            {
                return AddNew(value, hash, slot);
            }

            if (_hashes[number] == hash && Values[number].SequenceEqual(value))
            {
                return number;
            }
        }
    }

    private int AddNew(ReadOnlySpan<byte> value, ulong hash, int slot)
    {
        var number = Values.Count;
        Values.Append(value);
        _slots[slot] = number + 1;
        _hashes[number] = hash;
        if (number + 1 == _hashes.Length)
        {
            Grow();
        }

        return number;
    }

    private void Grow()
    {
        Array.Resize(ref _hashes, 2 * _hashes.Length);
        _slots = new int[2 * _slots.Length];
        for (var i = 0; i < Values.Count; i++)
        {
            var slot = (int)_hashes[i] & (_slots.Length - 1);
            while (_slots[slot] != 0)
            {
                slot = (slot + 1) & (_slots.Length - 1);
            }

            _slots[slot] = i + 1;
        }
    }
}
