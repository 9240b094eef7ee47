using System.Net.WebSockets;
using System.Text.Json.Nodes;
using Grid.Domain.Events;
using static Grid.Testing.TestMarket;

namespace Grid.Gateway.Tests.Streams;

public sealed class StreamSocketTests
{
    [Fact]
    public async Task Latest_has_the_fields_of_the_query()
    {
        await using var fixture = await StreamFixture.StartAsync();
        await fixture.SendAsync(Trade(1, "10:00:00", "10"), Quote(2, "10:00:01", "9.5", "10.5"));
        using var peer = await fixture.ConnectAsync();
        var answer = await peer.SubscribeAsync("\"instruments\":[\"AAPL\"]");
        Assert.Equal("""{"type":"subscribed","id":1,"instruments":1,"waiting":[]}""", answer.ToJsonString());
        var latest = await peer.NextAsync("latest");
        using var http = new HttpClient();
        var asked = JsonNode.Parse(await http.GetStringAsync(new Uri($"http://{fixture.EndPoint}/v1/latest/AAPL"), TestContext.Current.CancellationToken))!;
        foreach (var (name, value) in asked.AsObject())
        {
            Assert.Equal(value?.ToJsonString(), latest[name]?.ToJsonString());
        }

        Assert.Equal((1, 2, true), ((int)latest["id"]!, (int)latest["version"]!, (bool)latest["snapshot"]!));
        await fixture.SendAsync(Trade(3, "10:00:02", "11"));
        var next = await peer.NextAsync("latest");
        Assert.Equal(("11", 3, null), ((string)next["price"]!, (int)next["version"]!, next["snapshot"]));
    }

    [Fact]
    public async Task Each_kind_of_tick_has_its_fields()
    {
        await using var fixture = await StreamFixture.StartAsync();
        await fixture.SendAsync(Trade(1, "10:00:00", "10"));
        using var peer = await fixture.ConnectAsync();
        await peer.SubscribeAsync("\"instruments\":[\"AAPL\"],\"kinds\":[\"trades\",\"quotes\"]");
        await peer.NextAsync("latest");
        await fixture.SendAsync(
            Trade(2, "10:00:01", "10.5", "3"), Quote(3, "10:00:02", "9", null), Quote(4, "10:00:03", "", "11"), Correct(5, "10:00:04", amends: 2, "10.25"), Cancel(6, "10:00:05", amends: 1),
            Trade(7, "10:00:06", "99"));
        string[] expected =
        [
            """{"type":"trade","id":1,"instrument":"AAPL","time":"2024-03-01T10:00:01.000000000Z","source":"by-sequence","channel":"","session":0,"sequence":2,"venue":"","conditions":0,"price":"10.5","size":"3","received":"2024-03-02T00:00:00.000000000Z","version":2}""",
            """{"type":"quote","id":1,"instrument":"AAPL","time":"2024-03-01T10:00:02.000000000Z","source":"by-sequence","channel":"","session":0,"sequence":3,"venue":"","conditions":0,"bid":"9","bid_size":"1","received":"2024-03-02T00:00:00.000000000Z","version":3}""",
            """{"type":"quote","id":1,"instrument":"AAPL","time":"2024-03-01T10:00:03.000000000Z","source":"by-sequence","channel":"","session":0,"sequence":4,"venue":"","conditions":0,"bid":"cleared","ask":"11","ask_size":"1","received":"2024-03-02T00:00:00.000000000Z","version":4}""",
            """{"type":"correct","id":1,"instrument":"AAPL","time":"2024-03-01T10:00:04.000000000Z","source":"by-sequence","channel":"","session":0,"sequence":5,"venue":"","conditions":0,"price":"10.25","size":"1","amends":2,"received":"2024-03-02T00:00:00.000000000Z","version":5}""",
            """{"type":"cancel","id":1,"instrument":"AAPL","time":"2024-03-01T10:00:05.000000000Z","source":"by-sequence","channel":"","session":0,"sequence":6,"venue":"","conditions":0,"amends":1,"received":"2024-03-02T00:00:00.000000000Z","version":6}""",
            """{"type":"trade","id":1,"instrument":"AAPL","time":"2024-03-01T10:00:06.000000000Z","source":"by-sequence","channel":"","session":0,"sequence":7,"venue":"","conditions":0,"price":"99","size":"1","reason":"PriceBand","received":"2024-03-02T00:00:00.000000000Z","version":7}""",
        ];
        foreach (var line in expected)
        {
            var tick = (await peer.NextAsync("trade", "quote", "correct", "cancel")).AsObject();
            tick.Remove("frame");
            Assert.Equal(line, tick.ToJsonString());
        }
    }

    [Fact]
    public async Task Bars_and_markets_of_CUSIPs_have_their_fields()
    {
        await using var fixture = await StreamFixture.StartAsync();
        using var peer = await fixture.ConnectAsync();
        await peer.SubscribeAsync("\"patterns\":[\"A*\"],\"cusips\":[\"037833100\"],\"kinds\":[\"bars\"]");
        await fixture.SendAsync(Trade(1, "10:00:00", "10", "2"));
        Assert.Equal(
            """{"type":"bar","id":1,"instrument":"AAPL","interval":"1m","closed":false,"time":"2024-03-01T10:00:00.000000000Z","open":"10","high":"10","low":"10","close":"10","volume":"2","vwap":"10","count":1,"bid":null,"bid_size":null,"ask":null,"ask_size":null,"version":1}""",
            WithoutFrame(await peer.NextAsync("bar")));
        await fixture.SendAsync(Trade(2, "10:01:00", "11"));
        Assert.True((bool)(await peer.NextAsync("bar"))["closed"]!);
        var quote = Quote(3, "10:00:00", "99", "101.5", BySequence, Bond);
        await fixture.SendAsync(quote with
        {
            Event = quote.Event with { Kind = EventKind.Run }, Run = new(Domain.Cusips.Cusip.Parse("037833100"), 100, 90, 1, 2, default),
        });
        Assert.Equal(
            """{"type":"cusip","id":1,"cusip":"037833100","date":20240301,"bid":"99","bid_size":"1","bid_source":"by-sequence","ask":"101.5","ask_size":"1","ask_source":"by-sequence","mid":"100.25","spread":"2.5","dealers":1,"version":1}""",
            WithoutFrame(await peer.NextAsync("cusip")));
    }

    [Fact]
    public async Task Client_is_told_when_what_it_saw_is_durable()
    {
        await using var fixture = await StreamFixture.StartAsync();
        using var peer = await fixture.ConnectAsync();
        await peer.SubscribeAsync("\"instruments\":[\"AAPL\"]");
        await fixture.SendAsync(Trade(1, "10:00:00", "10"));
        var frame = (ulong)(await peer.NextAsync("latest"))["frame"]!;
        Assert.True((ulong)(await peer.NextAsync("flushed"))["frame"]! >= frame);
    }

    [Fact]
    public async Task No_update_follows_the_answer_to_unsubscribe()
    {
        await using var fixture = await StreamFixture.StartAsync();
        using var peer = await fixture.ConnectAsync();
        await peer.SubscribeAsync("\"instruments\":[\"AAPL\"]");
        await peer.SubscribeAsync("\"instruments\":[\"MSFT\"]", id: 2);
        await fixture.SendAsync(Trade(1, "10:00:00", "10"));
        await peer.NextAsync("latest");
        await peer.SendAsync("""{"op":"unsubscribe","id":1}""");
        Assert.Equal(1, (int)(await peer.NextAsync("unsubscribed"))["id"]!);
        await fixture.SendAsync(Trade(2, "10:00:00", "10"), Trade(1, "10:00:00", "10", instrument: Msft));
        Assert.Equal("MSFT", (string)(await peer.NextAsync("latest"))["instrument"]!);
        await peer.SendAsync("""{"op":"unsubscribe","id":1}""");
        Assert.Equal("there is no subscription 1", (string)(await peer.NextAsync("error"))["detail"]!);
        await peer.SubscribeAsync("\"instruments\":[\"AAPL\"]");
        Assert.Equal(2, (int)(await peer.NextAsync("latest"))["version"]!);
    }

    [Theory]
    [InlineData("{", "Malformed", "the message is no JSON: ")]
    [InlineData("[]", "Malformed", "a message must be a JSON object, not Array")]
    [InlineData("{}", "BadArgument", "'op' is missing")]
    [InlineData("""{"op":7}""", "BadArgument", "'op' is '7'; it must be a text")]
    [InlineData("""{"op":"buy"}""", "BadArgument", "'op' is 'buy'; it must be subscribe, unsubscribe or ping")]
    [InlineData("""{"op":"subscribe","instruments":["A"]}""", "BadArgument", "'id' is missing; it must be a number that the connection does not use yet")]
    [InlineData("""{"op":"subscribe","id":-1}""", "BadArgument", "'id' is '-1'; it must be a whole number from 0 to 9007199254740992")]
    [InlineData("""{"op":"subscribe","id":1}""", "BadArgument", "nothing is asked for: give instruments, patterns or cusips")]
    [InlineData("""{"op":"subscribe","id":1,"instruments":"A"}""", "BadArgument", "'instruments' is '\"A\"'; it must be an array of texts")]
    [InlineData("""{"op":"subscribe","id":1,"instruments":["A B"]}""", "BadName", "instrument: name 'A B' has byte 0x20 at position 1")]
    [InlineData("""{"op":"subscribe","id":1,"patterns":["*é"]}""", "BadName", "pattern: name ")]
    [InlineData("""{"op":"subscribe","id":1,"cusips":["037833101"]}""", "BadArgument", "cusips: '037833101' is not a CUSIP: its check digit is '1', but 0 is right")]
    [InlineData("""{"op":"subscribe","id":1,"patterns":["*"],"kinds":["news"]}""", "BadArgument", "'kinds' is 'news'; it must be some of trades, quotes, bars and latest")]
    [InlineData("""{"op":"subscribe","id":1,"patterns":["*"],"slow":"wait"}""", "BadArgument", "'slow' is 'wait'; it must be conflate or close")]
    [InlineData("""{"op":"subscribe","id":1,"patterns":["*"],"interval":600001}""", "BadArgument", "'interval' is '600001'; it must be milliseconds from 0 to 600000")]
    [InlineData("""{"op":"subscribe","id":1,"patterns":["*"],"from":{"A":-1}}""", "BadArgument", "'from.A' is '-1'; it must be a whole number from 0 to 18446744073709551615")]
    [InlineData("""{"op":"subscribe","id":1,"pattern":["*"]}""", "BadArgument", "'pattern' is not known; a subscription has op, id, instruments, patterns, cusips, kinds, slow, interval and from")]
    [InlineData("""{"op":"subscribe","id":1,"patterns":["*","*","*","*"]}""", "TooLarge", "4 names are given; 3 are allowed (option Stream:NamesMax); a pattern counts as one")]
    public async Task What_is_refused_is_named_and_the_connection_goes_on(string message, string code, string detail)
    {
        await using var fixture = await StreamFixture.StartAsync(o => o.Stream.NamesMax = 3);
        using var peer = await fixture.ConnectAsync();
        await peer.SendAsync(message);
        var error = await peer.NextAsync("error");
        Assert.Equal(code, (string)error["code"]!);
        Assert.StartsWith(detail, (string)error["detail"]!, StringComparison.Ordinal);
        await peer.SendAsync("""{"op":"ping"}""");
        await peer.NextAsync("pong");
    }

    [Fact]
    public async Task Subscriptions_of_a_connection_are_limited()
    {
        await using var fixture = await StreamFixture.StartAsync(o => o.Stream.SubscriptionsMax = 2);
        using var peer = await fixture.ConnectAsync();
        await peer.SubscribeAsync("\"patterns\":[\"*\"]");
        Assert.Equal("subscription 1 exists already", (string)(await peer.SubscribeAsync("\"patterns\":[\"*\"]"))["detail"]!);
        await peer.SubscribeAsync("\"patterns\":[\"*\"]", id: 2);
        Assert.Equal(
            "the connection has 2 subscriptions, which is the limit (option Stream:SubscriptionsMax)", (string)(await peer.SubscribeAsync("\"patterns\":[\"*\"]", id: 3))["detail"]!);
    }

    [Fact]
    public async Task Connections_are_limited()
    {
        await using var fixture = await StreamFixture.StartAsync(o => o.Stream.ConnectionsMax = 1);
        using (await fixture.ConnectAsync())
        {
            using var second = new ClientWebSocket();
            second.Options.CollectHttpResponseDetails = true;
            await Assert.ThrowsAsync<WebSocketException>(() => second.ConnectAsync(new Uri($"ws://{fixture.EndPoint}/v1/stream"), TestContext.Current.CancellationToken));
            Assert.Equal(System.Net.HttpStatusCode.TooManyRequests, second.HttpStatusCode);
        }
    }

    [Fact]
    public async Task Message_that_is_too_long_binary_or_no_UTF8_ends_the_connection()
    {
        await using var fixture = await StreamFixture.StartAsync(o => o.Stream.MessageBytesMax = 2_000);
        using var tooLong = await fixture.ConnectAsync();
        await tooLong.SendAsync(new string(' ', 2_001));
        Assert.Equal("a message has more than 2000 bytes, which is the limit (option Stream:MessageBytesMax)", (string)Assert.Single(await tooLong.ReadToEndAsync())["detail"]!);
        Assert.Equal(WebSocketCloseStatus.MessageTooBig, tooLong.CloseStatus);

        using var binary = await fixture.ConnectAsync();
        await binary.SendAsync([1, 2], WebSocketMessageType.Binary);
        Assert.Equal("a message is binary; messages are JSON as text", (string)Assert.Single(await binary.ReadToEndAsync())["detail"]!);
        Assert.Equal(WebSocketCloseStatus.InvalidMessageType, binary.CloseStatus);

        using var noText = await fixture.ConnectAsync();
        await noText.SendAsync([0xC3, 0x28], WebSocketMessageType.Text);
        Assert.Empty(await noText.ReadToEndAsync());
        Assert.Equal(WebSocketCloseStatus.InvalidPayloadData, noText.CloseStatus);
    }

    [Fact]
    public async Task Server_that_stops_says_so_and_that_all_it_told_is_durable()
    {
        await using var fixture = await StreamFixture.StartAsync();
        using var peer = await fixture.ConnectAsync();
        await peer.SubscribeAsync("\"patterns\":[\"*\"]");
        await fixture.SendAsync(Trade(1, "10:00:00", "10"));
        var told = await peer.NextAsync("latest");
        var stopping = fixture.StopServerAsync();
        var last = await peer.ReadToEndAsync();
        await stopping;
        Assert.Equal(("error", "Stopping", true), ((string)last[^1]["type"]!, (string)last[^1]["code"]!, (bool)last[^1]["retry"]!));
        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, peer.CloseStatus);
        Assert.True((ulong)told["frame"]! <= fixture.Grid.FlushedFrame);
    }

    [Fact]
    public async Task Page_of_another_host_may_not_subscribe()
    {
        await using var fixture = await StreamFixture.StartAsync();
        using var page = new ClientWebSocket();
        page.Options.SetRequestHeader("Origin", "http://evil.example");
        await Assert.ThrowsAsync<WebSocketException>(() => page.ConnectAsync(new Uri($"ws://{fixture.EndPoint}/v1/stream"), TestContext.Current.CancellationToken));
        using var own = new ClientWebSocket();
        own.Options.SetRequestHeader("Origin", $"http://{fixture.EndPoint}");
        await own.ConnectAsync(new Uri($"ws://{fixture.EndPoint}/v1/stream"), TestContext.Current.CancellationToken);
    }

    private static string WithoutFrame(JsonNode update)
    {
        update.AsObject().Remove("frame");
        return update.ToJsonString();
    }
}
