using Grid.Storage.Parquet.Encodings;
using Grid.Storage.Parquet.Schema;

namespace Grid.Storage.Parquet.Statistics;

/// <summary>
/// Finds the bounds of values in the order of their column. NaN counts for nothing, and zeros of floating types become -0 below and +0
/// above, both as the format demands.
/// </summary>
internal sealed class BoundsBuilder(ParquetColumn column)
{
    private readonly ValueOrder _order = ValueOrders.Of(column);
    private byte[]? _min;
    private byte[]? _max;

    /// <summary>The least value; null if there was none.</summary>
    public byte[]? Min => ColumnBounds.ZeroSigned(_order, _min, isNegative: true);

    /// <summary>The greatest value; null if there was none.</summary>
    public byte[]? Max => ColumnBounds.ZeroSigned(_order, _max, isNegative: false);

    public void Add(ValueSlice values)
    {
        if (_order == ValueOrder.None)
        {
            return;
        }

        int least = -1, greatest = -1;
        for (var i = 0; i < values.Count; i++)
        {
            var value = values[i];
            if (_order.IsNaN(value))
            {
                continue;
            }

            if (least < 0)
            {
                (least, greatest) = (i, i);
            }
            else if (_order.Compare(value, values[least]) < 0)
            {
                least = i;
            }
            else if (_order.Compare(value, values[greatest]) > 0)
            {
                greatest = i;
            }
        }

        if (least >= 0)
        {
            Add(values[least], values[greatest]);
        }
    }

    /// <summary>Adds bounds of other values.</summary>
    public void Add(ReadOnlySpan<byte> min, ReadOnlySpan<byte> max)
    {
        if (_min is null || _order.Compare(min, _min) < 0)
        {
            _min = min.ToArray();
        }

        if (_max is null || _order.Compare(max, _max) > 0)
        {
            _max = max.ToArray();
        }
    }
}
