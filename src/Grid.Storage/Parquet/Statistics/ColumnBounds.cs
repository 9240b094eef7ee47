using Grid.Storage.Parquet.Metadata;
using Grid.Storage.Parquet.Schema;

namespace Grid.Storage.Parquet.Statistics;

/// <summary>
/// Bounds that a column's values lie within, as far as what a writer said may be believed.
/// Not believed: bounds of columns without an order, in an order that the file does not state, or of the wrong length; old bounds of
/// columns whose order is not the signed one that old writers used; bounds that are NaN, with which old writers spoilt both.
/// A zero bound of a floating type stands for both zeros.
/// </summary>
/// <param name="Min">No value is less; null if nothing is known.</param>
/// <param name="Max">No value is greater; null if nothing is known.</param>
/// <param name="Nulls">How many nulls there are; null if nothing is known.</param>
internal sealed record ColumnBounds(byte[]? Min, byte[]? Max, long? Nulls)
{
    public static ColumnBounds? From(ParquetColumn column, ColumnStatistics? statistics, bool hasTypeOrder)
    {
        if (statistics is null)
        {
            return null;
        }

        var order = ValueOrders.Of(column);
        var (min, max) = hasTypeOrder ? (statistics.Min, statistics.Max) : (null, null);
        if (min is null && max is null && order is ValueOrder.Boolean or ValueOrder.Int32 or ValueOrder.Int64 or ValueOrder.Float or ValueOrder.Double)
        {
            (min, max) = (statistics.OldMin, statistics.OldMax);
        }

        (min, max) = Checked(order, min, max);
        return new ColumnBounds(min, max, statistics.Nulls);
    }

    /// <summary>Bounds that may be compared with values; null for those that may not be believed.</summary>
    public static (byte[]? Min, byte[]? Max) Checked(ValueOrder order, byte[]? min, byte[]? max)
    {
        if (order == ValueOrder.None || !IsWhole(order, min) || !IsWhole(order, max) || (min is not null && order.IsNaN(min)) || (max is not null && order.IsNaN(max)))
        {
            return (null, null);
        }

        return (ZeroSigned(order, min, isNegative: true), ZeroSigned(order, max, isNegative: false));
    }

    /// <summary>A bound with the sign that makes it stand for both zeros, if it is one.</summary>
    public static byte[]? ZeroSigned(ValueOrder order, byte[]? bound, bool isNegative)
    {
        if (bound is null || !order.IsFloatingZero(bound))
        {
            return bound;
        }

        var signed = new byte[bound.Length];
        signed[^1] = (byte)(isNegative ? 0x80 : 0);
        return signed;
    }

    /// <summary>True if some value may lie from one to another.</summary>
    public static bool MayHold(ValueOrder order, byte[]? min, byte[]? max, byte[]? low, byte[]? high) =>
        (max is null || low is null || order.Compare(max, low) >= 0) && (min is null || high is null || order.Compare(min, high) <= 0);

    private static bool IsWhole(ValueOrder order, byte[]? bound) => bound is null || order.Width() == 0 || bound.Length == order.Width();
}
