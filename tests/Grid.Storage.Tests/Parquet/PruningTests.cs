using System.Buffers.Binary;
using Grid.Storage.Parquet;
using Grid.Storage.Parquet.Schema;
using Grid.Testing;

namespace Grid.Storage.Tests.Parquet;

/// <summary>Rows that cannot be wanted are passed over: by statistics of row groups, bounds of pages, bloom filters.</summary>
public sealed class PruningTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Row_groups_and_pages_that_cannot_hold_a_value_are_not_read()
    {
        var path = Write(10_000, i => i, new ParquetWriterOptions { RowGroupRowsMax = 1_000, PageRowsMax = 100 });

        var rows = ParquetText.ReadAll(path, ranges: [Range(4_250, 4_310)]);

        // The pages of 100 rows that hold the wanted ones, of one row group.
        Assert.Equal((200, "4200", "4399"), (rows.Count, rows[0][0], rows[^1][0]));
        Assert.Equal("text 4250", rows[50][1]);
        Assert.Empty(ParquetText.ReadAll(path, ranges: [Range(10_000, 20_000)]));
        Assert.Empty(ParquetText.ReadAll(path, ranges: [Range(100, 200), Range(300, 400)]));
    }

    [Fact]
    public void Bloom_filter_tells_that_a_value_between_the_bounds_is_not_there()
    {
        var path = Write(1_000, i => 2 * i, new ParquetWriterOptions());

        Assert.Equal(1_000, ParquetText.ReadAll(path, ranges: [ParquetRange.Of("n", Bytes(500))]).Count);
        Assert.True(Enumerable.Range(0, 100).Count(i => ParquetText.ReadAll(path, ranges: [ParquetRange.Of("n", Bytes((2 * i) + 1))]).Count == 0) > 90);
    }

    [Fact]
    public void No_row_that_is_wanted_is_passed_over()
    {
        const int Tables = 150;
        for (var seed = 1; seed <= Tables; seed++)
        {
            var table = new RandomTable(seed);
            var path = _folder.File("random.parquet");
            table.Write(path);
            var random = new Random(seed);
            var whole = ParquetText.ReadAll(path);
            for (var i = 0; i < table.Fields.Count && whole.Count > 0; i++)
            {
                var wanted = random.Next(whole.Count);
                if (table.Rows[wanted][i] is not { } value || whole[wanted][i] == "NaN")
                {
                    continue;
                }

                var found = ParquetText.ReadAll(path, ranges: [ParquetRange.Of(table.Fields[i].Name, value)]);
                Assert.True(
                    found.Count(row => row[i] == whole[wanted][i]) == whole.Count(row => row[i] == whole[wanted][i]),
                    $"seed {seed}: '{whole[wanted][i]}' of column {i} was passed over");
            }
        }
    }

    [Fact]
    public void Pages_of_other_writers_are_passed_over_too()
    {
        var path = SharedData.Require("parquet", "apache-parquet-testing", "alltypes_tiny_pages.parquet");
        var whole = ParquetText.ReadAll(path, ["id", "month"]);
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, 5);

        var some = ParquetText.ReadAll(path, ["id", "month"], [ParquetRange.Of("month", bytes)]);

        Assert.InRange(some.Count, 1, whole.Count - 1);
        Assert.Equal(whole.Where(r => r[1] == "5").Select(r => r[0]), some.Where(r => r[1] == "5").Select(r => r[0]));
    }

    [Fact]
    public void What_is_looked_for_must_be_a_value_of_its_column()
    {
        using var file = ParquetFile.Open(Write(1, i => i, new ParquetWriterOptions()));
        Assert.Equal("there is no column 'm' to look for values in", Assert.Throws<ArgumentException>(() => file.Read(ranges: [ParquetRange.Of("m", [1])])).Message);
        Assert.Equal("what is looked for in column 'n' is 1 bytes that are no value of it", Assert.Throws<ArgumentException>(() => file.Read(ranges: [ParquetRange.Of("n", [1])])).Message);
    }

    private static ParquetRange Range(long low, long high) => new("n", Bytes(low), Bytes(high));

    private static byte[] Bytes(long value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return bytes;
    }

    private string Write(int rows, Func<int, long> number, ParquetWriterOptions options)
    {
        var path = _folder.File("numbers.parquet");
        using var stream = File.Create(path);
        using var writer = new ParquetWriter(
            stream, [new ParquetField("n", PhysicalType.Int64) { HasBloomFilter = true }, new ParquetField("t", PhysicalType.ByteArray, LogicalType.String)], options);
        for (var i = 0; i < rows; i++)
        {
            writer[0].Append(number(i));
            writer[1].Append(System.Text.Encoding.UTF8.GetBytes($"text {i}"));
            writer.EndRow();
        }

        writer.Finish();
        return path;
    }
}
