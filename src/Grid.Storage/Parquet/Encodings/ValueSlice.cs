namespace Grid.Storage.Parquet.Encodings;

/// <summary>Some values that stand one after another: those of a page that is written.</summary>
internal readonly struct ValueSlice(ColumnValues values, int start, int count)
{
    public int Count => count;

    /// <summary>Bytes of each value; 0 if they differ.</summary>
    public int Width => values.Width;

    /// <summary>All values of one width.</summary>
    public ReadOnlySpan<byte> Fixed => values.Fixed.Slice(start * values.Width, count * values.Width);

    /// <summary>One value.</summary>
    public ReadOnlySpan<byte> this[int index] => values[start + index];
}
