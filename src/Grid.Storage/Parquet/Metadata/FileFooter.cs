using Grid.Storage.Parquet.Thrift;

namespace Grid.Storage.Parquet.Metadata;

/// <summary>
/// What the end of a file says of it.
/// <code>
/// "PAR1"  pages…  [bloom filters]  [column indexes]  [offset indexes]  footer  length of the footer (4 bytes)  "PAR1"
/// </code>
/// </summary>
internal sealed class FileFooter
{
    public int Version { get; set; } = 2;

    public List<SchemaElement> Schema { get; } = [];

    public long Rows { get; set; }

    public List<RowGroup> RowGroups { get; } = [];

    public List<KeyValue> Properties { get; set; } = [];

    public string? CreatedBy { get; set; }

    /// <summary>True for each column whose statistics are in the order that its type defines; empty if the writer said nothing.</summary>
    public List<bool> HasTypeOrder { get; } = [];

    public static FileFooter Read(ref CompactReader thrift)
    {
        var footer = new FileFooter();
        short field = 0;
        while (thrift.NextField(ref field))
        {
            switch (field)
            {
                case 1: footer.Version = thrift.Int32(); break;
                case 2: footer.ReadSchema(ref thrift); break;
                case 3: footer.Rows = thrift.Int64(); break;
                case 4: footer.ReadRowGroups(ref thrift); break;
                case 5: footer.Properties = KeyValue.ReadList(ref thrift); break;
                case 6: footer.CreatedBy = thrift.Text(); break;
                case 7: footer.ReadOrders(ref thrift); break;
                case 8: throw new ParquetFormatException("the file is encrypted");
                default: thrift.Skip(); break;
            }
        }

        return footer;
    }

    public void Write(CompactWriter thrift)
    {
        thrift.Begin();
        thrift.Int32(1, Version);
        thrift.List(2, Schema, e => e.Write(thrift));
        thrift.Int64(3, Rows);
        thrift.List(4, RowGroups, g => g.Write(thrift));
        thrift.List(5, Properties.Count == 0 ? null : Properties, p => p.Write(thrift));
        thrift.Text(6, CreatedBy);
        thrift.List(7, HasTypeOrder, _ => thrift.Empty(1));
        thrift.End();
    }

    private void ReadSchema(ref CompactReader thrift)
    {
        var count = thrift.List(CompactType.Struct);
        if (count > ParquetLimits.SchemaElementsMax)
        {
            throw new ParquetFormatException($"a schema of {count} elements, {ParquetLimits.SchemaElementsMax} are the most that is read");
        }

        for (var i = 0; i < count; i++)
        {
            Schema.Add(SchemaElement.Read(ref thrift));
        }
    }

    private void ReadRowGroups(ref CompactReader thrift)
    {
        var count = thrift.List(CompactType.Struct);
        for (var i = 0; i < count; i++)
        {
            RowGroups.Add(RowGroup.Read(ref thrift));
        }
    }

    private void ReadOrders(ref CompactReader thrift)
    {
        var count = thrift.List(CompactType.Struct);
        for (var i = 0; i < count; i++)
        {
            HasTypeOrder.Add(ReadOrder(ref thrift));
        }
    }

    private static bool ReadOrder(ref CompactReader thrift)
    {
        var choice = 0;
        short field = 0;
        while (thrift.NextField(ref field))
        {
            choice = field;
            thrift.Skip();
        }

        return choice == 1;
    }
}
