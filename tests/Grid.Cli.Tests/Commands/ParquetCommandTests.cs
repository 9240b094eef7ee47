using System.Text.Json;
using Grid.Storage.Parquet;
using Grid.Storage.Parquet.Schema;
using Grid.Testing.Parquet;

namespace Grid.Cli.Tests.Commands;

public sealed class ParquetCommandTests : IDisposable
{
    /// <summary>Flat files that DuckDB cannot read (their codec or encoding), or that Grid refuses (their checksum is wrong on purpose).</summary>
    private static readonly string[] NotCompared =
    [
        "hadoop_lz4_compressed.parquet", "hadoop_lz4_compressed_larger.parquet", "non_hadoop_lz4_compressed.parquet",
        "byte_stream_split_extended.gzip.parquet", "datapage_v1-corrupt-checksum.parquet", "rle-dict-uncompressed-corrupt-checksum.parquet",
    ];

    // Counted by hand: 50 flat files in all.
    private const int Compared = 44;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Cat_prints_every_flat_file_as_DuckDB_reads_it()
    {
        var files = Directory.GetFiles(SharedData.Require("parquet/apache-parquet-testing"), "*.parquet").Order(StringComparer.Ordinal)
            .Where(path => !NotCompared.Contains(Path.GetFileName(path)) && SchemaOf(path).All(c => c.WhyNotReadable is null)).ToList();
        Assert.Equal(Compared, files.Count);
        foreach (var (path, theirs) in files.Zip(await ParquetPeers.ReadAsync("duckdb", files)))
        {
            var cat = await GridProcess.RunAsync("parquet", "cat", path, "--format", "json");
            Assert.Equal((0, string.Empty), (cat.ExitCode, cat.Errors));
            using var json = JsonDocument.Parse(cat.Output);
            var columns = SchemaOf(path);
            var rows = json.RootElement.EnumerateArray().Select(row => row.EnumerateObject().Select(v => Text(v.Value)).ToArray()).ToList();
            PeerComparison.AssertSame(Path.GetFileName(path), columns, rows, theirs);
        }
    }

    [Fact]
    public async Task Columns_and_limit_choose_what_is_printed()
    {
        var path = WriteSmall();

        var json = await GridProcess.RunAsync("parquet", "cat", path, "--format", "json", "--limit", "2");
        Assert.Equal("[\n  {\"instrument\": \"S0\", \"price\": \"0.00\", \"n\": 0},\n  {\"instrument\": \"S1\", \"price\": \"1.25\", \"n\": null}\n]\n", json.Output);
        var csv = await GridProcess.RunAsync("parquet", "cat", path, "--format", "csv", "--columns", "n,instrument", "--limit", "3");
        Assert.Equal("n,instrument\n0,S0\n,S1\n2,S2\n", csv.Output);
        var table = await GridProcess.RunAsync("parquet", "cat", path, "--limit", "1");
        Assert.Contains("S0", table.Output, StringComparison.Ordinal);

        var none = await GridProcess.RunAsync("parquet", "cat", path, "--columns", "m");
        Assert.Equal((1, "grid: small.parquet: there is no column 'm'; there are 'instrument', 'price', 'n'"), (none.ExitCode, none.Errors));
        Assert.Equal(1, (await GridProcess.RunAsync("parquet", "cat", "no-such-file")).ExitCode);
    }

    [Fact]
    public async Task Commands_of_the_readme_work()
    {
        var path = WriteSmall();
        var lines = File.ReadLines(Path.Combine(GridRoot(), "README.md")).Where(l => l.StartsWith("grid parquet ", StringComparison.Ordinal)).ToList();
        Assert.Equal(3, lines.Count);
        foreach (var line in lines)
        {
            var answer = await GridProcess.RunAsync([.. line.Split(' ')[1..].Select(w => w == "FILE" ? path : w)]);
            Assert.True(answer.ExitCode == 0 && answer.Output.Contains("price", StringComparison.Ordinal), $"{line}: {answer.Errors}");
        }
    }

    [Fact]
    public async Task Schema_and_stat_say_what_a_file_holds()
    {
        var path = WriteSmall();

        var schema = await GridProcess.RunAsync("parquet", "schema", path, "--format", "csv");
        Assert.Equal("column,type,logical,nulls,note\ninstrument,ByteArray,string,none,\nprice,Int64,\"decimal(18,2)\",none,\nn,Int32,,optional,\n", schema.Output);
        var stat = await GridProcess.RunAsync("parquet", "stat", path, "--format", "csv");
        Assert.Equal("10 rows in 1 row groups, written by grid", stat.Errors);
        Assert.Contains("\n0,price,10,0,0.00,11.25,Snappy,", stat.Output, StringComparison.Ordinal);
        Assert.Contains("\n0,n,10,5,0,8,Snappy,", stat.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nested_columns_are_refused_and_can_be_left_out()
    {
        var path = SharedData.Require("parquet/apache-parquet-testing/nulls.snappy.parquet");
        var refused = await GridProcess.RunAsync("parquet", "cat", path);
        Assert.Equal((1, "grid: nulls.snappy.parquet: column 'b_struct.b_c_int' cannot be read: it is nested; name the columns that are wanted without it"), (refused.ExitCode, refused.Errors));

        var mixed = SharedData.Require("parquet/apache-parquet-testing/datapage_v2.snappy.parquet");
        var some = await GridProcess.RunAsync("parquet", "cat", mixed, "--columns", "a,b", "--format", "csv", "--limit", "1");
        Assert.Equal((0, "a,b\nabc,1\n", "grid: column 'e.list.element' cannot be read: it is nested; it is left out"), (some.ExitCode, some.Output, some.Errors));
    }

    private static IReadOnlyList<ParquetColumn> SchemaOf(string path)
    {
        using var file = ParquetFile.Open(path);
        return file.Schema.Columns;
    }

    private static string GridRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Grid.sln")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        return folder;
    }

    private static string? Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => value.GetString(),
        _ => value.GetRawText(),
    };

    private string WriteSmall()
    {
        var path = _folder.File("small.parquet");
        using var stream = File.Create(path);
        using var writer = new ParquetWriter(
            stream,
            [
                new ParquetField("instrument", PhysicalType.ByteArray, LogicalType.String),
                new ParquetField("price", PhysicalType.Int64, LogicalType.Decimal(18, 2)),
                new ParquetField("n", PhysicalType.Int32) { IsOptional = true },
            ],
            new ParquetWriterOptions());
        for (var i = 0; i < 10; i++)
        {
            writer[0].Append(System.Text.Encoding.UTF8.GetBytes($"S{i}"));
            writer[1].Append(125L * i);
            if (i % 2 == 0)
            {
                writer[2].Append(i);
            }
            else
            {
                writer[2].AppendNull();
            }

            writer.EndRow();
        }

        writer.Finish();
        return path;
    }
}
