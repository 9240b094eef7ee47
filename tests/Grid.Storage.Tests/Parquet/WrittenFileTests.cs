using Grid.Storage.Parquet;
using Grid.Storage.Parquet.Schema;
using Grid.Storage.Parquet.Text;
using Grid.Testing;
using Grid.Testing.Parquet;

namespace Grid.Storage.Tests.Parquet;

/// <summary>What Grid writes, read by Grid and by readers that nobody here made.</summary>
public sealed class WrittenFileTests : IDisposable
{
    private const int Tables = 150;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(1001)]
    public void Random_tables_come_back_as_they_were_written(int firstSeed)
    {
        for (var seed = firstSeed; seed < firstSeed + Tables; seed++)
        {
            var table = new RandomTable(seed);
            var path = _folder.File($"{seed}.parquet");
            table.Write(path);
            using var file = ParquetFile.Open(path);
            Assert.Equal(table.Fields.Select(f => (f.Name, f.Type, f.Logical, f.IsOptional)), file.Schema.Columns.Select(c => (c.Name, c.Type, c.Logical, c.IsOptional)));
            Assert.Equal(seed.ToString(), file.Properties.Single().Value);
            AssertSame(seed, Model(table, file.Schema), ParquetText.ReadAll(path));
        }
    }

    [Theory]
    [InlineData("duckdb")]
    [InlineData("hyparquet")]
    public async Task Other_readers_read_every_value_and_null(string reader)
    {
        var tables = Enumerable.Range(1, Tables).Select(seed => (Path: _folder.File($"{seed}.parquet"), Table: new RandomTable(seed, forDuckDb: reader == "duckdb"))).ToList();
        tables.ForEach(t => t.Table.Write(t.Path));
        foreach (var ((path, table), theirs) in tables.Zip(await ParquetPeers.ReadAsync(reader, [.. tables.Select(t => t.Path)])))
        {
            using var file = ParquetFile.Open(path);
            PeerComparison.AssertSame($"{reader} {Path.GetFileName(path)}", file.Schema.Columns, Model(table, file.Schema), theirs);
        }
    }

    private static List<string?[]> Model(RandomTable table, ParquetSchema schema) =>
        [.. table.Rows.Select(row => row.Select((v, i) => v is null ? null : ValueText.Format(schema.Columns[i], v).Text).ToArray())];

    private static void AssertSame(int seed, List<string?[]> expected, List<string?[]> found)
    {
        Assert.True(expected.Count == found.Count, $"seed {seed}: {found.Count} rows of {expected.Count}");
        for (var row = 0; row < expected.Count; row++)
        {
            Assert.True(expected[row].AsSpan().SequenceEqual(found[row]), $"seed {seed}, row {row}: {string.Join(", ", found[row])} where {string.Join(", ", expected[row])} was written");
        }
    }
}
