using Grid.Storage.Parquet.Thrift;

namespace Grid.Storage.Parquet.Metadata;

/// <summary>Where a data page is, and which row of its row group it begins with.</summary>
internal readonly record struct PageLocation(long Offset, int Bytes, long FirstRow);

/// <summary>Where the data pages of a column chunk are.</summary>
internal sealed class OffsetIndex
{
    public List<PageLocation> Pages { get; } = [];

    /// <summary>The page that has a row of the row group; the pages are in order.</summary>
    public int PageOf(long row)
    {
        int low = 0, high = Pages.Count - 1;
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            (low, high) = Pages[middle].FirstRow <= row ? (middle, high) : (low, middle - 1);
        }

        return low;
    }

    public static OffsetIndex Read(ref CompactReader thrift)
    {
        var index = new OffsetIndex();
        short field = 0;
        while (thrift.NextField(ref field))
        {
            if (field != 1)
            {
                thrift.Skip();
                continue;
            }

            var count = thrift.List(CompactType.Struct);
            for (var i = 0; i < count; i++)
            {
                index.Pages.Add(ReadLocation(ref thrift));
            }
        }

        return index;
    }

    public void Write(CompactWriter thrift)
    {
        thrift.Begin();
        thrift.List(1, Pages, page =>
        {
            thrift.Int64(1, page.Offset);
            thrift.Int32(2, page.Bytes);
            thrift.Int64(3, page.FirstRow);
        });
        thrift.End();
    }

    private static PageLocation ReadLocation(ref CompactReader thrift)
    {
        long offset = 0, row = 0;
        var bytes = 0;
        short field = 0;
        while (thrift.NextField(ref field))
        {
            switch (field)
            {
                case 1: offset = thrift.Int64(); break;
                case 2: bytes = thrift.Int32(); break;
                case 3: row = thrift.Int64(); break;
                default: thrift.Skip(); break;
            }
        }

        return new PageLocation(offset, bytes, row);
    }
}

/// <summary>How the bounds of a column chunk's pages follow each other.</summary>
internal enum BoundaryOrder
{
    Unordered = 0,
    Ascending = 1,
    Descending = 2,
}

/// <summary>What the data pages of a column chunk hold: bounds and nulls of each. Bounds of a page of nulls mean nothing.</summary>
internal sealed class ColumnIndex
{
    public List<bool> NullPages { get; } = [];

    public List<byte[]> Mins { get; } = [];

    public List<byte[]> Maxs { get; } = [];

    public BoundaryOrder Order { get; set; }

    /// <summary>Null if the writer left them out.</summary>
    public List<long>? Nulls { get; set; }

    public static ColumnIndex Read(ref CompactReader thrift)
    {
        var index = new ColumnIndex();
        short field = 0;
        while (thrift.NextField(ref field))
        {
            switch (field)
            {
                case 1: ReadFlags(ref thrift, index.NullPages); break;
                case 2: ReadBounds(ref thrift, index.Mins); break;
                case 3: ReadBounds(ref thrift, index.Maxs); break;
                case 4: index.Order = (BoundaryOrder)thrift.Int32(); break;
                case 5: index.Nulls = ReadCounts(ref thrift); break;
                default: thrift.Skip(); break;
            }
        }

        return index;
    }

    public void Write(CompactWriter thrift)
    {
        thrift.Begin();
        thrift.List(1, CompactType.True, NullPages.Count);
        NullPages.ForEach(thrift.Element);
        thrift.List(2, CompactType.Binary, Mins.Count);
        Mins.ForEach(thrift.Element);
        thrift.List(3, CompactType.Binary, Maxs.Count);
        Maxs.ForEach(thrift.Element);
        thrift.Int32(4, (int)Order);
        if (Nulls is not null)
        {
            thrift.List(5, CompactType.Int64, Nulls.Count);
            Nulls.ForEach(thrift.Element);
        }

        thrift.End();
    }

    private static void ReadFlags(ref CompactReader thrift, List<bool> flags)
    {
        var count = thrift.List(CompactType.True);
        for (var i = 0; i < count; i++)
        {
            flags.Add(thrift.ListedBool());
        }
    }

    private static void ReadBounds(ref CompactReader thrift, List<byte[]> bounds)
    {
        var count = thrift.List(CompactType.Binary);
        for (var i = 0; i < count; i++)
        {
            bounds.Add(thrift.Binary());
        }
    }

    private static List<long> ReadCounts(ref CompactReader thrift)
    {
        var count = thrift.List(CompactType.Int64);
        var counts = new List<long>();
        for (var i = 0; i < count; i++)
        {
            counts.Add(thrift.Int64());
        }

        return counts;
    }
}
