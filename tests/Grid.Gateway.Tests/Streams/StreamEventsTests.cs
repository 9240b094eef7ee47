using System.Net;
using System.Text.Json.Nodes;
using static Grid.Testing.TestMarket;

namespace Grid.Gateway.Tests.Streams;

public sealed class StreamEventsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Events_tell_the_same_as_messages()
    {
        await using var fixture = await StreamFixture.StartAsync();
        await fixture.SendAsync(Trade(1, "10:00:00", "10"));
        using var events = await EventStream.OpenAsync(fixture, "instruments=AAPL,ZZZ&kinds=trades,latest");
        var (type, data, _) = await events.NextAsync();
        Assert.Equal(("subscribed", """{"type":"subscribed","instruments":1,"waiting":["ZZZ"]}"""), (type, data.ToJsonString()));
        (type, data, var id) = await events.NextAsync();
        Assert.Equal(("latest", 1, true), (type, (int)data["version"]!, (bool)data["snapshot"]!));
        Assert.Equal($"{fixture.Grid.Run} AAPL:1", id);
        await fixture.SendAsync(Trade(2, "10:00:01", "11"));
        (type, data, id) = await events.NextAsync();
        Assert.Equal(("trade", "11", $"{fixture.Grid.Run} AAPL:2"), (type, (string)data["price"]!, id));
    }

    [Fact]
    public async Task Browser_that_connects_again_goes_on_after_the_last_event()
    {
        await using var fixture = await StreamFixture.StartAsync();
        await fixture.SendAsync(Trade(1, "10:00:00", "10"), Trade(1, "10:00:00", "20", instrument: Msft));
        string last;
        using (var events = await EventStream.OpenAsync(fixture, "patterns=*&kinds=trades"))
        {
            await events.NextAsync();
            await events.NextAsync();
            last = (await events.NextAsync()).Id;
        }

        await fixture.SendAsync(Trade(2, "10:00:01", "11"), Trade(3, "10:00:01", "12"));
        using (var again = await EventStream.OpenAsync(fixture, "patterns=*&kinds=trades", last))
        {
            Assert.True((bool)(await again.NextAsync()).Data["resumed"]!);
            Assert.Equal(2, (int)(await again.NextAsync()).Data["version"]!);
            Assert.Equal(3, (int)(await again.NextAsync()).Data["version"]!);
        }

        await fixture.RestartAsync();
        using var otherRun = await EventStream.OpenAsync(fixture, "patterns=*&kinds=trades", last);
        Assert.Null((await otherRun.NextAsync()).Data["resumed"]);
        Assert.True((bool)(await otherRun.NextAsync()).Data["snapshot"]!);
    }

    [Fact]
    public async Task Stopping_server_ends_the_stream()
    {
        await using var fixture = await StreamFixture.StartAsync();
        using var events = await EventStream.OpenAsync(fixture, "patterns=*");
        await events.NextAsync();
        var stopping = fixture.StopServerAsync();
        Assert.True(await events.IsAtEndAsync());
        await stopping;
    }

    [Theory]
    [InlineData("", "nothing is asked for: give instruments, patterns or cusips")]
    [InlineData("instruments=AAPL&kinds=all", "'kinds' is 'all'; it must be some of trades, quotes, bars and latest")]
    [InlineData("instruments=AAPL&interval=soon", "'interval' is 'soon'; it must be a whole number of milliseconds")]
    [InlineData("instruments=AAPL&slow=never", "'slow' is 'never'; it must be conflate or close")]
    public async Task What_is_refused_is_problem_details(string arguments, string detail)
    {
        await using var fixture = await StreamFixture.StartAsync();
        using var http = new HttpClient();
        using var response = await http.GetAsync(new Uri($"http://{fixture.EndPoint}/v1/stream?{arguments}"), TestContext.Current.CancellationToken);
        await Http.HttpFixture.AssertProblemAsync(response, HttpStatusCode.BadRequest, "BadArgument", detail);
    }

    [Fact]
    public async Task Quiet_stream_is_kept_alive()
    {
        await using var fixture = await StreamFixture.StartAsync(o => o.Stream.KeepAlive = TimeSpan.FromMilliseconds(100));
        using var events = await EventStream.OpenAsync(fixture, "patterns=*");
        await events.NextAsync();
        Assert.Equal(":", await events.LineAsync());
    }

    private sealed class EventStream(HttpClient http, StreamReader reader) : IDisposable
    {
        private readonly CancellationTokenSource _patience = new(Patience);

        public static async Task<EventStream> OpenAsync(StreamFixture fixture, string arguments, string? lastEventId = null)
        {
            var http = new HttpClient();
            using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{fixture.EndPoint}/v1/stream?{arguments}");
            request.Headers.Accept.ParseAdd("text/event-stream");
            if (lastEventId is not null)
            {
                request.Headers.Add("Last-Event-ID", lastEventId);
            }

            var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
            Assert.Equal((HttpStatusCode.OK, "text/event-stream"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
            return new EventStream(http, new StreamReader(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken)));
        }

        public Task<string?> LineAsync() => reader.ReadLineAsync(_patience.Token).AsTask();

        // The next event but those that say how far the disk is.
        public async Task<(string Type, JsonNode Data, string Id)> NextAsync()
        {
            while (true)
            {
                string type = "", data = "", id = "";
                while (await LineAsync() is { Length: > 0 } line)
                {
                    var (name, value) = (line[..line.IndexOf(':')], line[(line.IndexOf(':') + 1)..].Trim());
                    (type, data, id) = name switch
                    {
                        "event" => (value, data, id),
                        "data" => (type, value, id),
                        "id" => (type, data, value),
                        _ => (type, data, id),
                    };
                }

                if (data.Length > 0 && type != "flushed")
                {
                    return (type, JsonNode.Parse(data)!, id);
                }
            }
        }

        public async Task<bool> IsAtEndAsync()
        {
            while (await LineAsync() is not null)
            {
                // What was still to be told.
            }

            return true;
        }

        public void Dispose()
        {
            reader.Dispose();
            http.Dispose();
            _patience.Dispose();
        }
    }
}
