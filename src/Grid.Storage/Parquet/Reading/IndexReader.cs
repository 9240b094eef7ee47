using Grid.Storage.Parquet.Metadata;
using Grid.Storage.Parquet.Schema;
using Grid.Storage.Parquet.Statistics;
using Grid.Storage.Parquet.Thrift;

namespace Grid.Storage.Parquet.Reading;

/// <summary>Reads what stands beside the pages of a column chunk: where they are, what they hold, which values there are.</summary>
internal static class IndexReader
{
    private const int BloomHeaderBytesMax = 64;

    public static OffsetIndex? ReadOffsets(ParquetFile file, ColumnChunk chunk, int group, ParquetColumn column)
    {
        if (chunk.OffsetIndexOffset is not { } offset || chunk.OffsetIndexBytes is not { } length)
        {
            return null;
        }

        try
        {
            var thrift = new CompactReader(file.ReadPiece(offset, length, ParquetLimits.FooterBytesMax));
            var index = OffsetIndex.Read(ref thrift);
            for (var i = 0; i < index.Pages.Count; i++)
            {
                var before = i == 0 ? new PageLocation(-1, 0, -1) : index.Pages[i - 1];
                if (index.Pages[i].Offset <= before.Offset || index.Pages[i].FirstRow <= before.FirstRow || (i == 0 && index.Pages[i].FirstRow != 0))
                {
                    throw new ParquetFormatException($"page {i} is said to be at offset {index.Pages[i].Offset} with row {index.Pages[i].FirstRow} first, out of order");
                }
            }

            return index.Pages.Count > 0 ? index : null;
        }
        catch (ParquetFormatException e)
        {
            throw file.Fault($"column '{column.Name}', row group {group}, offset index at offset {offset}: {e.Message}", e);
        }
    }

    public static ColumnIndex? ReadBounds(ParquetFile file, ColumnChunk chunk, int group, ParquetColumn column)
    {
        if (chunk.ColumnIndexOffset is not { } offset || chunk.ColumnIndexBytes is not { } length)
        {
            return null;
        }

        try
        {
            var thrift = new CompactReader(file.ReadPiece(offset, length, ParquetLimits.FooterBytesMax));
            var index = ColumnIndex.Read(ref thrift);
            var pages = index.NullPages.Count;
            return index.Mins.Count == pages && index.Maxs.Count == pages && (index.Nulls?.Count ?? pages) == pages
                ? index
                : throw new ParquetFormatException($"{pages} pages have {index.Mins.Count} minima, {index.Maxs.Count} maxima and {index.Nulls?.Count ?? pages} counts of nulls");
        }
        catch (ParquetFormatException e)
        {
            throw file.Fault($"column '{column.Name}', row group {group}, column index at offset {offset}: {e.Message}", e);
        }
    }

    public static BloomFilter? ReadBloom(ParquetFile file, ColumnChunk chunk, int group, ParquetColumn column)
    {
        if (chunk.BloomFilterOffset is not { } offset)
        {
            return null;
        }

        try
        {
            var head = file.ReadPiece(offset, Math.Min(BloomHeaderBytesMax, file.PagesEnd - offset), BloomHeaderBytesMax);
            var start = BloomFilter.ReadHeader(head, out var bits);
            return BloomFilter.Of(file.ReadPiece(offset + start, bits, ParquetLimits.BloomFilterBytesMax));
        }
        catch (ParquetFormatException e)
        {
            throw file.Fault($"column '{column.Name}', row group {group}, bloom filter at offset {offset}: {e.Message}", e);
        }
    }
}
