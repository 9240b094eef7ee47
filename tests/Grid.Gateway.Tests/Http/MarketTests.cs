using System.Net;
using Grid.Domain.Cusips;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Runtime;
using Grid.Testing;

namespace Grid.Gateway.Tests.Http;

/// <summary>Best bid and offer, quotes, the day, quality, runs, producers and instruments.</summary>
public sealed class MarketTests
{
    private const string Bbo = """
        {"instrument":"A","bid":"100.2","bid_size":"3","bid_time":"2023-11-14T22:13:20.000000002Z","bid_source":"S","ask":null,"ask_size":null,"ask_time":null,"ask_source":null}
        """;

    [Fact]
    public async Task Best_bid_and_offer_say_when_and_by_whom_they_were_set()
    {
        await using var fixture = await HttpFixture.WithAsync("A", "B");

        Assert.Equal(Bbo, await fixture.TextAsync("/v1/bbo/A"));
        Assert.Equal($"[{Bbo}]", await fixture.TextAsync("/v1/bbo?instruments=A"));
        Assert.Equal(2, (await fixture.JsonAsync("/v1/bbo?pattern=*")).AsArray().Count);
        Assert.Equal(
            """
            instrument,bid,bid_size,bid_time,bid_source,ask,ask_size,ask_time,ask_source
            A,100.2,3,2023-11-14T22:13:20.000000002Z,S,,,,

            """,
            await fixture.TextAsync("/v1/bbo/A?format=csv"));
    }

    [Fact]
    public async Task Quotes_of_each_source_tell_what_was_withdrawn_from_what_was_never_said()
    {
        await using var fixture = await HttpFixture.WithAsync("A");

        Assert.Equal(
            """
            [{"source":"S","bid_state":"set","bid":"100.2","bid_size":"3","bid_time":"2023-11-14T22:13:20.000000002Z","bid_session":20231114,"bid_sequence":2,"ask_state":"cleared","ask":null,"ask_size":null,"ask_time":"2023-11-14T22:13:20.000000002Z","ask_session":20231114,"ask_sequence":2}]
            """,
            await fixture.TextAsync("/v1/quotes/A"));
    }

    [Fact]
    public async Task Statistics_of_the_day_are_exact()
    {
        await using var fixture = await HttpFixture.WithAsync("A");

        Assert.Equal(
            """{"instrument":"A","date":20231114,"open":"0","high":"0","low":"0","last":"100.25","volume":"10","notional":"1002.5","vwap":"100.25","count":1}""",
            await fixture.TextAsync("/v1/day/A"));
        Assert.Equal("A", (string)(await fixture.JsonAsync("/v1/day?pattern=A"))[0]!["instrument"]!);
    }

    [Fact]
    public async Task An_instrument_that_was_only_defined_has_a_day_of_nothing()
    {
        await using var fixture = await HttpFixture.WithAsync();
        await fixture.PutAsync("/v1/instruments", """[{"symbol":"NEW"}]""");

        Assert.Equal(
            """{"instrument":"NEW","date":null,"open":null,"high":null,"low":null,"last":null,"volume":null,"notional":null,"vwap":null,"count":null}""",
            await fixture.TextAsync("/v1/day/NEW"));
        Assert.Equal("[]", await fixture.TextAsync("/v1/quotes/NEW"));
    }

    [Fact]
    public async Task Quality_has_counts_a_score_and_how_stale_the_instrument_is()
    {
        var time = new ManualTime();
        await using var fixture = await HttpFixture.StartAsync(time: time, symbols: ["A", "B"]);
        var now = UnixNanos.From(time.GetUtcNow());
        var counts = new InstrumentCounts { Accepted = 7, Flagged = 2, Rejected = 1, Duplicate = 5, Late = 2, LastReceived = MarketSeed.Start };
        fixture.Grid.Quality[new InstrumentId(1)] = new InstrumentQuality(new InstrumentId(1), counts, new UnixNanos(now.Value - 1_500_000_001), 3);
        fixture.Grid.Quality[new InstrumentId(2)] = new InstrumentQuality(new InstrumentId(2), new InstrumentCounts { Duplicate = 1, LastReceived = MarketSeed.Start }, null, 0);

        var rows = await fixture.TextAsync("/v1/quality?format=csv");

        Assert.Equal(
            $"""
            instrument,score,accepted,flagged,rejected,duplicate,late,open_gaps,last_event,last_received,staleness
            A,75,7,2,1,5,2,3,{new UnixNanos(now.Value - 1_500_000_001)},2023-11-14T22:13:20.000000001Z,1.500000001
            B,,0,0,0,1,0,0,,2023-11-14T22:13:20.000000001Z,

            """,
            rows);
        Assert.Equal("75", (string)(await fixture.JsonAsync("/v1/quality/A"))["score"]!);
        Assert.Equal("B", (string)Assert.Single((await fixture.JsonAsync("/v1/quality?pattern=B")).AsArray())!["instrument"]!);
    }

    [Fact]
    public async Task Runs_come_with_the_market_they_make()
    {
        await using var fixture = await HttpFixture.WithAsync("BOND");
        var cusip = Cusip.Parse("037833100");
        var e = new MarketEvent
        {
            Kind = EventKind.Run,
            Flags = EventFlags.BidSet | EventFlags.AskCleared,
            Instrument = new InstrumentId(1),
            Source = new SourceId(1),
            EventTime = MarketSeed.Start,
            F0 = Price.Parse("99.5").Raw,
            F1 = Quantity.Of(1000).Raw,
        };
        var detail = new RunDetail(cusip, Price.Parse("120.5").Raw, RunDetail.Absent, Price.Of(5).Raw, RunDetail.Absent, default);
        var bid = new Side(true, e.BidPrice, e.BidSize, e.EventTime, e.Source);
        fixture.Grid.Runs[cusip] = new CusipRuns(cusip, [20231114], new CusipMarket(20231114, bid, default, 1), [new DealerRun(20231114, e, detail)]);

        const string Run = """{"dealer":"S","instrument":"BOND","time":"2023-11-14T22:13:20.000000001Z","bid":"99.5","bid_size":"1000","ask":null,"ask_size":null,"bid_spread":"120.5","ask_spread":null,"bid_yield":"5","ask_yield":null,"benchmark":null}""";
        Assert.Equal(
            $$"""{"cusip":"037833100","date":20231114,"bid":"99.5","bid_size":"1000","bid_dealer":"S","ask":null,"ask_size":null,"ask_dealer":null,"mid":null,"spread":null,"dealers":1,"runs":[{{Run}}]}""",
            await fixture.TextAsync("/v1/runs/037833100?date=2023-11-14"));
        Assert.Equal(Run + "\n", await fixture.TextAsync("/v1/runs/037833100?format=ndjson"));
        await fixture.AssertProblemAsync("/v1/runs/037833100?date=20231113", HttpStatusCode.NotFound, "NotFound", "nothing is kept of CUSIP 037833100 on 20231113; the dates kept are 20231114");
    }

    [Fact]
    public async Task Producers_say_how_far_they_have_come()
    {
        await using var fixture = await HttpFixture.WithAsync("A");

        Assert.Equal(
            """
            [{"name":"seed","epoch":1,"last_batch":1,"durable_batch":1,"lag":0,"connected":false,"connected_since":null,"last_seen":"2023-11-14T22:13:20.000000000Z"}]
            """,
            await fixture.TextAsync("/v1/producers"));
    }

    [Fact]
    public async Task Instruments_are_listed_with_their_definitions()
    {
        await using var fixture = await HttpFixture.WithAsync("A");
        await fixture.PutAsync("/v1/instruments", """[{"symbol":"B","class":"a \"class\", quoted","tick_size":"0.01","valid_from":"2020-01-01"}]""");

        Assert.Equal(
            """
            symbol,defined,class,tick_size,lot_size,currency,calendar,cusip,valid_from,valid_to
            A,false,,,,,,,,
            B,true,"a ""class"", quoted",0.01,0,,,,2020-01-01T00:00:00.000000000Z,

            """,
            await fixture.TextAsync("/v1/instruments?format=csv"));
        Assert.Equal("B", (string)Assert.Single((await fixture.JsonAsync("/v1/instruments?pattern=B*")).AsArray())!["symbol"]!);
    }

    [Theory]
    [InlineData("/v1/bbo/NOPE", HttpStatusCode.NotFound, "InstrumentNotFound", "there is no instrument 'NOPE'")]
    [InlineData("/v1/quotes/NOPE", HttpStatusCode.NotFound, "InstrumentNotFound", "there is no instrument 'NOPE'")]
    [InlineData("/v1/day?instruments=A,NOPE", HttpStatusCode.NotFound, "InstrumentNotFound", "there is no instrument 'NOPE'")]
    [InlineData("/v1/quality/A", HttpStatusCode.NotFound, "InstrumentNotFound", "no event of instrument 'A' ever came")]
    [InlineData("/v1/runs/037833100", HttpStatusCode.NotFound, "NotFound", "no dealer ever showed anything for CUSIP 037833100")]
    [InlineData("/v1/bbo", HttpStatusCode.BadRequest, "BadArgument", "give the argument 'instruments' (symbols with commas) or 'pattern' (* and ? stand for any text and any character)")]
    [InlineData("/v1/bbo/A?format=xml", HttpStatusCode.BadRequest, "BadArgument", "argument 'format' is 'xml'; it must be json, csv or ndjson")]
    [InlineData("/v1/quality?limit=0", HttpStatusCode.BadRequest, "BadArgument", "argument 'limit' is '0'; it must be a whole number from 1 to 1000000")]
    [InlineData("/v1/runs/037833101", HttpStatusCode.BadRequest, "BadArgument", "'037833101' is not a CUSIP: its check digit is '1', but 0 is right")]
    [InlineData("/v1/runs/037833100?date=yesterday", HttpStatusCode.BadRequest, "BadArgument", "argument 'date' is 'yesterday'; it must be a date such as 2013-10-07 or 20131007")]
    public async Task What_cannot_be_answered_is_explained(string path, HttpStatusCode status, string code, string detail)
    {
        await using var fixture = await HttpFixture.WithAsync("A");

        await fixture.AssertProblemAsync(path, status, code, detail);
    }
}
