using System.Buffers.Binary;
using Grid.Storage.Parquet.Encodings;
using Grid.Storage.Parquet.Schema;

namespace Grid.Storage.Parquet.Reading;

/// <summary>Some rows of a column. It holds until its reader goes on.</summary>
public readonly ref struct ColumnSlice
{
    private readonly ColumnValues _values;
    private readonly int[]? _places;
    private readonly int _start;

    internal ColumnSlice(ParquetColumn column, ColumnValues values, int[]? places, int start, int count)
    {
        Column = column;
        (_values, _places, _start, Count) = (values, places, start, count);
    }

    /// <summary>Whose values these are.</summary>
    public ParquetColumn Column { get; }

    /// <summary>How many rows there are.</summary>
    public int Count { get; }

    /// <summary>True if a row has no value.</summary>
    public bool IsNull(int row) => Place(row) < 0;

    /// <summary>The bytes of a row's value: little-endian numbers, a byte for a boolean, or the byte array; empty if it is null.</summary>
    public ReadOnlySpan<byte> Bytes(int row) => Place(row) is >= 0 and var place ? _values[place] : default;

    /// <summary>The value of a row that is not null, of a column of <see cref="PhysicalType.Boolean"/>.</summary>
    public bool Boolean(int row) => Bytes(row)[0] != 0;

    /// <summary>The value of a row that is not null, of a column of <see cref="PhysicalType.Int32"/>.</summary>
    public int Int32(int row) => BinaryPrimitives.ReadInt32LittleEndian(Bytes(row));

    /// <summary>The value of a row that is not null, of a column of <see cref="PhysicalType.Int64"/>.</summary>
    public long Int64(int row) => BinaryPrimitives.ReadInt64LittleEndian(Bytes(row));

    /// <summary>The value of a row that is not null, of a column of <see cref="PhysicalType.Double"/>.</summary>
    public double Double(int row) => BinaryPrimitives.ReadDoubleLittleEndian(Bytes(row));

    private int Place(int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Count);
        return _places is null ? _start + row : _places[_start + row];
    }
}
