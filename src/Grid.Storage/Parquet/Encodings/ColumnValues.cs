using System.Runtime.InteropServices;

namespace Grid.Storage.Parquet.Encodings;

/// <summary>
/// The values of a page or of a dictionary, nulls left out. A value is its bytes as PLAIN writes them (a boolean is one byte), so
/// that codecs need not know what it means. Values of one width stand in a row; others are pieces of some buffer, which is
/// the page itself or the dictionary, and are not copied.
/// </summary>
internal sealed class ColumnValues
{
    private byte[] _bytes = [];
    private int[] _starts = [];
    private int[] _lengths = [];
    private int _appended;

    /// <summary>Bytes of each value; 0 if they differ.</summary>
    public int Width { get; private set; }

    public int Count { get; private set; }

    /// <summary>Bytes of the values that were appended.</summary>
    public int AppendedBytes => _appended;

    /// <summary>One value.</summary>
    public ReadOnlySpan<byte> this[int index] => Width > 0 ? _bytes.AsSpan(index * Width, Width) : _bytes.AsSpan(_starts[index], _lengths[index]);

    /// <summary>All values of one width.</summary>
    public ReadOnlySpan<byte> Fixed => _bytes.AsSpan(0, Count * Width);

    /// <summary>Begins anew with values of one width, and gives the place to write them.</summary>
    public Span<byte> ResetFixed(int count, int width)
    {
        var bytes = (long)count * width;
        if (bytes > ParquetLimits.PageBytesMax)
        {
            throw new ParquetFormatException($"{count} values of {width} bytes are more than the {ParquetLimits.PageBytesMax} bytes that a page may have");
        }

        if (Width == 0 || _bytes.Length < bytes)
        {
            _bytes = GC.AllocateUninitializedArray<byte>((int)bytes);
        }

        (Count, Width) = (count, width);
        return _bytes.AsSpan(0, (int)bytes);
    }

    /// <summary>Begins anew with values of which each is a piece of a buffer; the caller fills in the pieces.</summary>
    public void ResetPieces(byte[] buffer, int count, out Span<int> starts, out Span<int> lengths)
    {
        if (_starts.Length < count)
        {
            _starts = GC.AllocateUninitializedArray<int>(count);
            _lengths = GC.AllocateUninitializedArray<int>(count);
        }

        (_bytes, Count, Width) = (buffer, count, 0);
        starts = _starts.AsSpan(0, count);
        lengths = _lengths.AsSpan(0, count);
    }

    /// <summary>Begins anew with no values, to append to.</summary>
    public void Clear(int width)
    {
        (Count, Width, _appended) = (0, width, 0);
    }

    /// <summary>Appends a value to those that were appended before.</summary>
    public void Append(ReadOnlySpan<byte> value)
    {
        if (value.Length > _bytes.Length - _appended)
        {
            Array.Resize(ref _bytes, (int)Math.Min(Array.MaxLength, Math.Max(1 << 12, 2L * (_appended + (long)value.Length))));
        }

        value.CopyTo(_bytes.AsSpan(_appended));
        if (Width == 0)
        {
            if (Count == _starts.Length)
            {
                Array.Resize(ref _starts, Math.Max(1 << 8, 2 * Count));
                Array.Resize(ref _lengths, _starts.Length);
            }

            (_starts[Count], _lengths[Count]) = (_appended, value.Length);
        }

        _appended += value.Length;
        Count++;
    }

    /// <summary>Takes values of a dictionary by their indexes.</summary>
    public void ResetGathered(ColumnValues dictionary, ReadOnlySpan<int> indexes)
    {
        foreach (var index in indexes)
        {
            if ((uint)index >= (uint)dictionary.Count)
            {
                throw new ParquetFormatException($"dictionary index {index} is out of range, there are {dictionary.Count} entries");
            }
        }

        if (dictionary.Width == 0)
        {
            ResetPieces(dictionary._bytes, indexes.Length, out var starts, out var lengths);
            for (var i = 0; i < indexes.Length; i++)
            {
                starts[i] = dictionary._starts[indexes[i]];
                lengths[i] = dictionary._lengths[indexes[i]];
            }

            return;
        }

        var target = ResetFixed(indexes.Length, dictionary.Width);
        switch (dictionary.Width)
        {
            case 4:
                Gather(MemoryMarshal.Cast<byte, int>(dictionary.Fixed), indexes, MemoryMarshal.Cast<byte, int>(target));
                break;
            case 8:
                Gather(MemoryMarshal.Cast<byte, long>(dictionary.Fixed), indexes, MemoryMarshal.Cast<byte, long>(target));
                break;
            default:
                for (var i = 0; i < indexes.Length; i++)
                {
                    dictionary[indexes[i]].CopyTo(target[(i * Width)..]);
                }

                break;
        }
    }

    private static void Gather<T>(ReadOnlySpan<T> dictionary, ReadOnlySpan<int> indexes, Span<T> target)
    {
        for (var i = 0; i < indexes.Length; i++)
        {
            target[i] = dictionary[indexes[i]];
        }
    }
}
