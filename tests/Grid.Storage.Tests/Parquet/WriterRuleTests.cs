using Grid.Storage.Parquet;
using Grid.Storage.Parquet.Schema;

namespace Grid.Storage.Tests.Parquet;

public sealed class WriterRuleTests
{
    [Fact]
    public void Defaults_are_Snappy_in_row_groups_of_64_MB_and_pages_of_1_MB()
    {
        var options = new ParquetWriterOptions();
        Assert.Equal(ParquetCodec.Snappy, options.Codec);
        Assert.Equal((64 << 20, 1 << 20), (options.RowGroupBytesMax, options.RowGroupRowsMax));
        Assert.Equal((1 << 20, 20_000), (options.PageBytesMax, options.PageRowsMax));
        Assert.Equal((1 << 20, 64, 1 << 20), (options.DictionaryBytesMax, options.BoundBytesMax, options.BloomFilterBytesMax));
        Assert.Equal((0, 0, "grid"), (options.Sorting.Count, options.Properties.Count, options.CreatedBy));
        options.Validate();
    }

    [Fact]
    public void Everything_that_is_wrong_is_named_at_once()
    {
        var options = new ParquetWriterOptions
        {
            Codec = ParquetCodec.Lzo,
            RowGroupBytesMax = 1,
            RowGroupRowsMax = 0,
            PageBytesMax = 63,
            PageRowsMax = -1,
            DictionaryBytesMax = -1,
            BoundBytesMax = 3,
            BloomFilterBytesMax = 33,
        };
        Assert.Equal(
            """
            Parquet option Codec is Lzo; it must be Uncompressed, Snappy, Gzip, Brotli, Zstd or Lz4Raw.
            Parquet option RowGroupBytesMax is 1; it must be from 65536 to 1073741824.
            Parquet option RowGroupRowsMax is 0; it must be from 1 to 16777216.
            Parquet option PageBytesMax is 63; it must be from 64 to 16777216.
            Parquet option PageRowsMax is -1; it must be from 1 to 1048576.
            Parquet option DictionaryBytesMax is -1; it must be from 0 to 16777216.
            Parquet option BoundBytesMax is 3; it must be from 4 to 4096.
            Parquet option BloomFilterBytesMax is 33; it must be a power of two.
            """.ReplaceLineEndings("\n"),
            Assert.Throws<ArgumentException>(options.Validate).Message);
    }

    [Theory]
    [InlineData(PhysicalType.Int96, LogicalKind.None, 0, null, "column 'c' cannot be written: 96-bit times are only read; nanoseconds in 64 bits took their place")]
    [InlineData(PhysicalType.FixedLenByteArray, LogicalKind.None, 0, null, "column 'c' cannot be written: its values have 0 bytes, 1 to 65536 can be written")]
    [InlineData(PhysicalType.Int32, LogicalKind.None, 4, null, "column 'c' cannot be written: values of Int32 have no length of their own")]
    [InlineData(PhysicalType.Int32, LogicalKind.Decimal, 0, null, "column 'c' cannot be written: Int32 holds decimals of 1 to 9 digits, not 0")]
    [InlineData(PhysicalType.Int32, LogicalKind.String, 0, null, "column 'c' cannot be written: String is not written in Int32")]
    [InlineData(PhysicalType.Double, LogicalKind.None, 0, ParquetEncoding.DeltaBinaryPacked, "column 'c' cannot be written: Double is not encoded as DeltaBinaryPacked")]
    public void Column_that_cannot_be_written_is_refused(PhysicalType type, LogicalKind kind, int length, ParquetEncoding? encoding, string message) =>
        Assert.Equal(message, Refused(new ParquetField("c", type, new LogicalType(kind)) { TypeLength = length, Encoding = encoding }));

    [Fact]
    public void Columns_have_names_of_their_own_and_rows_a_value_of_each()
    {
        Assert.Equal("a file needs a column", Refused());
        Assert.Equal("there are two columns 'a'", Refused(new ParquetField("a", PhysicalType.Int32), new ParquetField("a", PhysicalType.Int64)));

        using var writer = new ParquetWriter(new MemoryStream(), [new ParquetField("a", PhysicalType.Int32), new ParquetField("b", PhysicalType.Int64)], new ParquetWriterOptions());
        writer[0].Append(1);
        Assert.Equal("column 'b' was given 0 values in row 0", Assert.Throws<InvalidOperationException>(writer.EndRow).Message);
        Assert.Equal("column 'b' has no nulls", Assert.Throws<InvalidOperationException>(writer[1].AppendNull).Message);
        Assert.Equal("column 'b' is of type Int64, not Int32", Assert.Throws<InvalidOperationException>(() => writer[1].Append(1)).Message);
        Assert.Equal("column 'b' has values of 8 bytes, this one has 2", Assert.Throws<ArgumentException>(() => writer[1].Append([1, 2])).Message);
    }

    private static string Refused(params ParquetField[] fields) =>
        Assert.Throws<ArgumentException>(() => new ParquetWriter(new MemoryStream(), fields, new ParquetWriterOptions())).Message;
}
