using Grid.Storage.Parquet.Schema;
using Grid.Storage.Parquet.Text;

namespace Grid.Storage.Parquet;

/// <summary>What a file says of a column in a row group.</summary>
/// <param name="RowGroup">The row group, from 0.</param>
/// <param name="Column">The column.</param>
/// <param name="Rows">Rows of the row group.</param>
/// <param name="Nulls">How many of them are null, if it says so.</param>
/// <param name="Min">The least value, or one below it; null if nothing that may be believed is said.</param>
/// <param name="Max">The greatest value, or one above it.</param>
/// <param name="Codec">How its pages are compressed.</param>
/// <param name="Encodings">How they are encoded.</param>
/// <param name="CompressedBytes">Their bytes in the file.</param>
/// <param name="UncompressedBytes">Their bytes before compression.</param>
/// <param name="Pages">How many data pages there are, if there is an index of them.</param>
/// <param name="HasPageBounds">True if each page's bounds are known.</param>
/// <param name="HasBloomFilter">True if there is a bloom filter.</param>
public sealed record ParquetChunkSummary(
    int RowGroup, ParquetColumn Column, long Rows, long? Nulls, string? Min, string? Max, ParquetCodec Codec, string Encodings,
    long CompressedBytes, long UncompressedBytes, long? Pages, bool HasPageBounds, bool HasBloomFilter)
{
    internal static ParquetChunkSummary From(ParquetFile file, int group, ParquetColumn column)
    {
        var rowGroup = file.Footer.RowGroups[group];
        var chunk = rowGroup.Columns[column.Index];
        var bounds = file.Bounds(group, column);
        return new ParquetChunkSummary(
            group,
            column,
            rowGroup.Rows,
            bounds?.Nulls,
            bounds?.Min is { } min ? ValueText.Format(column, min).Text : null,
            bounds?.Max is { } max ? ValueText.Format(column, max).Text : null,
            chunk.Codec,
            string.Join(' ', chunk.Encodings),
            chunk.CompressedBytes,
            chunk.UncompressedBytes,
            file.ReadOffsetIndex(group, column)?.Pages.Count,
            chunk.ColumnIndexOffset is not null,
            chunk.BloomFilterOffset is not null);
    }
}
