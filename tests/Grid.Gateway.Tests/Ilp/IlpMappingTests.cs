using System.Text;
using Grid.Gateway.Ilp;
using Grid.Testing;

namespace Grid.Gateway.Tests.Ilp;

public sealed class IlpMappingTests
{
    private const string Trades = """
        { // the shape of a well known example
          "measurements": { "trades": { "kind": "trade", "source": "exchange", "others": "ignore",
            "columns": { "symbol": "instrument", "amount": "size", "price": "price", "id": "sequence", "side": "ignore" } } } }
        """;

    [Fact]
    public void A_measurement_of_another_shape_is_read_by_its_mapping()
    {
        var rig = new IlpRig(IlpMapping.Parse(Encoding.UTF8.GetBytes(Trades)));

        rig.Take("trades,symbol=ETH-USD,side=sell price=2615.54,amount=0.00044,id=7i,extra=\"x\" 1714570200000000000\ntrade,instrument=A price=1,size=1 1\n");

        Assert.Empty(rig.Faults);
        var e = rig.Events[0];
        Assert.Equal(("ETH-USD", "exchange", "2615.54", "0.00044", 7ul), (rig.Symbol(e), rig.Source(e), e.Price.ToString(), e.Size.ToString(), e.Sequence));
        Assert.Equal("ilp", rig.Source(rig.Events[1]));
    }

    [Fact]
    public void A_measurement_whose_kind_a_column_says_is_read()
    {
        var rig = new IlpRig(IlpMapping.Parse("""{"measurements":{"ticks":{"columns":{"type":"kind","s":"instrument","p":"price","v":"size","b":"bid"}}}}"""u8));

        rig.Take("ticks,type=trade,s=A p=1,v=2 1\nticks,type=quote,s=A b=1 2\nticks,type=quote,s=A b=1,q=2 3\n");

        Assert.Equal(2, rig.Events.Count);
        Assert.StartsWith("measurement 'ticks' has no field 'q'; known are type, s, p, v, b", Assert.Single(rig.Faults).Fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"measurements":{"t":{"columns":{"p":"price"}}}}""", "measurement 't' has neither a kind nor a column that says it")]
    [InlineData("""{"measurements":{"t":{"kind":"trades"}}}""", "measurement 't', kind 'trades' is not trade, quote, run, cancel, correct")]
    [InlineData("""{"measurements":{"t":{"kind":"trade","columns":{"p":"prize"}}}}""", "measurement 't', column 'p' is 'prize'; it must be ignore or one of kind, time, instrument")]
    [InlineData("""{"measurements":{"t":{"kind":"trade","columns":{"p":1}}}}""", "'p' must be a text, not Number")]
    [InlineData("""{"measurements":{"t":{"kind":"trade","others":"maybe"}}}""", "measurement 't', others 'maybe' is not ignore or refuse")]
    [InlineData("""{"measurements":{"t":{"kind":"trade","source":"a b"}}}""", "measurement 't', source: name 'a b' has byte 0x20 at position 1")]
    [InlineData("""{"measurements":{"t":{"sort":"trade"}}}""", "measurement 't' has a member 'sort'; known are kind, source, others, columns")]
    [InlineData("""{"tables":{}}""", "the mapping has a member 'tables'; known are measurements")]
    [InlineData("[]", "the mapping must be an object, not Array")]
    public void A_wrong_mapping_says_what_is_wrong(string json, string message)
    {
        using var folder = new TempFolder();
        var path = Path.Combine(folder.Path, "mapping.json");
        File.WriteAllText(path, json);

        var e = Assert.Throws<ArgumentException>(() => IlpMapping.Load(path));

        Assert.StartsWith($"mapping '{path}': {message}", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_there_is_named() =>
        Assert.StartsWith("mapping 'nowhere.json': ", Assert.Throws<ArgumentException>(() => IlpMapping.Load("nowhere.json")).Message, StringComparison.Ordinal);
}
