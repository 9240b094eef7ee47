using System.Buffers.Binary;
using System.Text;
using Grid.Domain.Events;
using Grid.Gateway.Ilp;

namespace Grid.Gateway.Tests.Ilp;

public sealed class IlpRowsTests
{
    [Fact]
    public void Trade_is_read_with_all_its_fields()
    {
        var rig = IlpRig.Of("trade,instrument=IBM,source=vendor,venue=N,channel=main,session=20240501 price=181.523456789,size=100i,seq=42u,conditions=\"0x20\",suspicious=t 1714570200123456789\n");

        Assert.Empty(rig.Faults);
        var e = rig.Single;
        Assert.Equal(EventKind.Trade, e.Kind);
        Assert.Equal(("IBM", "vendor", "N", "main"), (rig.Symbol(e), rig.Source(e), rig.Venue(e), rig.Channel(e)));
        Assert.Equal(("181.523456789", "100", 42ul, 20240501u), (e.Price.ToString(), e.Size.ToString(), e.Sequence, e.Session));
        Assert.Equal((0x20u, EventFlags.Suspicious), (e.Conditions, e.Flags));
        Assert.Equal("2024-05-01T13:30:00.123456789Z", e.EventTime.ToString());
    }

    [Fact]
    public void Quote_and_run_are_read()
    {
        var rig = IlpRig.Of(
            """
            # a comment, "with a quote
            quote,symbol=IBM bid=181.5,bid_size=10,ask=181.6,ask_size=20,flags="suspicious" 1

            quote,symbol=IBM ask=181.7,bid_cleared=true 2
            run,cusip=037833100 bid=99.5,bid_size=1000000i,bid_spread=125.5 3
            """);

        Assert.Empty(rig.Faults);
        Assert.Equal([EventKind.Quote, EventKind.Quote, EventKind.Run], rig.Events.Select(e => e.Kind));
        Assert.Equal(EventFlags.BidSet | EventFlags.AskSet | EventFlags.Suspicious, rig.Events[0].Flags);
        Assert.Equal(EventFlags.AskSet | EventFlags.BidCleared, rig.Events[1].Flags);
        Assert.Equal("037833100", rig.Symbol(rig.Events[2]));
        Assert.Equal(125_500_000_000, Assert.Single(rig.Runs).BidSpread);
        Assert.All(rig.Events, e => Assert.Equal("ilp", rig.Source(e)));
    }

    [Theory]
    [InlineData("1.5", "1.5")]
    [InlineData("15i", "15")]
    [InlineData("15u", "15")]
    [InlineData("-0.000000001", "-0.000000001")]
    [InlineData("1.5e2", "150")]
    [InlineData("1E-9", "0.000000001")]
    [InlineData("1.25d", "1.25")]
    [InlineData("\"0.3\"", "0.3")]
    [InlineData("9223372036.854775807", "9223372036.854775807")]
    [InlineData("-9223372036.854775808", "-9223372036.854775808")]
    [InlineData("0.1000000000000000000000", "0.1")]
    public void Numbers_are_exact(string text, string price)
    {
        var rig = IlpRig.Of($"trade,instrument=A price={text},size=1 1");

        Assert.Empty(rig.Faults);
        Assert.Equal(price, rig.Single.Price.ToString());
    }

    [Theory]
    [InlineData("1.0000000001", "price '1.0000000001' is not a number that can be held exactly")]
    [InlineData("9223372036.854775808", "price '9223372036.854775808' is not a number that can be held exactly")]
    [InlineData("9223372037i", "price '9223372037' is not a number that can be held exactly")]
    [InlineData("1.5i", "'1.5i' is neither a number, a boolean nor text in quotes")]
    [InlineData("-1u", "'-1u' is neither a number, a boolean nor text in quotes")]
    [InlineData("NaN", "'NaN' is neither a number, a boolean nor text in quotes")]
    [InlineData("abc", "'abc' is neither a number, a boolean nor text in quotes")]
    [InlineData("1x5", "price '1x5' is not a number that can be held exactly")]
    [InlineData("true", "price is a boolean; it must be a number or text")]
    [InlineData("\"1", "a text has no closing quote")]
    [InlineData("\"1\"2", "something stands behind a text's closing quote")]
    [InlineData("", "a field has no value")]
    public void What_cannot_be_held_exactly_is_refused_with_line_and_column(string text, string message)
    {
        var rig = IlpRig.Of($"trade,instrument=A price=1,size=1 1\ntrade,instrument=A price={text},size=1 2\ntrade,instrument=A price=3,size=1 3\n");

        Assert.Equal(["1", "3"], rig.Events.Select(e => e.Price.ToString()));
        var fault = Assert.Single(rig.Faults);
        Assert.Equal((2, 26, message), (fault.Line, fault.Fault.Column, fault.Fault.Message));
    }

    [Theory]
    [InlineData("trades,instrument=A price=1,size=1 1", 1, "measurement 'trades' is not one of trade, quote, run, cancel, correct")]
    [InlineData("trade,instrument=A,host=x price=1,size=1 1", 25, "measurement 'trade' has no tag 'host'; known are ")]
    [InlineData("trade,instrument=A prcie=1,size=1 1", 26, "measurement 'trade' has no field 'prcie'; known are ")]
    [InlineData("trade,instrument=A price=1,price=2,size=1 1", 34, "price is given twice")]
    [InlineData("trade,instrument=A price=1,size=1 now", 35, "time 'now' is not a whole number that fits 64 bits in nanoseconds")]
    [InlineData("trade,instrument=A price=1,size=1 1 2", 35, "time '1 2' is not a whole number")]
    [InlineData("trade,instrument=A price=1,size=1 9223372036854775808", 35, "time '9223372036854775808' is not a whole number")]
    [InlineData("trade,instrument=A price=1 size=1 1", 28, "time 'size=1 1' is not a whole number")]
    [InlineData("trade,instrument=I\\ M price=1,size=1 1", 18, "instrument: name 'I M' has byte 0x20 at position 1")]
    [InlineData("trade,instrument= price=1,size=1 1", 18, "a tag has no value")]
    [InlineData("trade,instrument=A=B price=1,size=1 1", 18, "a tag's value has an equals sign without a backslash")]
    [InlineData("trade,=A price=1,size=1 1", 7, "a tag has no name")]
    [InlineData("trade,instrument price=1,size=1 1", 7, "a tag has no equals sign")]
    [InlineData("trade,instrument=A price,size=1 1", 20, "a field has no equals sign")]
    [InlineData("trade,instrument=A suspicious=1,price=1,size=1 1", 31, "suspicious '1' is not true or false")]
    [InlineData(",instrument=A price=1,size=1 1", 1, "the line has no measurement")]
    [InlineData("trade,instrument=A price==\u0001,size=1 1", 26, "a binary value is not whole, or of a type that is not known")]
    [InlineData("trade price=1,size=1 1", null, "instrument is missing")]
    [InlineData("trade,instrument=A price=1 1", null, "a trade has no size")]
    [InlineData("quote,instrument=A bid_size=1 1", null, "bid_size has no bid")]
    public void Malformed_line_is_told_with_its_place(string line, int? column, string message)
    {
        var rig = IlpRig.Of($"{line}\ntrade,instrument=A price=3,size=1 3\n");

        Assert.Equal("3", rig.Single.Price.ToString());
        var fault = Assert.Single(rig.Faults);
        Assert.Equal((1, column), (fault.Line, fault.Fault.Column));
        Assert.StartsWith(message, fault.Fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("trade,instrument=A\\,B\\=C price=1,size=1 1", "A,B=C")]
    [InlineData("trade,instrument=A\\\\B price=1,size=1 1", "A\\B")]
    [InlineData("trade,instrument=A\\B price=1,size=1 1", "A\\B")]
    [InlineData("trade,instrument=\"A\" price=1,size=1 1", "\"A\"")]
    [InlineData("trade price=1,size=1,instrument=\"A\\\"B\\\\C,D=E\" 1", "A\"B\\C,D=E")]
    [InlineData("trade instrument=\"A\",price=1,size=1 1", "A")]
    public void Escapes_are_understood(string line, string symbol)
    {
        var rig = IlpRig.Of(line);

        Assert.Empty(rig.Faults);
        Assert.Equal(symbol, rig.Symbol(rig.Single));
    }

    [Fact]
    public void A_quote_that_is_not_closed_costs_its_own_line_and_no_other()
    {
        var rig = IlpRig.Of("trade,instrument=A price=\"1,size=1 1\ntrade,instrument=A price=2,size=1 2\ntrade,instrument=A price=3,size=1 3");

        Assert.Equal(["2", "3"], rig.Events.Select(e => e.Price.ToString()));
        Assert.Equal((1, "a text has no closing quote"), (Assert.Single(rig.Faults).Line, rig.Faults[0].Fault.Message));
    }

    [Fact]
    public void Line_ends_of_either_kind_and_the_lack_of_the_last_are_fine()
    {
        var rig = IlpRig.Of("trade,instrument=A price=1,size=1 1\r\n\r\n   \ntrade,instrument=A price=2,size=1\r\ntrade,instrument=A price=3,size=1 3 ");

        Assert.Empty(rig.Faults);
        Assert.Equal(["1", "2", "3"], rig.Events.Select(e => e.Price.ToString()));
        Assert.Equal(rig.Time.GetUtcNow(), rig.Events[1].EventTime.ToDateTimeOffset());
    }

    [Theory]
    [InlineData("ns", "1714570200000000001", "2024-05-01T13:30:00.000000001Z")]
    [InlineData("n", "1714570200000000001", "2024-05-01T13:30:00.000000001Z")]
    [InlineData("us", "1714570200000001", "2024-05-01T13:30:00.000001000Z")]
    [InlineData("u", "1714570200000001", "2024-05-01T13:30:00.000001000Z")]
    [InlineData("ms", "1714570200001", "2024-05-01T13:30:00.001000000Z")]
    [InlineData("s", "1714570200", "2024-05-01T13:30:00.000000000Z")]
    [InlineData("m", "28576170", "2024-05-01T13:30:00.000000000Z")]
    [InlineData("h", "476269", "2024-05-01T13:00:00.000000000Z")]
    [InlineData("s", "1714570200000001t", "2024-05-01T13:30:00.000001000Z")]
    [InlineData("s", "1714570200000000001n", "2024-05-01T13:30:00.000000001Z")]
    [InlineData("ns", "-1", "1969-12-31T23:59:59.999999999Z")]
    public void Times_have_the_unit_that_was_asked_for_or_their_own(string precision, string text, string time)
    {
        Assert.True(IlpPrecision.TryParse(precision, out var unitNs));

        var rig = new IlpRig(unitNs: unitNs).Take($"trade,instrument=A price=1,size=1 {text}\n");

        Assert.Empty(rig.Faults);
        Assert.Equal(time, rig.Single.EventTime.ToString());
    }

    [Fact]
    public void A_time_beyond_64_bits_of_nanoseconds_is_refused() =>
        Assert.StartsWith(
            "time '9223372037' is not a whole number that fits 64 bits",
            Assert.Single(new IlpRig(unitNs: 1_000_000_000).Take("trade,instrument=A price=1,size=1 9223372037").Faults).Fault.Message,
            StringComparison.Ordinal);

    [Fact]
    public void A_line_without_time_is_refused_where_it_may_come_again() =>
        Assert.Equal(
            "time is missing; what may be sent again must have its times",
            Assert.Single(new IlpRig(requiresTime: true).Take("trade,instrument=A price=1,size=1").Faults).Fault.Message);

    [Fact]
    public void A_binary_double_is_the_shortest_decimal_that_means_it()
    {
        var rig = IlpRig.Of([.. Double("trade,instrument=A price=", 181.52), .. Double(",size=", 10), .. " 1\n"u8, .. Double("trade,instrument=A price=", 1e-10), .. ",size=1 2\n"u8]);

        Assert.Equal(("181.52", "10"), (rig.Single.Price.ToString(), rig.Single.Size.ToString()));
        Assert.Equal("line 2, column 26: price '1E-10' is not a number that can be held exactly", Assert.Single(rig.Faults).ToString());
    }

    [Fact]
    public void A_binary_value_may_hold_every_byte()
    {
        foreach (var inside in "\n\"\\=, #"u8.ToArray())
        {
            // The number's own bytes are not looked at for line ends.
            byte[] body = [.. "trade,instrument=A x==\u0010"u8, .. Enumerable.Repeat(inside, 8), .. ",price=1,size=2 5\ntrade,instrument=B price=1,size=2 5\n"u8];
            var mapping = IlpMapping.Parse("""{"measurements":{"trade":{"kind":"trade","columns":{"instrument":"instrument","price":"price","size":"size","x":"ignore"}}}}"""u8);

            var rig = new IlpRig(mapping).Take(body, isLast: true);

            Assert.Empty(rig.Faults);
            Assert.Equal(["A", "B"], rig.Events.Select(rig.Symbol));
        }
    }

    [Fact]
    public void An_array_is_refused_where_a_number_belongs_and_passed_over_where_it_is_ignored()
    {
        byte[] array = [.. "price==\u000e\u000a\u0001"u8, 2, 0, 0, 0, .. new byte[16]];
        var ignores = IlpMapping.Parse("""{"measurements":{"trade":{"kind":"trade","columns":{"instrument":"instrument","p":"price","size":"size"},"others":"ignore"}}}"""u8);
        byte[] body = [.. "trade,instrument=A "u8, .. array, .. ",p=1,size=1 1\n"u8];

        Assert.Equal("price is an array; it must be a number or text", IlpRig.Of([.. "trade,instrument=A "u8, .. array, .. ",size=1 1\n"u8]).Faults[0].Fault.Message);
        Assert.Equal("1", new IlpRig(ignores).Take(body, isLast: true).Single.Price.ToString());
    }

    [Fact]
    public void Bytes_that_are_no_UTF8_are_named_with_their_place()
    {
        var rig = IlpRig.Of([.. "trade,instrument=A price=1,size=1 1\ntrade,instrument=A"u8, 0xFF, .. " price=1,size=1 1\n"u8]);

        Assert.Equal("line 2, column 19: byte 0xFF is no UTF-8", Assert.Single(rig.Faults).ToString());
    }

    [Fact]
    public void A_line_over_the_limit_is_refused_and_the_next_is_taken()
    {
        var rig = new IlpRig(rowBytesMax: 1024);

        rig.Take(Encoding.UTF8.GetBytes($"trade,instrument={new string('A', 100_000)} price=1,size=1 1\ntrade,instrument=A price=2,size=1 2\n"), isLast: true);

        Assert.Equal((1, "too long"), (Assert.Single(rig.Faults).Line, rig.Faults[0].Fault.Message));
        Assert.Equal("2", rig.Single.Price.ToString());
    }

    private static byte[] Double(string before, double value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
        return [.. Encoding.UTF8.GetBytes(before), (byte)'=', 16, .. bytes];
    }
}
