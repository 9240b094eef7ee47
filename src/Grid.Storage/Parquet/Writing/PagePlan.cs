using Grid.Storage.Parquet.Encodings;
using Grid.Storage.Parquet.Metadata;
using Grid.Storage.Parquet.Schema;
using Grid.Storage.Parquet.Statistics;

namespace Grid.Storage.Parquet.Writing;

/// <summary>A page that is to be written: its rows, its values, and what is said of them. It is the same whatever the encoding.</summary>
internal sealed record PagePlan(int FirstRow, int Rows, int FirstValue, int Values, ColumnStatistics Statistics)
{
    public bool IsNulls => Values == 0;

    /// <summary>True if there are values, and none of them is in an order.</summary>
    public bool LacksBounds => Values > 0 && Statistics.Min is null;

    /// <summary>Cuts a column into pages.</summary>
    public static List<PagePlan> Make(ColumnBuffer buffer, ParquetWriterOptions options)
    {
        var plans = new List<PagePlan>();
        int row = 0, value = 0;
        while (row < buffer.Rows)
        {
            var (firstRow, firstValue) = (row, value);
            for (var bytes = 0L; row < buffer.Rows && row - firstRow < options.PageRowsMax && (bytes < options.PageBytesMax || row == firstRow); row++)
            {
                if (!buffer.Column.IsOptional || buffer.Levels[row] == 1)
                {
                    bytes += buffer.Values[value++].Length + (buffer.Column.Width == 0 ? 4 : 0);
                }
            }

            var bounds = new BoundsBuilder(buffer.Column);
            bounds.Add(new ValueSlice(buffer.Values, firstValue, value - firstValue));
            plans.Add(new PagePlan(firstRow, row - firstRow, firstValue, value - firstValue, Describe(buffer.Column, bounds, row - firstRow - (value - firstValue), options)));
        }

        return plans;
    }

    /// <summary>What is said of all pages together.</summary>
    public static ColumnStatistics Sum(ColumnBuffer buffer, ParquetWriterOptions options)
    {
        var bounds = new BoundsBuilder(buffer.Column);
        bounds.Add(new ValueSlice(buffer.Values, 0, buffer.Values.Count));
        return Describe(buffer.Column, bounds, buffer.Rows - buffer.Values.Count, options);
    }

    public ValueSlice Slice(ColumnValues values) => new(values, FirstValue, Values);

    private static ColumnStatistics Describe(ParquetColumn column, BoundsBuilder bounds, long nulls, ParquetWriterOptions options)
    {
        var statistics = new ColumnStatistics { Nulls = nulls };
        if (bounds.Min is { } min && bounds.Max is { } max)
        {
            statistics.Min = BoundCut.Lower(column, min, options.BoundBytesMax);
            statistics.Max = BoundCut.Upper(column, max, options.BoundBytesMax);
            statistics.IsMinExact = ReferenceEquals(statistics.Min, min);
            statistics.IsMaxExact = ReferenceEquals(statistics.Max, max);
        }

        return statistics;
    }
}
