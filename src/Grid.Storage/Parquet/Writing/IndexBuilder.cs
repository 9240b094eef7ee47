using Grid.Storage.Parquet.Metadata;
using Grid.Storage.Parquet.Schema;
using Grid.Storage.Parquet.Statistics;

namespace Grid.Storage.Parquet.Writing;

/// <summary>Makes the indexes of a column chunk from its pages.</summary>
internal static class IndexBuilder
{
    /// <summary>What the pages hold; null where a page has values but no bounds (all NaN, or no order), which the format cannot say.</summary>
    public static ColumnIndex? MakeBounds(ParquetColumn column, List<PagePlan> plans)
    {
        if (plans.Count == 0 || plans.Exists(p => p.LacksBounds))
        {
            return null;
        }

        var index = new ColumnIndex { Nulls = [] };
        foreach (var plan in plans)
        {
            index.NullPages.Add(plan.IsNulls);
            index.Mins.Add(plan.Statistics.Min ?? []);
            index.Maxs.Add(plan.Statistics.Max ?? []);
            index.Nulls.Add(plan.Statistics.Nulls ?? 0);
        }

        index.Order = OrderOf(ValueOrders.Of(column), plans);
        return index;
    }

    // Pages of nulls stand in no order, and are passed over.
    private static BoundaryOrder OrderOf(ValueOrder order, List<PagePlan> plans)
    {
        bool ascending = true, descending = true;
        ColumnStatistics? before = null;
        foreach (var statistics in plans.Where(p => !p.IsNulls).Select(p => p.Statistics))
        {
            if (before is not null)
            {
                var min = order.Compare(before.Min, statistics.Min);
                var max = order.Compare(before.Max, statistics.Max);
                ascending &= min <= 0 && max <= 0;
                descending &= min >= 0 && max >= 0;
            }

            before = statistics;
        }

        return ascending ? BoundaryOrder.Ascending : descending ? BoundaryOrder.Descending : BoundaryOrder.Unordered;
    }

    /// <summary>Where the pages are, in a file in which the chunk begins at an offset.</summary>
    public static OffsetIndex MakeOffsets(EncodedChunk chunk, long start)
    {
        var index = new OffsetIndex();
        foreach (var page in chunk.Pages)
        {
            index.Pages.Add(page with { Offset = start + page.Offset });
        }

        return index;
    }
}
