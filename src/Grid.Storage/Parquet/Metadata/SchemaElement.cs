using Grid.Storage.Parquet.Schema;
using Grid.Storage.Parquet.Thrift;

namespace Grid.Storage.Parquet.Metadata;

/// <summary>A node of the schema as the footer has it: the tree in depth-first order, each group followed by its children.</summary>
internal sealed class SchemaElement
{
    /// <summary>Null for a group.</summary>
    public PhysicalType? Type { get; set; }

    public int TypeLength { get; set; }

    /// <summary>The root has none.</summary>
    public Repetition Repetition { get; set; }

    public string Name { get; set; } = string.Empty;

    public int Children { get; set; }

    public LogicalType Logical { get; set; }

    public static SchemaElement Read(ref CompactReader thrift)
    {
        var element = new SchemaElement();
        int? converted = null;
        int scale = 0, precision = 0;
        short field = 0;
        while (thrift.NextField(ref field))
        {
            switch (field)
            {
                case 1: element.Type = (PhysicalType)Checked(thrift.Int32(), 7, "physical type"); break;
                case 2: element.TypeLength = thrift.Int32(); break;
                case 3: element.Repetition = (Repetition)Checked(thrift.Int32(), 2, "repetition"); break;
                case 4: element.Name = thrift.Text(); break;
                case 5: element.Children = thrift.Int32(); break;
                case 6: converted = thrift.Int32(); break;
                case 7: scale = thrift.Int32(); break;
                case 8: precision = thrift.Int32(); break;
                case 10: element.Logical = LogicalType.Read(ref thrift); break;
                default: thrift.Skip(); break;
            }
        }

        // A newer writer's unknown annotation may stand beside an older one that is known.
        if (converted is { } older && element.Logical.Kind is LogicalKind.None or LogicalKind.Other)
        {
            element.Logical = LogicalType.FromConverted(older, precision, scale);
        }

        return element;
    }

    public void Write(CompactWriter thrift)
    {
        thrift.Int32(1, (int?)Type);
        thrift.Int32(2, Type == PhysicalType.FixedLenByteArray ? TypeLength : null);
        thrift.Int32(3, Type is null ? null : (int)Repetition);
        thrift.Text(4, Name);
        thrift.Int32(5, Type is null ? Children : null);
        thrift.Int32(6, Logical.ToConverted());
        if (Logical.Kind == LogicalKind.Decimal)
        {
            thrift.Int32(7, Logical.Scale);
            thrift.Int32(8, Logical.Precision);
        }

        Logical.Write(thrift, 10);
    }

    private static int Checked(int value, int highest, string what) =>
        (uint)value <= (uint)highest ? value : throw new ParquetFormatException($"the schema has the unknown {what} {value}");
}
