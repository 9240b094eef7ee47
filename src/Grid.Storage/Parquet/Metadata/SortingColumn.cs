using Grid.Storage.Parquet.Thrift;

namespace Grid.Storage.Parquet.Metadata;

/// <summary>A column that the rows of a row group are sorted by.</summary>
/// <param name="Column">Its place among the columns.</param>
/// <param name="IsDescending">True if large values come first.</param>
/// <param name="NullsFirst">True if nulls come first.</param>
internal readonly record struct SortingColumn(int Column, bool IsDescending, bool NullsFirst)
{
    public static List<SortingColumn> ReadList(ref CompactReader thrift)
    {
        var count = thrift.List(CompactType.Struct);
        var list = new List<SortingColumn>();
        for (var i = 0; i < count; i++)
        {
            list.Add(Read(ref thrift));
        }

        return list;
    }

    public void Write(CompactWriter thrift)
    {
        thrift.Int32(1, Column);
        thrift.Bool(2, IsDescending);
        thrift.Bool(3, NullsFirst);
    }

    private static SortingColumn Read(ref CompactReader thrift)
    {
        var column = 0;
        bool isDescending = false, nullsFirst = false;
        short field = 0;
        while (thrift.NextField(ref field))
        {
            switch (field)
            {
                case 1: column = thrift.Int32(); break;
                case 2: isDescending = thrift.Bool(); break;
                case 3: nullsFirst = thrift.Bool(); break;
                default: thrift.Skip(); break;
            }
        }

        return new SortingColumn(column, isDescending, nullsFirst);
    }
}
