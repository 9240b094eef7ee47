using System.Text;
using Grid.Domain.Events;
using Grid.Storage.Parquet;
using Grid.Storage.Parquet.Schema;

namespace Grid.Cli.Tests.Feeds;

public sealed class ParquetEventReaderTests : IDisposable
{
    private const long TimeNs = 1_714_570_200_000_000_002;

    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Events_come_exactly_as_the_file_has_them()
    {
        var rig = ReaderRig.Parquet(Write("a.parquet", 250), Write("b.parquet", 1));

        Assert.Equal((251, 0), (rig.Events.Count, rig.Malformed.Count));
        var e = rig.Events[7];
        Assert.Equal((EventKind.Trade, "IBM", "parquet", "c"), (e.Kind, rig.Symbol(e), rig.Source(e), rig.Channel(e)));
        Assert.Equal((TimeNs + 7, 181_500_000_007, 10_00000000, 7ul, 20240501u), (e.EventTime.Value, e.F0, e.F1, e.Sequence, e.Session));
        Assert.Equal(0ul, rig.Events[250].Sequence);
    }

    [Fact]
    public void Row_that_is_no_event_is_told_with_its_number_and_the_others_stand()
    {
        var path = Write("a.parquet", 5, nullPriceAt: 3);
        var rig = ReaderRig.Parquet(path);

        Assert.Equal([0ul, 1ul, 2ul, 4ul], rig.Events.Select(e => e.Sequence));
        var malformed = Assert.Single(rig.Malformed);
        Assert.Equal((path, 4L, "a quote has no size, but it is given"), (malformed.File, malformed.Line, malformed.Reason));
    }

    [Fact]
    public void File_of_other_columns_is_refused_before_anything_is_read()
    {
        var path = _folder.File("other.parquet");
        using (var stream = File.Create(path))
        {
            using var writer = new ParquetWriter(stream, [new ParquetField("colour", PhysicalType.Int32)], new ParquetWriterOptions());
            writer.Finish();
        }

        var refused = Assert.Throws<CommandFailure>(() => ReaderRig.Parquet(Write("a.parquet", 1), path));
        Assert.StartsWith($"'{path}' has a column 'colour'; known are kind, time, instrument, ", refused.Message, StringComparison.Ordinal);
        Assert.Equal("'no-such-file' does not exist", Assert.Throws<CommandFailure>(() => ReaderRig.Parquet("no-such-file")).Message);
    }

    private string Write(string name, int rows, int nullPriceAt = -1)
    {
        var path = _folder.File(name);
        using var stream = File.Create(path);
        using var writer = new ParquetWriter(
            stream,
            [
                new ParquetField("time", PhysicalType.Int64, LogicalType.TimestampNanosUtc),
                new ParquetField("instrument", PhysicalType.ByteArray, LogicalType.String),
                new ParquetField("channel", PhysicalType.ByteArray, LogicalType.String),
                new ParquetField("sequence", PhysicalType.Int64),
                new ParquetField("price", PhysicalType.Int64, LogicalType.Decimal(18, 9)) { IsOptional = true },
                new ParquetField("size", PhysicalType.Double),
            ],
            new ParquetWriterOptions { PageRowsMax = 60 });
        for (var i = 0; i < rows; i++)
        {
            writer[0].Append(TimeNs + i);
            writer[1].Append(Encoding.UTF8.GetBytes("IBM"));
            writer[2].Append(Encoding.UTF8.GetBytes("c"));
            writer[3].Append((long)i);
            if (i == nullPriceAt)
            {
                writer[4].AppendNull();
            }
            else
            {
                writer[4].Append(181_500_000_000L + i);
            }

            writer[5].Append(10.0);
            writer.EndRow();
        }

        writer.Finish();
        return path;
    }
}
