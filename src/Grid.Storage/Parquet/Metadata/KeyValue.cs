using Grid.Storage.Parquet.Thrift;

namespace Grid.Storage.Parquet.Metadata;

/// <summary>A property of a file or of a column.</summary>
/// <param name="Key">Its name.</param>
/// <param name="Value">Null if it has none.</param>
internal sealed record KeyValue(string Key, string? Value)
{
    public static List<KeyValue> ReadList(ref CompactReader thrift)
    {
        var count = thrift.List(CompactType.Struct);
        var list = new List<KeyValue>();
        for (var i = 0; i < count; i++)
        {
            list.Add(Read(ref thrift));
        }

        return list;
    }

    public void Write(CompactWriter thrift)
    {
        thrift.Text(1, Key);
        thrift.Text(2, Value);
    }

    private static KeyValue Read(ref CompactReader thrift)
    {
        var key = string.Empty;
        string? value = null;
        short field = 0;
        while (thrift.NextField(ref field))
        {
            switch (field)
            {
                case 1: key = thrift.Text(); break;
                case 2: value = thrift.Text(); break;
                default: thrift.Skip(); break;
            }
        }

        return new KeyValue(key, value);
    }
}
