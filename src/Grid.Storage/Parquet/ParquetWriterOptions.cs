using Grid.Storage.Parquet.Codecs;

namespace Grid.Storage.Parquet;

/// <summary>A column that rows are sorted by, as the file says; the writer does not sort.</summary>
/// <param name="Column">Its name.</param>
/// <param name="IsDescending">True if large values come first.</param>
/// <param name="NullsFirst">True if nulls come first.</param>
public sealed record ParquetSorting(string Column, bool IsDescending = false, bool NullsFirst = false);

/// <summary>Options of a Parquet writer. Each has a default and a range; <see cref="Validate"/> names every one that is out of it.</summary>
public sealed class ParquetWriterOptions
{
    /// <summary>How pages are compressed: Snappy by default, which every reader has.</summary>
    public ParquetCodec Codec { get; set; } = ParquetCodec.Snappy;

    /// <summary>Bytes of values, before they are encoded, that make a row group: 64 KB to 1 GB, 64 MB by default. The writer holds them in memory.</summary>
    public int RowGroupBytesMax { get; set; } = 64 << 20;

    /// <summary>Rows that make a row group: 1 to 16 million, a million by default.</summary>
    public int RowGroupRowsMax { get; set; } = 1 << 20;

    /// <summary>Bytes of values, before they are encoded, that make a page: 64 bytes to 16 MB, 1 MB by default.</summary>
    public int PageBytesMax { get; set; } = 1 << 20;

    /// <summary>Rows that make a page: 1 to 1 million, 20,000 by default. Smaller pages are passed over more often, larger ones compress better.</summary>
    public int PageRowsMax { get; set; } = 20_000;

    /// <summary>Bytes of the dictionary of a column chunk; with more it is encoded otherwise. 0 to 16 MB, 1 MB by default.</summary>
    public int DictionaryBytesMax { get; set; } = 1 << 20;

    /// <summary>Bytes that texts and bytes are cut to in statistics: 4 to 4,096, 64 by default.</summary>
    public int BoundBytesMax { get; set; } = 64;

    /// <summary>Bytes of a bloom filter: 32 bytes to 16 MB, a power of two, 1 MB by default.</summary>
    public int BloomFilterBytesMax { get; set; } = 1 << 20;

    /// <summary>What the file says of its rows' order.</summary>
    public IReadOnlyList<ParquetSorting> Sorting { get; set; } = [];

    /// <summary>What is noted in the file beside the rows.</summary>
    public IReadOnlyDictionary<string, string> Properties { get; set; } = new Dictionary<string, string>();

    /// <summary>The program that the file says wrote it.</summary>
    public string CreatedBy { get; set; } = "grid";

    /// <summary>Throws if an option is out of its range.</summary>
    /// <exception cref="ArgumentException">One line for each option that is: its name, its value and the rule.</exception>
    public void Validate()
    {
        var errors = new List<string>();
        if (!PageCompressor.Writes(Codec))
        {
            errors.Add($"Parquet option {nameof(Codec)} is {Codec}; it must be Uncompressed, Snappy, Gzip, Brotli, Zstd or Lz4Raw.");
        }

        Check(nameof(RowGroupBytesMax), RowGroupBytesMax, 64 << 10, 1 << 30);
        Check(nameof(RowGroupRowsMax), RowGroupRowsMax, 1, 1 << 24);
        Check(nameof(PageBytesMax), PageBytesMax, 64, 16 << 20);
        Check(nameof(PageRowsMax), PageRowsMax, 1, 1 << 20);
        Check(nameof(DictionaryBytesMax), DictionaryBytesMax, 0, 16 << 20);
        Check(nameof(BoundBytesMax), BoundBytesMax, 4, 4096);
        Check(nameof(BloomFilterBytesMax), BloomFilterBytesMax, 32, 16 << 20);
        if (!int.IsPow2(BloomFilterBytesMax))
        {
            errors.Add($"Parquet option {nameof(BloomFilterBytesMax)} is {BloomFilterBytesMax}; it must be a power of two.");
        }

        if (errors.Count > 0)
        {
            throw new ArgumentException(string.Join('\n', errors));
        }

        void Check(string name, int value, int lowest, int highest)
        {
            if (value < lowest || value > highest)
            {
                errors.Add($"Parquet option {name} is {value}; it must be from {lowest} to {highest}.");
            }
        }
    }
}
