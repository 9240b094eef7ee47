using Grid.Storage.Parquet.Thrift;

namespace Grid.Storage.Parquet.Metadata;

/// <summary>What is said of the values of a page or of a column in a row group, as it is written. What may be believed of it is
/// <c>ColumnRange</c>'s affair.</summary>
internal sealed class ColumnStatistics
{
    /// <summary>In the order of old writers, signed whatever the column is.</summary>
    public byte[]? OldMin { get; set; }

    public byte[]? OldMax { get; set; }

    /// <summary>In the order of the column.</summary>
    public byte[]? Min { get; set; }

    public byte[]? Max { get; set; }

    /// <summary>False if it is only a bound, because the value was cut.</summary>
    public bool? IsMinExact { get; set; }

    public bool? IsMaxExact { get; set; }

    public long? Nulls { get; set; }

    public long? Distinct { get; set; }

    public static ColumnStatistics Read(ref CompactReader thrift)
    {
        thrift.Struct();
        var statistics = new ColumnStatistics();
        short field = 0;
        while (thrift.NextField(ref field))
        {
            switch (field)
            {
                case 1: statistics.OldMax = thrift.Binary(); break;
                case 2: statistics.OldMin = thrift.Binary(); break;
                case 3: statistics.Nulls = thrift.Int64(); break;
                case 4: statistics.Distinct = thrift.Int64(); break;
                case 5: statistics.Max = thrift.Binary(); break;
                case 6: statistics.Min = thrift.Binary(); break;
                case 7: statistics.IsMaxExact = thrift.Bool(); break;
                case 8: statistics.IsMinExact = thrift.Bool(); break;
                default: thrift.Skip(); break;
            }
        }

        return statistics;
    }

    public void Write(CompactWriter thrift, short field)
    {
        thrift.Begin(field);
        thrift.Int64(3, Nulls);
        thrift.Int64(4, Distinct);
        thrift.Binary(5, Max);
        thrift.Binary(6, Min);
        thrift.Bool(7, IsMaxExact);
        thrift.Bool(8, IsMinExact);
        thrift.End();
    }
}
