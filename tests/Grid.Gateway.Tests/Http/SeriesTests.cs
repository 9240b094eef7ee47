using System.Net;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;

namespace Grid.Gateway.Tests.Http;

public sealed class SeriesTests
{
    [Theory]
    [InlineData("/v1/ticks", "/v1/ticks/")]
    [InlineData("/v1/ticks/", "/v1/ticks/")]
    [InlineData("/v1/bars?interval=1m", "/v1/bars/")]
    public async Task A_path_without_a_symbol_is_told_what_it_lacks(string path, string prefix)
    {
        await using var fixture = await HttpFixture.WithAsync("A");

        await fixture.AssertProblemAsync(
            path, HttpStatusCode.BadRequest, "BadArgument", $"the path '{path.Split('?')[0]}' names nothing; what is asked for comes behind '{prefix}'");
    }

    [Theory]
    [InlineData("/V1/Ticks/EUR%2FUSD")]
    [InlineData("/v1/ticks/EUR/USD")]
    public async Task A_symbol_with_a_slash_is_found_in_any_spelling_of_the_path_before_it(string path)
    {
        await using var fixture = await HttpFixture.WithAsync("EUR/USD");

        using var response = await fixture.GetAsync(path);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private const string BarHeader = "time,open,high,low,close,volume,vwap,count,bid,bid_size,ask,ask_size";

    [Fact]
    public async Task Bars_come_as_csv_with_a_header_and_nothing_for_what_is_absent()
    {
        await using var fixture = await WithBarsAsync();

        Assert.Equal(
            $"""
            {BarHeader}
            2023-11-14T22:13:00.000000000Z,1.5,2,1,1.75,30,1.666666667,3,1.7,100,,
            2023-11-14T22:14:00.000000000Z,,,,,0,,0,,,1.8,0.00000001

            """,
            await fixture.TextAsync("/v1/bars/A?interval=1m&format=csv"));
    }

    [Fact]
    public async Task Bars_come_as_json_with_null_for_what_is_absent()
    {
        await using var fixture = await WithBarsAsync();

        Assert.Equal(
            """
            [{"time":"2023-11-14T22:13:00.000000000Z","open":"1.5","high":"2","low":"1","close":"1.75","volume":"30","vwap":"1.666666667","count":3,"bid":"1.7","bid_size":"100","ask":null,"ask_size":null},{"time":"2023-11-14T22:14:00.000000000Z","open":null,"high":null,"low":null,"close":null,"volume":"0","vwap":null,"count":0,"bid":null,"bid_size":null,"ask":"1.8","ask_size":"0.00000001"}]
            """,
            await fixture.TextAsync("/v1/bars/A?interval=1m"));
    }

    [Fact]
    public async Task Bars_come_as_a_json_object_a_line()
    {
        await using var fixture = await WithBarsAsync();

        using var response = await fixture.GetAsync("/v1/bars/A?interval=1m&format=ndjson&limit=1");

        Assert.Equal("application/x-ndjson", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(
            """
            {"time":"2023-11-14T22:13:00.000000000Z","open":"1.5","high":"2","low":"1","close":"1.75","volume":"30","vwap":"1.666666667","count":3,"bid":"1.7","bid_size":"100","ask":null,"ask_size":null}

            """,
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("from=2023-11-14T22:14:00Z", 1)]
    [InlineData("from=2023-11-14T22:13:00Z&to=2023-11-14T22:14:00Z", 1)]
    [InlineData("to=2023-11-14", 0)]
    [InlineData("from=2023-11-14&to=2023-11-15", 2)]
    public async Task A_range_takes_its_start_and_leaves_out_its_end(string range, int count)
    {
        await using var fixture = await WithBarsAsync();

        Assert.Equal(count, (await fixture.JsonAsync("/v1/bars/A?interval=1m&" + range)).AsArray().Count);
    }

    [Fact]
    public async Task Ticks_come_with_every_field_and_their_outcome()
    {
        await using var fixture = await HttpFixture.WithAsync("A");

        using var response = await fixture.GetAsync("/v1/ticks/A?format=csv");

        Assert.Equal("true", Assert.Single(response.Headers.GetValues("Grid-Complete")));
        Assert.Equal("false", Assert.Single(response.Headers.GetValues("Grid-Amendment-Pending")));
        Assert.Equal(
            """
            time,kind,source,channel,session,sequence,venue,conditions,price,size,bid,bid_size,ask,ask_size,amends,outcome,reason,received
            2023-11-14T22:13:20.000000001Z,trade,S,,20231114,1,XNAS,0,100.25,10,,,,,,accepted,,2023-11-14T22:13:20.000000000Z
            2023-11-14T22:13:20.000000002Z,quote,S,,20231114,2,XNAS,0,,,100.2,3,cleared,,,accepted,,2023-11-14T22:13:20.000000000Z

            """,
            await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Ticks_that_the_limit_cut_say_so()
    {
        await using var fixture = await HttpFixture.WithAsync("A");

        using var response = await fixture.GetAsync("/v1/ticks/A?limit=1");

        Assert.Equal("false", Assert.Single(response.Headers.GetValues("Grid-Complete")));
    }

    [Theory]
    [InlineData("/v1/bars/A?interval=2m", "argument 'interval' is '2m'; it must be one of 1s, 1m, 5m, 15m, 1h, 1d")]
    [InlineData("/v1/bars/A?interval=1m&from=yesterday", "argument 'from' is 'yesterday'; it must be an ISO 8601 time such as 2013-10-07, 2013-10-07T13:30:00Z or 2013-10-07T13:30:00.123456789Z")]
    [InlineData("/v1/bars/A?interval=1m&format=xml", "argument 'format' is 'xml'; it must be json, csv or ndjson")]
    [InlineData("/v1/ticks/A?to=2023-13-01", "argument 'to' is '2023-13-01'; it must be an ISO 8601 time such as 2013-10-07, 2013-10-07T13:30:00Z or 2013-10-07T13:30:00.123456789Z")]
    [InlineData("/v1/ticks/A?from=2023-01-02&to=2023-01-01", "argument 'from' is '2023-01-02T00:00:00.000000000Z'; it must be no later than 'to', which is '2023-01-01T00:00:00.000000000Z'")]
    [InlineData("/v1/ticks/A?limit=-1", "argument 'limit' is '-1'; it must be a whole number from 1 to 1000000")]
    public async Task A_bad_argument_is_named_with_its_value_and_the_rule(string path, string detail)
    {
        await using var fixture = await WithBarsAsync();

        await fixture.AssertProblemAsync(path, HttpStatusCode.BadRequest, "BadArgument", detail);
    }

    [Theory]
    [InlineData("/v1/bars/NOPE?interval=1m")]
    [InlineData("/v1/ticks/NOPE")]
    [InlineData("/v1/instruments/NOPE")]
    public async Task An_instrument_that_is_not_known_is_not_found(string path)
    {
        await using var fixture = await WithBarsAsync();

        await fixture.AssertProblemAsync(path, HttpStatusCode.NotFound, "InstrumentNotFound", "there is no instrument 'NOPE'");
    }

    private static async Task<HttpFixture> WithBarsAsync()
    {
        var fixture = await HttpFixture.WithAsync("A");
        var minute = new UnixNanos(1_700_000_000_000_000_000).Floor(UnixNanos.PerMinute);
        fixture.Grid.Bars[new InstrumentId((uint)fixture.Grid.Names.Instruments.Find("A"))] =
        [
            new Bar
            {
                Start = minute,
                HasPrices = true,
                Open = Price.Parse("1.5"),
                High = Price.Of(2),
                Low = Price.Of(1),
                Close = Price.Parse("1.75"),
                Volume = Quantity.Of(30).Raw,
                Notional = (Int128)Price.Of(50).Raw * Quantity.One,
                Count = 3,
                Bid = new Side(true, Price.Parse("1.7"), Quantity.Of(100), minute, default),
            },
            new Bar { Start = new UnixNanos(minute.Value + UnixNanos.PerMinute), Ask = new Side(true, Price.Parse("1.8"), new Quantity(1), minute, default) },
        ];
        return fixture;
    }
}
