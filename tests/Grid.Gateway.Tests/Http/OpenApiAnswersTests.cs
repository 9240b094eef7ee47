using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Grid.Gateway.Http.OpenApi;
using Grid.Gateway.Tests.Streams;
using static Grid.Gateway.Tests.Http.DescribedApi;
using static Grid.Testing.TestMarket;

namespace Grid.Gateway.Tests.Http;

public sealed class OpenApiAnswersTests
{
    [Fact]
    public async Task Every_route_answers_as_its_description_says()
    {
        await using var fixture = await WithAllAsync();
        var document = await fixture.JsonAsync(OpenApiDocument.Path);
        foreach (var (path, methods) in document["paths"]!.AsObject())
        {
            // A stream does not end, and what publishes has tests of its own below.
            if (methods!["get"] is not { } operation || operation["x-websocket"] is not null)
            {
                continue;
            }

            var asked = path.Replace("{symbol}", "A", StringComparison.Ordinal).Replace("{cusip}", "037833100", StringComparison.Ordinal);
            asked += Arguments(operation).Contains("instruments") ? "?pattern=*" : string.Empty;
            using var response = await fixture.GetAsync(asked);
            var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

            Assert.True(response.IsSuccessStatusCode, $"{asked}: {text}");
            var described = operation["responses"]![$"{(int)response.StatusCode}"]!;
            AssertHasHeaders(described, response, asked);
            if (response.StatusCode == HttpStatusCode.NoContent)
            {
                continue;
            }

            var content = described["content"]!.AsObject();
            Assert.True(content.ContainsKey(response.Content.Headers.ContentType!.MediaType!), $"{asked}: {response.Content.Headers.ContentType}");
            if (content["application/json"] is { } json)
            {
                AssertFits(json["schema"]!, JsonNode.Parse(text), asked);
                AssertFits(json["schema"]!, json["example"], asked);
            }
        }
    }

    [Fact]
    public async Task Every_example_of_a_body_is_taken_and_answered_as_described()
    {
        await using var fixture = await GridFixture.StartAsync();
        var document = JsonNode.Parse(await fixture.Client.GetStringAsync(OpenApiDocument.Path, TestContext.Current.CancellationToken))!;
        var taken = 0;
        foreach (var (path, method, operation) in Operations(document).Where(o => o.Operation["requestBody"] is not null))
        {
            foreach (var (type, body) in operation["requestBody"]!["content"]!.AsObject())
            {
                var place = $"{method} {path} {type}";
                var example = body!["example"]!;
                using var request = new HttpRequestMessage(HttpMethod.Parse(method), path)
                {
                    Content = new StringContent(example is JsonValue ? (string)example! : example.ToJsonString(), Encoding.UTF8, type),
                };
                using var response = await fixture.Client.SendAsync(request, TestContext.Current.CancellationToken);
                var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

                Assert.True(response.IsSuccessStatusCode, $"{place}: {text}");
                var described = operation["responses"]![$"{(int)response.StatusCode}"]!;
                AssertHasHeaders(described, response, place);
                if (described["content"] is { } content)
                {
                    AssertFits(content["application/json"]!["schema"]!, JsonNode.Parse(text), place);
                }

                taken++;
            }
        }

        Assert.Equal(6, taken);
    }

    [Theory]
    [InlineData("/v1/events", "application/x-ndjson", "{\"time\":\"soon\"}\n{\"time\":1,\"instrument\":\"A\",\"price\":1,\"size\":1}", 400)]
    [InlineData("/v1/events", "text/html", "", 415)]
    [InlineData("/v1/events?policy=maybe", "application/json", "[]", 400)]
    [InlineData("/write", "text/plain", "trade,instrument=A price=1,size=1i 1\ntrade,instrument=A price=x,size=1i 1", 400)]
    [InlineData("/api/v2/write?precision=days", "text/plain", "", 400)]
    public async Task What_a_body_is_refused_with_is_as_described(string target, string type, string body, int status)
    {
        await using var fixture = await GridFixture.StartAsync();
        using var content = new StringContent(body, Encoding.UTF8, type);

        using var response = await fixture.Client.PostAsync(target, content, TestContext.Current.CancellationToken);

        Assert.Equal(status, (int)response.StatusCode);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var document = Document();
        var described = document["paths"]![target.Split('?')[0]]!["post"]!["responses"]![$"{status}"]!["content"]!.AsObject();
        var schema = described[response.Content.Headers.ContentType!.MediaType!]!["schema"]!;
        foreach (var part in schema["allOf"]?.AsArray() ?? [])
        {
            AssertFits(Resolve(document, part!), JsonNode.Parse(text), target, isOpen: true);
        }

        if (schema["allOf"] is null)
        {
            AssertFits(Resolve(document, schema), JsonNode.Parse(text), target);
        }
    }

    [Fact]
    public async Task Every_message_of_a_subscription_is_as_described()
    {
        await using var fixture = await StreamFixture.StartAsync();
        await fixture.SendAsync(Trade(1, "10:00:00", "10"), Quote(2, "10:00:01", "9", "11"));
        using var peer = new StreamPeer();
        await peer.Socket.ConnectAsync(new Uri($"ws://{fixture.EndPoint}/v1/stream"), TestContext.Current.CancellationToken);
        await peer.SendAsync("""{"op":"subscribe","id":1,"instruments":["AAPL"],"kinds":["trades","quotes","bars"],"from":{"AAPL":1}}""");
        await peer.SendAsync("""{"op":"subscribe","id":2,"instruments":["AAPL"]}""");
        await peer.SendAsync("""{"op":"ping"}""");
        await peer.SendAsync("""{"op":"dance"}""");
        await fixture.SendAsync(Trade(3, "10:00:02", "10.5"), Correct(4, "10:00:04", amends: 3, "10.25"), Cancel(5, "10:00:05", amends: 1));

        var document = Document();
        var schemas = document["components"]!["schemas"]!.AsObject();
        var missing = new HashSet<string> { "hello", "subscribed", "latest", "trade", "quote", "bar", "correct", "cancel", "flushed", "pong", "error", "unsubscribed" };
        while (missing.Count > 0)
        {
            var message = await peer.NextAsync();
            var type = (string)message["type"]!;
            var schema = Assert.Single(schemas, s => s.Key.StartsWith("Stream", StringComparison.Ordinal) && s.Value!["properties"]?["type"]?["enum"]?.AsArray().Any(t => (string)t! == type) == true);
            AssertFits(schema.Value!, message, type);
            missing.Remove(type);
            if (type == "latest" && missing.Contains("unsubscribed"))
            {
                await peer.SendAsync("""{"op":"unsubscribe","id":2}""");
            }
        }

        Assert.All(schemas, s => Assert.True(s.Value!["oneOf"] is null || s.Value["oneOf"]!.AsArray().All(r => Resolve(document, r!) is JsonObject)));
    }
}
