using Grid.Domain.Events;
using Grid.Domain.Identifiers;

namespace Grid.Cli.Tests.Feeds;

public sealed class LeanReaderTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Equity_trade_is_read_with_all_its_fields()
    {
        var rig = ReaderRig.Lean(_folder.Zip("20131007_trade.zip", ("20131007_bac_Trade_Tick.csv", "14400614,139400,500,P,20002020,1\n34200000.5,139450,7,Q,0,0\n")));

        Assert.Equal(2, rig.Events.Count);
        var e = rig.Events[0];
        Assert.Equal(EventKind.Trade, e.Kind);
        Assert.Equal("BAC", rig.Symbol(e));
        Assert.Equal("lean", rig.Source(e));
        Assert.Equal("trade.BAC", rig.Channel(e));
        Assert.Equal("P", rig.Venue(e));
        Assert.Equal(20131007u, e.Session);
        Assert.Equal(1ul, e.Sequence);
        Assert.Equal("13.94", e.Price.ToString());
        Assert.Equal("500", e.Size.ToString());
        Assert.Equal(0x20002020u, e.Conditions);
        Assert.Equal(EventFlags.Suspicious, e.Flags);
        Assert.Equal("2013-10-07T08:00:00.614000000Z", e.EventTime.ToString());
        Assert.Equal("2013-10-07T13:30:00.000500000Z", rig.Events[1].EventTime.ToString());
        Assert.Equal(2ul, rig.Events[1].Sequence);
        Assert.Equal("Q", rig.Venue(rig.Events[1]));
    }

    [Fact]
    public void Zero_price_of_a_quote_leaves_its_side_alone()
    {
        var rig = ReaderRig.Lean(_folder.Zip("q.zip", ("20131007_bac_Quote_Tick.csv",
            "14400554,138400,700,0,0,P,1,0\n14400554,0,0,139500,20000,P,1,0\n14400555,138400,1,138500,2,N,1,0\n14400555,0,5,0,5,N,1,0")));

        Assert.Equal(
            [EventFlags.BidSet, EventFlags.AskSet, EventFlags.BidSet | EventFlags.AskSet, EventFlags.None],
            rig.Events.Select(e => e.Flags));
        Assert.Equal("13.84", rig.Events[0].BidPrice.ToString());
        Assert.Equal("700", rig.Events[0].BidSize.ToString());
        Assert.Equal("13.95", rig.Events[1].AskPrice.ToString());
        Assert.Equal("20000", rig.Events[1].AskSize.ToString());
        Assert.Equal(0, rig.Events[3].F1 | rig.Events[3].F3);
        Assert.Equal("quote.BAC", rig.Channel(rig.Events[0]));
    }

    [Fact]
    public void Forex_quote_has_plain_decimals_and_UTC()
    {
        var rig = ReaderRig.Lean(_folder.Zip("20140501_quote.zip", ("20140501_eurusd_tick_quote.csv", "292,1.38676,1.3878200000000\n")));

        var e = Assert.Single(rig.Events);
        Assert.Equal("EURUSD", rig.Symbol(e));
        Assert.Equal("1.38676", e.BidPrice.ToString());
        Assert.Equal("1.38782", e.AskPrice.ToString());
        Assert.Equal("0", e.BidSize.ToString());
        Assert.Equal("2014-05-01T00:00:00.292000000Z", e.EventTime.ToString());
        Assert.Equal(0, e.Venue.Value);
    }

    [Fact]
    public void Each_expiry_of_a_future_is_an_instrument()
    {
        var rig = ReaderRig.Lean(_folder.Zip("gold.zip",
            ("20131007_gc_tick_trade_201312.csv", "36065786,1313.5,1,usa,,0\n36065790,1313.6,0,usa,,0\n"),
            ("20131007_gc_tick_trade_201404.csv", "36065789,1315,2,usa,,0\n")));

        Assert.Equal(["GC201312", "GC201404", "GC201312"], rig.Events.Select(rig.Symbol));
        Assert.Equal(["trade.GC201312", "trade.GC201404", "trade.GC201312"], rig.Events.Select(rig.Channel));
        Assert.Equal([1ul, 1ul, 2ul], rig.Events.Select(e => e.Sequence));
        Assert.Equal("1313.5", rig.Events[0].Price.ToString());
        Assert.Equal("usa", rig.Venue(rig.Events[0]));
        Assert.Equal("2013-10-07T10:01:05.786000000Z", rig.Events[0].EventTime.ToString());
    }

    [Fact]
    public void Files_of_a_folder_are_merged_by_time_date_by_date()
    {
        _folder.Zip("ibm/20131008_trade.zip", ("20131008_ibm_Trade_Tick.csv", "10,100000,1,N,0,0\n"));
        _folder.Zip("ibm/20131007_trade.zip", ("20131007_ibm_Trade_Tick.csv", "10,100000,1,N,0,0\n40,100000,1,N,0,0\n"));
        _folder.Zip("aig/20131007_trade.zip", ("20131007_aig_Trade_Tick.csv", "10,100000,1,N,0,0\n30,100000,1,N,0,0\n50,100000,1,N,0,0\n"));

        var rig = ReaderRig.Lean(_folder.Path);

        Assert.Equal(["AIG", "IBM", "AIG", "IBM", "AIG", "IBM"], rig.Events.Select(rig.Symbol));
        Assert.Equal(rig.Events.Select(e => e.EventTime.Value).Order(), rig.Events.Select(e => e.EventTime.Value));
        Assert.Equal(20131008u, rig.Events[^1].Session);
    }

    [Fact]
    public void Same_row_again_is_another_event_with_its_own_sequence()
    {
        var rig = ReaderRig.Lean(_folder.Zip("t.zip", ("20131007_spy_Trade_Tick.csv", "14400465,1674100,100,P,0,0\n14400465,1674100,100,P,0,0\n")));

        Assert.Equal([1ul, 2ul], rig.Events.Select(e => e.Sequence));
    }

    [Theory]
    [InlineData("x,1,1,N,0,0", "time 'x' is not milliseconds")]
    [InlineData("86400000,1,1,N,0,0", "time '86400000' is not milliseconds")]
    [InlineData("-1,1,1,N,0,0", "time '-1' is not milliseconds")]
    [InlineData("1,1.0000001,1,N,0,0", "price '1.0000001' is not a number that can be held exactly")]
    [InlineData("1,99999999999999999,1,N,0,0", "price '99999999999999999' is not a number")]
    [InlineData("1,1,,N,0,0", "size '' is not a number")]
    [InlineData("1,1,1,N,XYZ,0", "conditions 'XYZ' is not hexadecimal")]
    [InlineData("1,1,1,N,100000000,0", "conditions '100000000' is not hexadecimal digits of 32 bits")]
    [InlineData("1,1,1,N,0,2", "suspicious '2' is not 0 or 1")]
    [InlineData("1,1,1,N N,0,0", "name 'N N' has byte 0x20")]
    [InlineData("1,1,1,N,0", "the row has 5 columns, not 6")]
    [InlineData("1,1,1", "the row has 3 columns, not 6")]
    [InlineData("", "the line is empty")]
    public void Malformed_row_is_told_with_file_line_and_reason_and_the_rest_stands(string row, string reason)
    {
        var zip = _folder.Zip("t.zip", ("20131007_spy_Trade_Tick.csv", $"1,1,1,N,0,0\n{row}\n3,3,3,N,0,0\n"));

        var rig = ReaderRig.Lean(zip);

        Assert.Equal([1ul, 3ul], rig.Events.Select(e => e.Sequence));
        var malformed = Assert.Single(rig.Malformed);
        Assert.Equal($"{zip}:20131007_spy_Trade_Tick.csv", malformed.File);
        Assert.Equal(2, malformed.Line);
        Assert.Contains(reason, malformed.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Lines_may_end_with_CR_LF_and_the_last_one_with_nothing()
    {
        var rig = ReaderRig.Lean(_folder.Zip("t.zip", ("20131007_spy_Trade_Tick.csv", "1,1,1,N,0,0\r\n2,2,2,N,0,1")));

        Assert.Equal(2, rig.Events.Count);
        Assert.Equal(EventFlags.Suspicious, rig.Events[1].Flags);
    }

    [Fact]
    public void Overlong_line_is_one_malformed_line()
    {
        var rig = ReaderRig.Lean(_folder.Zip("t.zip",
            ("20131007_spy_Trade_Tick.csv", $"1,1,1,N,0,0\n{new string('9', 3 << 20)}\n3,3,3,N,0,0\n")));

        Assert.Equal([1ul, 3ul], rig.Events.Select(e => e.Sequence));
        Assert.Contains("longer than 1048576 bytes", Assert.Single(rig.Malformed).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Minute_bars_in_a_folder_are_left_out_and_named()
    {
        _folder.Zip("a/20131007_trade.zip", ("20131007_spy_Trade_Tick.csv", "1,1,1,N,0,0\n"));
        _folder.Zip("b/20131007_trade.zip", ("20131007_spy_minute_trade.csv", "1,1,1,1,1,1\n"));

        var rig = ReaderRig.Lean(_folder.Path);

        Assert.Single(rig.Events);
        Assert.Contains("20131007_spy_minute_trade.csv' is not read: it holds 'minute' data; only ticks are read", Assert.Single(rig.LeftOut), StringComparison.Ordinal);
    }

    [Fact]
    public void Path_that_holds_no_ticks_is_a_failure_that_names_it()
    {
        var noZip = _folder.Write("plain.zip", "not a zip at all");
        var bars = _folder.Zip("bars.zip", ("20131007_spy_minute_trade.csv", "1"));
        Directory.CreateDirectory(_folder.File("empty"));

        Assert.StartsWith($"'{noZip}' is no zip file", Assert.Throws<CommandFailure>(() => ReaderRig.Lean(noZip)).Message, StringComparison.Ordinal);
        Assert.StartsWith($"'{bars}:20131007_spy_minute_trade.csv' is not read", Assert.Throws<CommandFailure>(() => ReaderRig.Lean(bars)).Message, StringComparison.Ordinal);
        Assert.Equal($"'{_folder.File("empty")}' holds no zipped tick file", Assert.Throws<CommandFailure>(() => ReaderRig.Lean(_folder.File("empty"))).Message);
        Assert.Equal($"'{_folder.File("none")}' does not exist", Assert.Throws<CommandFailure>(() => ReaderRig.Lean(_folder.File("none"))).Message);
        Assert.Throws<CommandFailure>(() => ReaderRig.Lean(string.Empty));
    }

    [Fact]
    public void Damaged_zip_is_a_failure_that_names_the_entry()
    {
        var zip = _folder.Zip("t.zip", ("20131007_spy_Trade_Tick.csv", string.Concat(Enumerable.Range(0, 50_000).Select(i => $"{i},{i * 7919 % 100_003},1,N,0,0\n"))));
        var bytes = File.ReadAllBytes(zip);
        Array.Fill(bytes, (byte)0xFF, bytes.Length / 2, 200);
        File.WriteAllBytes(zip, bytes);

        var failure = Assert.Throws<CommandFailure>(() => ReaderRig.Lean(zip));

        Assert.Contains("20131007_spy_Trade_Tick.csv' is damaged after line", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Prices_at_the_edge_of_64_bits_are_exact()
    {
        var rig = ReaderRig.Lean(_folder.Zip("t.zip", ("20131007_spy_Trade_Tick.csv", "1,92233720368547,1,N,0,0\n1,92233720368548,1,N,0,0\n1,1.00001,1,N,0,0\n")));

        Assert.Equal([9_223_372_036_854_700_000, 100_001], rig.Events.Select(e => e.F0));
        Assert.Equal(2, Assert.Single(rig.Malformed).Line);
    }

    [Fact]
    public void Trade_after_the_clock_change_has_the_new_offset()
    {
        var rig = ReaderRig.Lean(_folder.Zip("t.zip",
            ("20130308_spy_Trade_Tick.csv", "34200000,1,1,N,0,0\n"), ("20130311_spy_Trade_Tick.csv", "34200000,1,1,N,0,0\n")));

        Assert.Equal(["2013-03-08T14:30:00.000000000Z", "2013-03-11T13:30:00.000000000Z"], rig.Events.Select(e => e.EventTime.ToString()));
    }

    [Fact]
    public void Reading_allocates_nothing_per_row()
    {
        var rows = string.Concat(Enumerable.Range(0, 100_000).Select(i => $"{i * 10},{1_000_000 + i},{i % 500},P,20002020,0\n"));
        var entries = Grid.Cli.Feeds.LeanEntry.Find([_folder.Zip("t.zip", ("20131007_spy_Trade_Tick.csv", rows))], _ => { });
        var names = new GridNames();
        using var reader = new Grid.Cli.Feeds.LeanReader(entries, "lean", (kind, name) => names[kind].GetOrAdd(name));
        var batch = new EventBatch(1000);
        reader.Read(batch, 1000);
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 90; i++)
        {
            batch.Clear();
            Assert.Equal(1000, reader.Read(batch, 1000));
        }

        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20, "reading 90,000 rows allocated over 1 MB");
    }
}
