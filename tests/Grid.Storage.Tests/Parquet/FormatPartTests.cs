using System.Buffers;
using System.Text;
using Grid.Storage.Parquet;
using Grid.Storage.Parquet.Encodings;
using Grid.Storage.Parquet.Schema;
using Grid.Storage.Parquet.Statistics;
using Grid.Storage.Parquet.Text;
using Grid.Testing;

namespace Grid.Storage.Tests.Parquet;

/// <summary>Parts of the format that have known answers of their own.</summary>
public sealed class FormatPartTests
{
    [Fact]
    public void Checksums_and_hashes_are_those_of_their_inventors()
    {
        Assert.Equal(0xCBF43926u, Crc32.Append(0, "123456789"u8));
        Assert.Equal(Crc32.Append(0, "123456789"u8), Crc32.Append(Crc32.Append(0, "1234"u8), "56789"u8));
        Assert.Equal(0xEF46DB3751D8E999, XxHash64.Hash(""u8));
        Assert.Equal(0x44BC2CF5AD770999ul, XxHash64.Hash("abc"u8));
        Assert.Equal(0xFBCEA83C8A378BF1, XxHash64.Hash("Nobody inspects the spammish repetition"u8));
    }

    [Fact]
    public void Bloom_filter_of_another_writer_knows_its_values_and_no_others()
    {
        using var file = ParquetFile.Open(SharedData.Require("parquet", "apache-parquet-testing", "data_index_bloom_encoding_with_length.parquet"));
        var filter = file.ReadBloomFilter(0, file.Schema.Columns[0])!;
        var reader = file.Read();
        var values = 0;
        while (reader.NextBatch())
        {
            for (var row = 0; row < reader.Rows; row++, values++)
            {
                Assert.True(filter.MayHold(reader[0].Bytes(row)));
            }
        }

        Assert.Equal(14, values);
        Assert.True(Enumerable.Range(0, 1_000).Count(i => filter.MayHold(Encoding.UTF8.GetBytes($"other {i}"))) < 50);
    }

    [Theory]
    [InlineData("abcdefgh", "abcd", "abce")]
    [InlineData("abc", "abc", "abc")]
    [InlineData("abcéfgh", "abc", "abd")]
    [InlineData("ab\u007F\u007F\u007F", "ab\u007F\u007F", "ac")]
    [InlineData("\uD7FFxyz", "\uD7FFx", "\uD7FFy")]
    [InlineData("\uD7FF\u007Fyz", "\uD7FF\u007F", "\uE000")]
    [InlineData("\U0010FFFFxyz", "\U0010FFFF", "\U0010FFFFxyz")]
    public void Bounds_of_texts_are_cut_at_characters(string value, string lower, string upper)
    {
        using var writer = new ParquetWriter(new MemoryStream(), [new ParquetField("text", PhysicalType.ByteArray, LogicalType.String)], new ParquetWriterOptions());
        var column = writer.Schema.Columns[0];
        var bytes = Encoding.UTF8.GetBytes(value);
        Assert.Equal((lower, upper), (Encoding.UTF8.GetString(BoundCut.Lower(column, bytes, 4)), Encoding.UTF8.GetString(BoundCut.Upper(column, bytes, 4))));
    }

    [Fact]
    public void Runs_and_packed_values_of_every_width_come_back()
    {
        var random = new Random(7);
        for (var bits = 0; bits <= 32; bits++)
        {
            var mask = bits == 32 ? -1 : (1 << bits) - 1;
            var values = new int[1_000];
            for (var i = 0; i < values.Length;)
            {
                var value = random.Next(int.MinValue, int.MaxValue) & mask;
                for (var run = random.Next(1, random.Next(2) == 0 ? 2 : 40); run > 0 && i < values.Length; run--)
                {
                    values[i++] = value;
                }
            }

            var output = new ArrayBufferWriter<byte>();
            RleHybrid.Encode(values, bits, output);
            var decoded = new int[values.Length];
            Assert.Equal(output.WrittenCount, RleHybrid.Decode(output.WrittenSpan, bits, decoded));
            Assert.Equal(values, decoded);
        }
    }

    [Fact]
    public void Deltas_of_any_numbers_come_back()
    {
        var random = new Random(7);
        foreach (var count in (int[])[0, 1, 2, 128, 129, 1_000])
        {
            var values = new long[count];
            for (var i = 0; i < count; i++)
            {
                values[i] = random.Next(4) switch { 0 => long.MinValue, 1 => long.MaxValue, 2 => random.NextInt64(), _ => i };
            }

            var output = new ArrayBufferWriter<byte>();
            DeltaBinaryPacked.Encode(values, is32Bits: false, output);
            var decoded = new long[count];
            Assert.Equal(output.WrittenCount, DeltaBinaryPacked.Decode(output.WrittenSpan, decoded.AsSpan()));
            Assert.Equal(values, decoded);
        }
    }

    [Theory]
    [InlineData(0, "1970-01-01")]
    [InlineData(-1, "1969-12-31")]
    [InlineData(11_016, "2000-02-29")]
    [InlineData(-719_528, "0000-01-01")]
    [InlineData(-719_529, "-000001-12-31")]
    [InlineData(2_932_897, "+010000-01-01")]
    public void Days_are_dates_of_any_year(long days, string date) => Assert.Equal(date, CivilTime.Date(days));
}
