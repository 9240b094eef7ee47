using Grid.Domain.Events;
using Grid.Gateway.Rows;

namespace Grid.Cli.Tests.Feeds;

public sealed class CsvEventReaderTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Trade_is_read_with_all_its_fields()
    {
        var rig = ReaderRig.Csv(_folder,
            "kind,time,instrument,source,channel,session,venue,sequence,price,size,conditions,flags",
            "trade,2024-05-01T13:30:00.123456789Z,IBM,vendor,main,20240501,N,42,181.523456789,100.5,0x20,suspicious");

        Assert.Empty(rig.Malformed);
        var e = Assert.Single(rig.Events);
        Assert.Equal(EventKind.Trade, e.Kind);
        Assert.Equal("2024-05-01T13:30:00.123456789Z", e.EventTime.ToString());
        Assert.Equal(("IBM", "vendor", "main", "N"), (rig.Symbol(e), rig.Source(e), rig.Channel(e), rig.Venue(e)));
        Assert.Equal(20240501u, e.Session);
        Assert.Equal(42ul, e.Sequence);
        Assert.Equal("181.523456789", e.Price.ToString());
        Assert.Equal("100.5", e.Size.ToString());
        Assert.Equal(0x20u, e.Conditions);
        Assert.Equal(EventFlags.Suspicious, e.Flags);
    }

    [Fact]
    public void Kind_source_and_session_follow_from_the_rest()
    {
        var rig = ReaderRig.Csv(_folder,
            "time,instrument,price,size,bid,bid_size,ask,ask_size",
            "1714570200000000000,IBM,181,1,,,,",
            "2024-05-01,IBM,,,180.5,10,,",
            "2024-05-01T09:30:00-04:00,IBM,,,,,182,20");

        Assert.Empty(rig.Malformed);
        Assert.Equal([EventKind.Trade, EventKind.Quote, EventKind.Quote], rig.Events.Select(e => e.Kind));
        Assert.Equal([EventFlags.None, EventFlags.BidSet, EventFlags.AskSet], rig.Events.Select(e => e.Flags));
        Assert.All(rig.Events, e => Assert.Equal((20240501u, "csv"), (e.Session, rig.Source(e))));
        Assert.Equal(
            ["2024-05-01T13:30:00.000000000Z", "2024-05-01T00:00:00.000000000Z", "2024-05-01T13:30:00.000000000Z"],
            rig.Events.Select(e => e.EventTime.ToString()));
    }

    [Fact]
    public void Run_carries_its_wider_fields_and_is_named_by_its_CUSIP()
    {
        var rig = ReaderRig.Csv(_folder,
            "kind,time,cusip,bid,bid_size,ask,ask_size,bid_spread,ask_yield,benchmark",
            "run,2024-05-01T13:30:00Z,037833100,99.5,1000000,99.75,2000000,125.5,4.75,912828U81");

        Assert.Empty(rig.Malformed);
        Assert.Equal("037833100", rig.Symbol(Assert.Single(rig.Events)));
        var run = Assert.Single(rig.Runs);
        Assert.Equal("037833100", run.Cusip.ToString());
        Assert.Equal(125_500_000_000, run.BidSpread);
        Assert.Equal(4_750_000_000, run.AskYield);
        Assert.Equal(RunDetail.Absent, run.AskSpread);
        Assert.Equal("912828U81", run.Benchmark.ToString());
    }

    [Fact]
    public void Cancel_and_correct_name_the_trade_they_amend()
    {
        var rig = ReaderRig.Csv(_folder,
            "kind,time,instrument,sequence,amends,price,size",
            "cancel,2024-05-01,IBM,8,5,,",
            "correct,2024-05-01,IBM,9,6,10,20");

        Assert.Empty(rig.Malformed);
        Assert.Equal([5ul, 6ul], rig.Events.Select(e => e.AmendedSequence));
        Assert.Equal("10", rig.Events[1].Price.ToString());
    }

    [Fact]
    public void Quoted_fields_may_hold_commas_and_quotes()
    {
        var rig = ReaderRig.Csv(_folder,
            "\"time\",\"instrument\",venue,price,size",
            "\"2024-05-01\",\"A,\"\"B\"\"\",,1,\"2\"");

        Assert.Empty(rig.Malformed);
        Assert.Equal("A,\"B\"", rig.Symbol(Assert.Single(rig.Events)));
        Assert.Equal("2", rig.Events[0].Size.ToString());
    }

    [Theory]
    [InlineData("2024-05-01,IBM,1.0000000001,1,,", "price '1.0000000001' is not a number that can be held exactly")]
    [InlineData("2024-05-01,IBM,1,1e-9,,", "size '1e-9' is not a number that can be held exactly")]
    [InlineData("yesterday,IBM,1,1,,", "time 'yesterday' is not ISO 8601 or nanoseconds since 1970")]
    [InlineData(",IBM,1,1,,", "time is missing")]
    [InlineData("2024-05-01,,1,1,,", "instrument is missing")]
    [InlineData("2024-05-01,IBM,1,,,", "a trade has no size")]
    [InlineData("2024-05-01,IBM,,,,", "neither bid nor ask is given or cleared")]
    [InlineData("2024-05-01,IBM,1,1,,maybe", "flags 'maybe' is not suspicious, bid_cleared or ask_cleared")]
    [InlineData("2024-05-01,IBM,1,1,-5,", "sequence '-5' is not a whole number")]
    [InlineData("2024-05-01,I M,1,1,,", "instrument: name 'I M' has byte 0x20 at position 1")]
    [InlineData("2024-05-01,IBM,1,1,", "the row has 5 columns, not 6")]
    [InlineData("2024-05-01,IBM,1,1,,,7", "the row has more than 6 columns")]
    [InlineData("2024-05-01,\"IBM,1,1,,", "column 2 has no closing quote")]
    [InlineData("2024-05-01,\"IBM\"x,1,1,,", "column 2 has no closing quote")]
    public void Malformed_row_is_told_with_line_and_reason_and_the_rest_stands(string row, string reason)
    {
        var rig = ReaderRig.Csv(_folder, "time,instrument,price,size,sequence,flags", "2024-05-01,IBM,1,1,1,", row, "2024-05-01,IBM,1,1,3,");

        Assert.Equal([1ul, 3ul], rig.Events.Select(e => e.Sequence));
        var malformed = Assert.Single(rig.Malformed);
        Assert.Equal(3, malformed.Line);
        Assert.Contains(reason, malformed.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Cleared_sides_of_a_quote_are_flags()
    {
        var rig = ReaderRig.Csv(_folder, "kind,time,instrument,bid,flags", "quote,2024-05-01,IBM,,bid_cleared|ask_cleared", "quote,2024-05-01,IBM,1,bid_cleared");

        Assert.Equal(EventFlags.BidCleared | EventFlags.AskCleared, Assert.Single(rig.Events).Flags);
        Assert.Equal("a side is set and cleared at once", Assert.Single(rig.Malformed).Reason);
    }

    [Fact]
    public void Unknown_column_is_a_failure_that_names_it()
    {
        var failure = Assert.Throws<CommandFailure>(() => ReaderRig.Csv(_folder, "time,symbol,price", "2024-05-01,IBM,1"));

        Assert.Contains("events.csv' has a column 'symbol'; known are kind, time, instrument", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Empty_file_is_a_failure_that_names_it() =>
        Assert.EndsWith("events.csv' is empty; its first line must name the columns", Assert.Throws<CommandFailure>(() => ReaderRig.Csv(_folder)).Message, StringComparison.Ordinal);

    [Fact]
    public void Every_column_has_a_name_and_stands_in_the_help()
    {
        Assert.Equal(Enum.GetValues<EventColumn>().Length, EventColumns.Names.Length);
        Assert.All(Enum.GetValues<EventColumn>(), c =>
        {
            Assert.Equal(c.ToString(), EventColumns.Names[(int)c].Replace("_", string.Empty, StringComparison.Ordinal), ignoreCase: true);
            Assert.Contains(EventColumns.Names[(int)c], EventColumns.Description, StringComparison.Ordinal);
        });
    }
}
