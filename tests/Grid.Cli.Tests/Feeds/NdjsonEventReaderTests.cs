using Grid.Domain.Events;

namespace Grid.Cli.Tests.Feeds;

public sealed class NdjsonEventReaderTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Decimals_are_exact_as_numbers_and_as_strings()
    {
        var rig = ReaderRig.Ndjson(_folder,
            """{"time":"2024-05-01T13:30:00Z","instrument":"IBM","price":9007199.254740993,"size":0.1,"sequence":18446744073709551615}""",
            """{"time":1714570200000000001,"instrument":"IBM","price":"1.5e2","size":"3","sequence":"7","venue":null}""");

        Assert.Empty(rig.Malformed);
        Assert.Equal(["9007199.254740993", "150"], rig.Events.Select(e => e.Price.ToString()));
        Assert.Equal("0.1", rig.Events[0].Size.ToString());
        Assert.Equal([ulong.MaxValue, 7ul], rig.Events.Select(e => e.Sequence));
        Assert.Equal("2024-05-01T13:30:00.000000001Z", rig.Events[1].EventTime.ToString());
        Assert.All(rig.Events, e => Assert.Equal("ndjson", rig.Source(e)));
    }

    [Fact]
    public void Escaped_text_is_understood()
    {
        var rig = ReaderRig.Ndjson(_folder, """{"t\u0069me":"2024-05-01","instrument":"\u0049B\u004D","bid":1,"bid_size":2}""");

        Assert.Equal("IBM", rig.Symbol(Assert.Single(rig.Events)));
        Assert.Equal(EventFlags.BidSet, rig.Events[0].Flags);
    }

    [Theory]
    [InlineData("""{"time":"2024-05-01","instrument":"IBM","price":1}""", "a trade has no size")]
    [InlineData("""{"time":"2024-05-01","symbol":"IBM"}""", "'symbol' is no field of an event")]
    [InlineData("""{"time":"2024-05-01","instrument":["IBM"]}""", "instrument is neither a number nor a string")]
    [InlineData("""{"time":true}""", "time is neither a number nor a string")]
    [InlineData("""{"time":"2024-05-01","time":"2024-05-01"}""", "time is given twice")]
    [InlineData("""["trade"]""", "the line is no JSON object")]
    [InlineData("""{"time":"2024-05-01" """, "the line is no JSON object")]
    [InlineData("""{"time":"2024-05-01","instrument":"IBM","price":1,"size":1} {}""", "the line is no JSON object")]
    [InlineData("""{"time":"2024-05-01","instrument":"I\uD800","price":1,"size":1}""", "the line has text that is no UTF-8")]
    [InlineData("hello", "the line is no JSON object")]
    public void Malformed_line_is_told_and_the_rest_stands(string line, string reason)
    {
        const string Good = """{"time":"2024-05-01","instrument":"IBM","price":1,"size":1}""";

        var rig = ReaderRig.Ndjson(_folder, Good, line, Good);

        Assert.Equal(2, rig.Events.Count);
        var malformed = Assert.Single(rig.Malformed);
        Assert.Equal(2, malformed.Line);
        Assert.StartsWith(reason, malformed.Reason, StringComparison.Ordinal);
    }
}
