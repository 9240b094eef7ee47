using Grid.Storage.Parquet;
using Grid.Testing;
using Grid.Testing.Parquet;

namespace Grid.Storage.Tests.Parquet;

/// <summary>Files that nobody here wrote: the interoperability set of the format's own project, beside what two other readers make of it.</summary>
public sealed class ForeignFileTests
{
    /// <summary>Files with a wrong checksum on purpose; other readers do not look.</summary>
    private static readonly string[] WrongChecksums = ["datapage_v1-corrupt-checksum.parquet", "rle-dict-uncompressed-corrupt-checksum.parquet"];

    // Counted by hand, so that a reader that refused many would not pass for one that reads all.
    private const int FlatFiles = 50;

    [Theory]
    [InlineData("duckdb", "byte_stream_split_extended.gzip.parquet hadoop_lz4_compressed.parquet hadoop_lz4_compressed_larger.parquet non_hadoop_lz4_compressed.parquet")]
    [InlineData("hyparquet", "datapage_v2_empty_datapage.snappy.parquet nation.dict-malformed.parquet")]
    public async Task Every_flat_file_reads_as_others_read_it(string reader, string theyCannotRead)
    {
        var files = FlatPaths();
        Assert.Equal(FlatFiles, files.Count);
        var tables = await ParquetPeers.ReadAsync(reader, files);
        var cannot = new List<string>();
        foreach (var (path, theirs) in files.Zip(tables))
        {
            var name = Path.GetFileName(path);
            if (theirs.Error is not null)
            {
                cannot.Add(name);
                continue;
            }

            if (!WrongChecksums.Contains(name))
            {
                using var file = ParquetFile.Open(path);
                PeerComparison.AssertSame($"{reader} {name}", file.Schema.Columns, ParquetText.ReadAll(path), theirs);
            }
        }

        Assert.Equal(theyCannotRead, string.Join(' ', cannot));
    }

    private static List<string> FlatPaths() => [.. Directory.GetFiles(SharedData.Require("parquet", "apache-parquet-testing"), "*.parquet").Order(StringComparer.Ordinal).Where(IsFlat)];

    private static bool IsFlat(string path)
    {
        using var file = ParquetFile.Open(path);
        return file.Schema.Columns.All(c => c.WhyNotReadable is null);
    }
}
