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
    private const int FlatFiles = 48;

    [Theory]
    [InlineData("duckdb", "hadoop_lz4_compressed.parquet: Unsupported compression codec", "hadoop_lz4_compressed_larger.parquet: Unsupported compression codec", "non_hadoop_lz4_compressed.parquet: Unsupported compression codec")]
    [InlineData("hyparquet", "none")]
    public async Task Every_flat_file_reads_as_others_read_it(string reader, params string[] theyCannot)
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
                cannot.Add($"{name}: {theirs.Error}");
                continue;
            }

            if (!WrongChecksums.Contains(name))
            {
                using var file = ParquetFile.Open(path);
                PeerComparison.AssertSame($"{reader} {name}", file.Schema.Columns, ParquetText.ReadAll(path), theirs);
            }
        }

        Assert.True(
            cannot.Count == theyCannot.Length && cannot.Zip(theyCannot).All(c => c.Second.Split(": ") is var parts && c.First.StartsWith(parts[0], StringComparison.Ordinal) && c.First.Contains(parts[1], StringComparison.Ordinal)),
            $"{reader} cannot read:\n{string.Join('\n', cannot)}");
    }

    private static List<string> FlatPaths() => [.. Directory.GetFiles(SharedData.Require("parquet", "apache-parquet-testing"), "*.parquet").Order(StringComparer.Ordinal).Where(IsFlat)];

    private static bool IsFlat(string path)
    {
        using var file = ParquetFile.Open(path);
        return file.Schema.Columns.All(c => c.WhyNotReadable is null);
    }
}
