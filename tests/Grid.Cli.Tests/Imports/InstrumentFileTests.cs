using Grid.Cli.Imports;
using Grid.Domain.Identifiers;

namespace Grid.Cli.Tests.Imports;

public sealed class InstrumentFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Own_columns_may_come_in_any_order_and_most_may_be_missing()
    {
        var file = File("tick_size,symbol,class,cusip,valid_from,lot_size,currency,calendar,valid_to",
            "0.01,IBM,equity,459200101,2013-10-07,100,USD,nyse,2014-01-01T00:00:00Z");

        var (symbol, definition) = Assert.Single(file.Read());

        Assert.Equal("IBM", symbol);
        Assert.Equal("equity", definition.Class);
        Assert.Equal("0.01", definition.TickSize.ToString());
        Assert.Equal("100", definition.LotSize.ToString());
        Assert.Equal(("USD", "nyse", "459200101"), (definition.Currency, definition.Calendar, definition.Cusip.ToString()));
        Assert.Equal("2013-10-07T00:00:00.000000000Z", definition.ValidFrom.ToString());
        Assert.Equal("2014-01-01T00:00:00.000000000Z", definition.ValidTo.ToString());
    }

    [Fact]
    public void Symbol_alone_is_a_definition_of_the_default_class()
    {
        var (_, definition) = Assert.Single(File("symbol", "X").Read());

        Assert.Equal("default", definition.Class);
        Assert.Equal(new UnixNanos(long.MaxValue), definition.ValidTo);
        Assert.True(definition.Cusip.IsNone);
    }

    [Theory]
    [InlineData("A B,0.01,", "name 'A B' has byte 0x20 at position 1")]
    [InlineData(",0.01,", "a name is empty")]
    [InlineData("A,0.0000000001,", "tick_size '0.0000000001' is not a number, 0 or more, that can be held exactly with 9 decimals")]
    [InlineData("A,-1,", "tick_size '-1' is not a number, 0 or more")]
    [InlineData("A,1,459200102", "cusip '459200102' is not a CUSIP with a right check digit")]
    [InlineData("A,1", "the row has 2 columns, not 3")]
    [InlineData("\"A,1,", "a quoted field is not closed")]
    public void Malformed_row_is_told_and_the_rest_stands(string row, string reason)
    {
        var file = File("symbol,tick_size,cusip", "GOOD,1,", row, "ALSO,1,");

        Assert.Equal(["GOOD", "ALSO"], file.Read().Select(i => i.Symbol));
        var malformed = Assert.Single(file.Malformed);
        Assert.Equal(3, malformed.Line);
        Assert.Contains(reason, malformed.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Columns_of_neither_form_are_a_failure()
    {
        Assert.EndsWith("has no column 'symbol'", Assert.Throws<CommandFailure>(() => File("ticker", "A").Read()).Message, StringComparison.Ordinal);
        Assert.Contains("has a column 'tick'; known are symbol, class", Assert.Throws<CommandFailure>(() => File("symbol,tick", "A,1").Read()).Message, StringComparison.Ordinal);
        Assert.Contains("is empty", Assert.Throws<CommandFailure>(() => File().Read()).Message, StringComparison.Ordinal);
        Assert.Contains("cannot be read", Assert.Throws<CommandFailure>(() => new InstrumentFile(_folder.File("none"), null).Read()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Lean_rows_are_taken_by_market_and_the_first_of_a_symbol_holds()
    {
        string[] lines =
        [
            "market,symbol,type,description,quote_currency,contract_multiplier,minimum_price_variation,lot_size,market_ticker,minimum_order_size",
            "# a comment", string.Empty,
            "oanda,EURUSD,forex,Euro,USD,1,0.00001,1000,,",
            "fxcm,EURUSD,forex,Euro,USD,1,0.0001,1000,,",
            "usa,[*],equity,,USD,1,0.01,1",
            "comex,GC,future,\"Gold, 100 oz\",USD,100,1e-1,1,,1",
        ];

        var all = File(lines);
        Assert.Equal([("EURUSD", "fx", "0.00001"), ("GC", "future", "0.1")], all.Read().Select(i => (i.Symbol, i.Definition.Class, i.Definition.TickSize.ToString())));
        Assert.Equal(2, all.LeftOut);
        Assert.Empty(all.Malformed);

        var fxcm = File("fxcm", lines);
        Assert.Equal("0.0001", Assert.Single(fxcm.Read()).Definition.TickSize.ToString());
        Assert.Equal(3, fxcm.LeftOut);
    }

    [Fact]
    public void Real_symbol_properties_database_is_understood()
    {
        var file = new InstrumentFile(SharedData.Require("lean/symbol-properties-database.csv"), market: null);

        var found = file.Read();

        Assert.InRange(found.Count, 6_500, 8_000);
        Assert.Equal(("0.1", "USD", "future"), found.Where(i => i.Symbol == "GC").Select(i => (i.Definition.TickSize.ToString(), i.Definition.Currency, i.Definition.Class)).Single());
        Assert.All(file.Malformed, m => Assert.Matches("^(name '|minimum_price_variation '|lot_size ')", m.Reason));
        Assert.InRange(file.Malformed.Count, 6, 100);
    }

    private InstrumentFile File(params string[] lines) => new(_folder.Write("instruments.csv", string.Join('\n', lines)), market: null);

    private InstrumentFile File(string market, string[] lines) => new(_folder.Write("instruments.csv", string.Join('\n', lines)), market);
}
