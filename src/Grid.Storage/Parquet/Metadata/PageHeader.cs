using Grid.Storage.Parquet.Thrift;

namespace Grid.Storage.Parquet.Metadata;

/// <summary>What stands before each page. The three kinds of page have headers of their own inside, which are one here.</summary>
internal sealed class PageHeader
{
    private const int NotGiven = -1;

    public PageType Type { get; set; } = (PageType)NotGiven;

    public int UncompressedBytes { get; set; } = NotGiven;

    public int CompressedBytes { get; set; } = NotGiven;

    /// <summary>CRC-32 of the page as it is stored; many writers leave it out.</summary>
    public uint? Crc { get; set; }

    /// <summary>Nulls included.</summary>
    public int Values { get; set; } = NotGiven;

    public ParquetEncoding Encoding { get; set; } = (ParquetEncoding)NotGiven;

    /// <summary>Of a version 1 page: RLE, or the old BIT_PACKED.</summary>
    public ParquetEncoding LevelEncoding { get; set; } = ParquetEncoding.Rle;

    /// <summary>Of a version 2 page.</summary>
    public int Nulls { get; set; }

    public int Rows { get; set; }

    public int DefinitionBytes { get; set; }

    public int RepetitionBytes { get; set; }

    public bool IsCompressed { get; set; } = true;

    public ColumnStatistics? Statistics { get; set; }

    public static PageHeader Read(ref CompactReader thrift)
    {
        var header = new PageHeader();
        var hasInner = false;
        short field = 0;
        while (thrift.NextField(ref field))
        {
            switch (field)
            {
                case 1: header.Type = (PageType)thrift.Int32(); break;
                case 2: header.UncompressedBytes = thrift.Int32(); break;
                case 3: header.CompressedBytes = thrift.Int32(); break;
                case 4: header.Crc = (uint)thrift.Int32(); break;
                case 5 when header.Type == PageType.Data: header.ReadValues(ref thrift); hasInner = true; break;
                case 7 when header.Type == PageType.Dictionary: header.ReadValues(ref thrift); hasInner = true; break;
                case 8 when header.Type == PageType.DataV2: header.ReadDataV2(ref thrift); hasInner = true; break;
                default: thrift.Skip(); break;
            }
        }

        if (!hasInner && header.Type is PageType.Data or PageType.Dictionary or PageType.DataV2)
        {
            throw new ParquetFormatException($"a page of type {header.Type} has no header of its type");
        }

        return header;
    }

    public void Write(CompactWriter thrift)
    {
        thrift.Begin();
        thrift.Int32(1, (int)Type);
        thrift.Int32(2, UncompressedBytes);
        thrift.Int32(3, CompressedBytes);
        thrift.Int32(4, (int?)Crc);
        switch (Type)
        {
            case PageType.Dictionary:
                thrift.Begin(7);
                thrift.Int32(1, Values);
                thrift.Int32(2, (int)Encoding);
                thrift.End();
                break;
            case PageType.Data:
                thrift.Begin(5);
                thrift.Int32(1, Values);
                thrift.Int32(2, (int)Encoding);
                thrift.Int32(3, (int)ParquetEncoding.Rle);
                thrift.Int32(4, (int)ParquetEncoding.Rle);
                Statistics?.Write(thrift, 5);
                thrift.End();
                break;
            default:
                throw new NotSupportedException($"pages of type {Type} are not written");
        }

        thrift.End();
    }

    // Of a version 1 page or a dictionary, which has a flag where a page has the encoding of its levels.
    private void ReadValues(ref CompactReader thrift)
    {
        thrift.Struct();
        short field = 0;
        while (thrift.NextField(ref field))
        {
            switch (field)
            {
                case 1: Values = thrift.Int32(); break;
                case 2: Encoding = (ParquetEncoding)thrift.Int32(); break;
                case 3 when thrift.IsNumber: LevelEncoding = (ParquetEncoding)thrift.Int32(); break;
                case 5: Statistics = ColumnStatistics.Read(ref thrift); break;
                default: thrift.Skip(); break;
            }
        }
    }

    private void ReadDataV2(ref CompactReader thrift)
    {
        thrift.Struct();
        short field = 0;
        while (thrift.NextField(ref field))
        {
            switch (field)
            {
                case 1: Values = thrift.Int32(); break;
                case 2: Nulls = thrift.Int32(); break;
                case 3: Rows = thrift.Int32(); break;
                case 4: Encoding = (ParquetEncoding)thrift.Int32(); break;
                case 5: DefinitionBytes = thrift.Int32(); break;
                case 6: RepetitionBytes = thrift.Int32(); break;
                case 7: IsCompressed = thrift.Bool(); break;
                case 8: Statistics = ColumnStatistics.Read(ref thrift); break;
                default: thrift.Skip(); break;
            }
        }
    }
}
