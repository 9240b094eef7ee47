using Grid.Storage.Parquet.Thrift;

namespace Grid.Storage.Parquet.Metadata;

/// <summary>A horizontal part of a file, with every column of its rows.</summary>
internal sealed class RowGroup
{
    public List<ColumnChunk> Columns { get; } = [];

    public long UncompressedBytes { get; set; }

    public long CompressedBytes { get; set; }

    public long Rows { get; set; }

    public List<SortingColumn>? Sorting { get; set; }

    public static RowGroup Read(ref CompactReader thrift)
    {
        var group = new RowGroup();
        short field = 0;
        while (thrift.NextField(ref field))
        {
            switch (field)
            {
                case 1: group.ReadColumns(ref thrift); break;
                case 2: group.UncompressedBytes = thrift.Int64(); break;
                case 3: group.Rows = thrift.Int64(); break;
                case 4: group.Sorting = SortingColumn.ReadList(ref thrift); break;
                case 6: group.CompressedBytes = thrift.Int64(); break;
                default: thrift.Skip(); break;
            }
        }

        // An empty group would take one byte in the footer and a hundred in memory.
        return group.Columns.Count > 0 ? group : throw new ParquetFormatException("a row group has no columns");
    }

    public void Write(CompactWriter thrift)
    {
        thrift.List(1, Columns, c => c.Write(thrift));
        thrift.Int64(2, UncompressedBytes);
        thrift.Int64(3, Rows);
        thrift.List(4, Sorting, s => s.Write(thrift));
        thrift.Int64(5, Columns[0].Start);
        thrift.Int64(6, CompressedBytes);
    }

    private void ReadColumns(ref CompactReader thrift)
    {
        var count = thrift.List(CompactType.Struct);
        for (var i = 0; i < count; i++)
        {
            Columns.Add(ColumnChunk.Read(ref thrift));
        }
    }
}
