using Grid.Storage.Parquet.Thrift;

namespace Grid.Storage.Parquet.Metadata;

/// <summary>A column of a row group: where its pages are, how they are written, what they hold.</summary>
internal sealed class ColumnChunk
{
    public PhysicalType Type { get; set; }

    public List<ParquetEncoding> Encodings { get; set; } = [];

    public List<string> Path { get; set; } = [];

    public ParquetCodec Codec { get; set; }

    /// <summary>Nulls included.</summary>
    public long Values { get; set; }

    public long UncompressedBytes { get; set; }

    public long CompressedBytes { get; set; }

    public List<KeyValue>? Properties { get; set; }

    public long DataPageOffset { get; set; }

    public long? DictionaryPageOffset { get; set; }

    public ColumnStatistics? Statistics { get; set; }

    public long? BloomFilterOffset { get; set; }

    public int? BloomFilterBytes { get; set; }

    public long? OffsetIndexOffset { get; set; }

    public int? OffsetIndexBytes { get; set; }

    public long? ColumnIndexOffset { get; set; }

    public int? ColumnIndexBytes { get; set; }

    /// <summary>True if it lies in another file, or is encrypted: neither is read.</summary>
    public bool IsElsewhere { get; set; }

    /// <summary>Where the first page is. Some writers say 0 for a dictionary that they did not write.</summary>
    public long Start => DictionaryPageOffset is { } dictionary && dictionary > 0 && dictionary < DataPageOffset ? dictionary : DataPageOffset;

    public static ColumnChunk Read(ref CompactReader thrift)
    {
        var chunk = new ColumnChunk();
        var hasMetadata = false;
        short field = 0;
        while (thrift.NextField(ref field))
        {
            switch (field)
            {
                case 3: chunk.ReadMetadata(ref thrift); hasMetadata = true; break;
                case 4: chunk.OffsetIndexOffset = thrift.Int64(); break;
                case 5: chunk.OffsetIndexBytes = thrift.Int32(); break;
                case 6: chunk.ColumnIndexOffset = thrift.Int64(); break;
                case 7: chunk.ColumnIndexBytes = thrift.Int32(); break;
                case 1: chunk.IsElsewhere |= thrift.Text().Length > 0; break;
                case 8 or 9: chunk.IsElsewhere = true; thrift.Skip(); break;
                default: thrift.Skip(); break;
            }
        }

        return (hasMetadata && chunk.Path.Count > 0) || chunk.IsElsewhere ? chunk : throw new ParquetFormatException("a column chunk has no metadata");
    }

    public void Write(CompactWriter thrift)
    {
        thrift.Int64(2, 0);
        thrift.Begin(3);
        thrift.Int32(1, (int)Type);
        thrift.List(2, CompactType.Int32, Encodings.Count);
        Encodings.ForEach(e => thrift.Element((long)e));
        thrift.List(3, CompactType.Binary, Path.Count);
        Path.ForEach(p => thrift.Element(System.Text.Encoding.UTF8.GetBytes(p)));
        thrift.Int32(4, (int)Codec);
        thrift.Int64(5, Values);
        thrift.Int64(6, UncompressedBytes);
        thrift.Int64(7, CompressedBytes);
        thrift.Int64(9, DataPageOffset);
        thrift.Int64(11, DictionaryPageOffset);
        Statistics?.Write(thrift, 12);
        thrift.Int64(14, BloomFilterOffset);
        thrift.Int32(15, BloomFilterBytes);
        thrift.End();
        thrift.Int64(4, OffsetIndexOffset);
        thrift.Int32(5, OffsetIndexBytes);
        thrift.Int64(6, ColumnIndexOffset);
        thrift.Int32(7, ColumnIndexBytes);
    }

    private void ReadMetadata(ref CompactReader thrift)
    {
        thrift.Struct();
        short field = 0;
        while (thrift.NextField(ref field))
        {
            switch (field)
            {
                case 1: Type = (PhysicalType)thrift.Int32(); break;
                case 2: Encodings = ReadEncodings(ref thrift); break;
                case 3: Path = ReadPath(ref thrift); break;
                case 4: Codec = (ParquetCodec)thrift.Int32(); break;
                case 5: Values = thrift.Int64(); break;
                case 6: UncompressedBytes = thrift.Int64(); break;
                case 7: CompressedBytes = thrift.Int64(); break;
                case 8: Properties = KeyValue.ReadList(ref thrift); break;
                case 9: DataPageOffset = thrift.Int64(); break;
                case 11: DictionaryPageOffset = thrift.Int64(); break;
                case 12: Statistics = ColumnStatistics.Read(ref thrift); break;
                case 14 when thrift.IsNumber: BloomFilterOffset = thrift.Int64(); break;

                // One writer once had something of its own under this number.
                case 15 when thrift.IsNumber: BloomFilterBytes = thrift.Int32(); break;
                default: thrift.Skip(); break;
            }
        }
    }

    private static List<ParquetEncoding> ReadEncodings(ref CompactReader thrift)
    {
        var count = thrift.List(CompactType.Int32);
        var encodings = new List<ParquetEncoding>();
        for (var i = 0; i < count; i++)
        {
            encodings.Add((ParquetEncoding)thrift.Int32());
        }

        return encodings;
    }

    private static List<string> ReadPath(ref CompactReader thrift)
    {
        var count = thrift.List(CompactType.Binary);
        var path = new List<string>();
        for (var i = 0; i < count; i++)
        {
            path.Add(thrift.Text());
        }

        return path;
    }
}
