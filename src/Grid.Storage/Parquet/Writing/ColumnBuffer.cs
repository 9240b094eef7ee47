using System.Buffers.Binary;
using Grid.Storage.Parquet.Encodings;
using Grid.Storage.Parquet.Schema;

namespace Grid.Storage.Parquet.Writing;

/// <summary>The values of a column that wait for their row group to be full. A row takes exactly one value or null of each column.</summary>
public sealed class ColumnBuffer
{
    private int[] _levels = [];

    internal ColumnBuffer(ParquetColumn column, ParquetField field)
    {
        (Column, Field) = (column, field);
        Values.Clear(column.Width);
    }

    /// <summary>The column.</summary>
    public ParquetColumn Column { get; }

    internal ParquetField Field { get; }

    internal ColumnValues Values { get; } = new();

    /// <summary>Rows so far, nulls included.</summary>
    internal int Rows { get; private set; }

    /// <summary>For each row 1, or 0 where it is null; empty if the column has no nulls.</summary>
    internal ReadOnlySpan<int> Levels => Column.IsOptional ? _levels.AsSpan(0, Rows) : default;

    internal long Bytes => Values.AppendedBytes + ((Column.IsOptional ? 4L : 0) * Rows) + (Column.Width == 0 ? 8L * Values.Count : 0);

    /// <summary>Appends no value.</summary>
    public void AppendNull()
    {
        if (!Column.IsOptional)
        {
            throw new InvalidOperationException($"column '{Column.Name}' has no nulls");
        }

        AppendLevel(0);
    }

    /// <summary>Appends a value to a column of <see cref="PhysicalType.Boolean"/>.</summary>
    public void Append(bool value)
    {
        Require(PhysicalType.Boolean);
        AppendChecked([(byte)(value ? 1 : 0)]);
    }

    /// <summary>Appends a value to a column of <see cref="PhysicalType.Int32"/>.</summary>
    public void Append(int value)
    {
        Require(PhysicalType.Int32);
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        AppendChecked(bytes);
    }

    /// <summary>Appends a value to a column of <see cref="PhysicalType.Int64"/>.</summary>
    public void Append(long value)
    {
        Require(PhysicalType.Int64);
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        AppendChecked(bytes);
    }

    /// <summary>Appends a value to a column of <see cref="PhysicalType.Double"/>.</summary>
    public void Append(double value)
    {
        Require(PhysicalType.Double);
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
        AppendChecked(bytes);
    }

    /// <summary>Appends the bytes of a value: of a byte array, or what <see cref="Reading.ColumnSlice.Bytes"/> gave of a column of the same type.</summary>
    public void Append(ReadOnlySpan<byte> value)
    {
        if (Column.Width > 0 && value.Length != Column.Width)
        {
            throw new ArgumentException($"column '{Column.Name}' has values of {Column.Width} bytes, this one has {value.Length}");
        }

        if (value.Length > ParquetLimits.PageBytesMax / 4)
        {
            throw new ArgumentException($"column '{Column.Name}' was given a value of {value.Length} bytes, {ParquetLimits.PageBytesMax / 4} are the most");
        }

        AppendChecked(value);
    }

    internal void Clear()
    {
        Values.Clear(Column.Width);
        Rows = 0;
    }

    private void Require(PhysicalType type)
    {
        if (Column.Type != type)
        {
            throw new InvalidOperationException($"column '{Column.Name}' is of type {Column.Type}, not {type}");
        }
    }

    private void AppendChecked(ReadOnlySpan<byte> value)
    {
        Values.Append(value);
        AppendLevel(1);
    }

    private void AppendLevel(int level)
    {
        if (Column.IsOptional)
        {
            if (Rows == _levels.Length)
            {
                Array.Resize(ref _levels, Math.Max(1 << 8, 2 * Rows));
            }

            _levels[Rows] = level;
        }

        Rows++;
    }
}
