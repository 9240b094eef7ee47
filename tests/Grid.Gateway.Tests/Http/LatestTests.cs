using System.Net;
using System.Text.Json.Nodes;

namespace Grid.Gateway.Tests.Http;

public sealed class LatestTests
{
    private const string OneOfA = """
        {"instrument":"A","price":"100.25","size":"10","bid":"100.2","bid_size":"3","ask":null,"ask_size":null,"time":"2023-11-14T22:13:20.000000002Z","trade_time":"2023-11-14T22:13:20.000000001Z","venue":"XNAS","day":{"date":20231114,"open":"0","high":"0","low":"0","volume":"10","count":1}}
        """;

    [Fact]
    public async Task What_is_being_written_is_waited_for_behind_routing()
    {
        await using var fixture = await HttpFixture.WithAsync("A");
        fixture.Grid.IsBusy = true;

        Assert.Equal(OneOfA, await fixture.TextAsync("/v1/latest/A"));
        await fixture.AssertProblemAsync("/v1/latest/B", HttpStatusCode.NotFound, "InstrumentNotFound", "there is no instrument 'B'");
    }

    [Fact]
    public async Task One_instrument_is_an_object_with_exact_decimals_as_text()
    {
        await using var fixture = await HttpFixture.WithAsync("A", "B");

        Assert.Equal(OneOfA, await fixture.TextAsync("/v1/latest/A"));
    }

    [Fact]
    public async Task Some_instruments_are_an_array_in_the_order_asked_for()
    {
        await using var fixture = await HttpFixture.WithAsync("A", "B", "C");

        var rows = await fixture.JsonAsync("/v1/latest?instruments=C,A");

        Assert.Equal(["C", "A"], Symbols(rows));
        Assert.Equal(OneOfA, rows[1]!.ToJsonString());
    }

    [Theory]
    [InlineData("/v1/latest?pattern=*", "A1,A2,B1")]
    [InlineData("/v1/latest?pattern=A*", "A1,A2")]
    [InlineData("/v1/latest?pattern=%3F1", "A1,B1")]
    [InlineData("/v1/latest?pattern=*&limit=2", "A1,A2")]
    [InlineData("/v1/latest?pattern=*&after=A1&limit=1", "A2")]
    [InlineData("/v1/latest?pattern=X*", "")]
    public async Task A_pattern_gives_the_instruments_that_fit_in_symbol_order(string path, string expected)
    {
        await using var fixture = await HttpFixture.WithAsync("B1", "A2", "A1");

        Assert.Equal(expected, string.Join(',', Symbols(await fixture.JsonAsync(path))));
    }

    [Theory]
    [InlineData("EUR/USD", "EUR/USD")]
    [InlineData("EUR/USD", "EUR%2FUSD")]
    [InlineData("100%2F", "100%252F")]
    [InlineData("a\"b\\c", "a%22b%5Cc")]
    [InlineData("+A&B?C#", "%2BA%26B%3FC%23")]
    [InlineData("A,B", "A,B")]
    public async Task A_symbol_may_have_any_printable_character(string symbol, string inPath)
    {
        await using var fixture = await HttpFixture.WithAsync(symbol);
        fixture.Grid.Bars[new(1)] = [];

        Assert.Equal(symbol, (string)(await fixture.JsonAsync("/v1/latest/" + inPath))["instrument"]!);
        Assert.Equal(2, (await fixture.JsonAsync("/v1/ticks/" + inPath)).AsArray().Count);
        Assert.Empty((await fixture.JsonAsync("/v1/bars/" + inPath + "?interval=1m")).AsArray());
    }

    [Fact]
    public async Task Thousands_of_instruments_come_in_one_answer()
    {
        var symbols = Enumerable.Range(0, 5000).Select(i => $"SYM{i:D5}").ToArray();
        await using var fixture = await HttpFixture.WithAsync(symbols);

        Assert.Equal(symbols, Symbols(await fixture.JsonAsync("/v1/latest?pattern=*&limit=10000")));
    }

    [Fact]
    public async Task An_instrument_that_is_not_known_is_not_found()
    {
        await using var fixture = await HttpFixture.WithAsync("A");

        await fixture.AssertProblemAsync("/v1/latest/NOPE", HttpStatusCode.NotFound, "InstrumentNotFound", "there is no instrument 'NOPE'");
        await fixture.AssertProblemAsync("/v1/latest/%C3%A9", HttpStatusCode.NotFound, "InstrumentNotFound", "there is no instrument 'é'");
        await fixture.AssertProblemAsync("/v1/latest/" + new string('X', 65), HttpStatusCode.NotFound, "InstrumentNotFound", $"there is no instrument '{new string('X', 65)}'");
        await fixture.AssertProblemAsync("/v1/latest?instruments=A,NO,NEITHER", HttpStatusCode.NotFound, "InstrumentNotFound", "there is no instrument 'NO', 'NEITHER'");
    }

    [Theory]
    [InlineData("/v1/latest", "give the argument 'instruments' (symbols with commas) or 'pattern' (* and ? stand for any text and any character)")]
    [InlineData("/v1/latest?pattern=*&limit=0", "argument 'limit' is '0'; it must be a whole number from 1 to 1000000")]
    [InlineData("/v1/latest?pattern=*&limit=1000001", "argument 'limit' is '1000001'; it must be a whole number from 1 to 1000000")]
    [InlineData("/v1/latest?pattern=*&limit=many", "argument 'limit' is 'many'; it must be a whole number from 1 to 1000000")]
    [InlineData("/v1/latest?pattern=A&pattern=B", "argument 'pattern' is 'A, B'; it must be given once")]
    public async Task A_bad_argument_is_named_with_its_value_and_the_rule(string path, string detail)
    {
        await using var fixture = await HttpFixture.WithAsync("A");

        await fixture.AssertProblemAsync(path, HttpStatusCode.BadRequest, "BadArgument", detail);
    }

    [Fact]
    public async Task A_thousand_requests_over_one_connection_are_all_answered()
    {
        await using var fixture = await HttpFixture.WithAsync("A");

        for (var i = 0; i < 1000; i++)
        {
            Assert.Equal(OneOfA, await fixture.TextAsync("/v1/latest/A"));
        }
    }

    private static string[] Symbols(JsonNode rows) => [.. rows.AsArray().Select(r => (string)r!["instrument"]!)];
}
