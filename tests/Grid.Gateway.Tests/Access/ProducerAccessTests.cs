using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Grid.Gateway.Access;
using Grid.Gateway.Tests.Http;

namespace Grid.Gateway.Tests.Access;

/// <summary>Under which producers' names a key publishes over HTTP; for the feed see <see cref="FeedAccessTests"/>.</summary>
public sealed class ProducerAccessTests : IDisposable
{
    private const string Line = "trade,instrument=A,source=mine price=1,size=1i 1714570200000000000\n";
    private const string Row = """{"time":1,"instrument":"A","source":"mine","price":1,"size":1}""";

    private readonly KeyFolder _keys = new();

    public void Dispose() => _keys.Dispose();

    [Theory]
    [InlineData("/write", Line, null)]
    [InlineData("/api/v2/write", Line, null)]
    [InlineData("/v1/events", Row, "application/x-ndjson")]
    public async Task A_request_that_names_another_producer_is_refused_whole(string path, string text, string? type)
    {
        var key = await _keys.AddAsync(AccessRole.Feed, r => r with { Sources = ["*"], Producers = ["plant-*"] });
        await using var fixture = await GridFixture.StartAsync(gatekeeper: _keys.Gatekeeper);

        var (status, body) = await PostAsync(fixture, path, text, type, key, "mine");

        Assert.Equal(HttpStatusCode.Forbidden, status);
        Assert.Equal($"key '{key.Id}' may not feed as producer 'mine'; it may as plant-*", (string?)(body!["detail"] ?? body["message"]));
        Assert.Empty(await fixture.TicksAsync("A"));
        Assert.DoesNotContain(await fixture.Grid.GetProducersAsync(TestContext.Current.CancellationToken), p => p.Name == "mine");
    }

    [Theory]
    [InlineData("/write", Line, null)]
    [InlineData("/v1/events", Row, "application/x-ndjson")]
    public async Task A_request_that_names_one_of_its_producers_or_none_is_taken(string path, string text, string? type)
    {
        var key = await _keys.AddAsync(AccessRole.Feed, r => r with { Sources = ["*"], Producers = ["plant-*"] });
        await using var fixture = await GridFixture.StartAsync(gatekeeper: _keys.Gatekeeper);

        foreach (var producer in (string?[])["plant-1", null])
        {
            var (status, body) = await PostAsync(fixture, path, text, type, key, producer);
            Assert.True(status is HttpStatusCode.OK or HttpStatusCode.NoContent, body?.ToJsonString());
        }

        Assert.Contains(await fixture.Grid.GetProducersAsync(TestContext.Current.CancellationToken), p => p.Name == "plant-1");
    }

    [Theory]
    [InlineData(AccessRole.Feed)]
    [InlineData(AccessRole.Admin)]
    public async Task A_key_without_that_limit_names_any(object role)
    {
        var key = await _keys.AddAsync((AccessRole)role, r => r with { Sources = r.Role == AccessRole.Feed ? ["*"] : [] });
        await using var fixture = await GridFixture.StartAsync(gatekeeper: _keys.Gatekeeper);

        Assert.Equal(HttpStatusCode.NoContent, (await PostAsync(fixture, "/write", Line, null, key, "whoever")).Status);
    }

    private static async Task<(HttpStatusCode Status, JsonNode? Body)> PostAsync(GridFixture fixture, string path, string text, string? type, ApiKey key, string? producer)
    {
        (string Name, string Value)[] headers = [("X-API-Key", key.Text), .. producer is null ? [] : new[] { ("Grid-Producer", producer), ("Grid-Epoch", "1"), ("Grid-Batch", "1") }];
        var (status, body, _) = await fixture.PostAsync(path, Encoding.UTF8.GetBytes(text), type, headers: headers);
        return (status, body);
    }
}
