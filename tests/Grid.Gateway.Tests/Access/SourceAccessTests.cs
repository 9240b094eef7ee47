using System.Net;
using System.Text;
using Grid.Domain;
using Grid.Domain.Feed;
using Grid.Gateway.Access;
using Grid.Gateway.Tests.Feed;
using Grid.Gateway.Tests.Http;

namespace Grid.Gateway.Tests.Access;

/// <summary>Which sources a key writes, on every way in that takes text.</summary>
public sealed class SourceAccessTests : IDisposable
{
    private readonly KeyFolder _keys = new();

    public void Dispose() => _keys.Dispose();

    [Theory]
    [InlineData("/write")]
    [InlineData("/api/v2/write")]
    public async Task Lines_of_other_sources_are_refused_and_the_others_stand(string path)
    {
        var key = await _keys.AddAsync(AccessRole.Feed, r => r with { Sources = ["mine*"] });
        await using var fixture = await GridFixture.StartAsync(gatekeeper: _keys.Gatekeeper);
        var lines = Trade("mine", 1) + Trade("theirs", 2) + Trade("mine2", 3) + Trade(null, 4) + "nonsense\n";

        var (status, body, _) = await PostAsync(fixture, path, lines, null, key);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal(
            $"partial write: line 2: key '{key.Id}' may not write source 'theirs'; it may write mine*; written=2 dropped=3", (string)body!["message"]!);
        Assert.Equal(["Forbidden", "Forbidden", null], body["errors"]!.AsArray().Select(e => (string?)e!["code"]));
        Assert.Equal(["theirs", "ilp"], body["errors"]!.AsArray().Take(2).Select(e => (string?)e!["value"]));
        Assert.Equal(["1", "3"], await fixture.SizesAsync("A"));
        Assert.Equal(-1, fixture.Grid.Names.Sources.Find("theirs"));
    }

    [Fact]
    public async Task What_may_not_be_written_at_all_is_forbidden()
    {
        var key = await _keys.AddAsync(AccessRole.Feed, r => r with { Sources = ["mine"] });
        await using var fixture = await GridFixture.StartAsync(gatekeeper: _keys.Gatekeeper);

        var (status, body, _) = await PostAsync(fixture, "/write?source=theirs", Trade(null, 1), null, key);
        Assert.Equal((HttpStatusCode.Forbidden, "forbidden", 0), (status, (string)body!["code"]!, (int)body["written"]!));
        (status, body, _) = await PostAsync(fixture, "/v1/events", "time,instrument,source,price,size\n1,A,theirs,1,1\n", "text/csv", key);
        Assert.Equal((HttpStatusCode.Forbidden, "Forbidden"), (status, (string)body!["code"]!));
        Assert.Equal($"line 2: key '{key.Id}' may not write source 'theirs'; it may write mine; 1 rows are forbidden, 0 were taken", (string)body["detail"]!);
        Assert.Empty(await fixture.TicksAsync("A"));
    }

    [Theory]
    [InlineData("text/csv", "time,instrument,source,price,size\n1,A,mine,1,1\n2,A,theirs,1,2\n3,A,mine,1,3\n")]
    [InlineData("application/x-ndjson", """
        {"time":1,"instrument":"A","source":"mine","price":1,"size":1}
        {"time":2,"instrument":"A","source":"theirs","price":1,"size":2}
        {"time":3,"instrument":"A","source":"mine","price":1,"size":3}
        """)]
    [InlineData("application/json", """
        [{"time":1,"instrument":"A","source":"mine","price":1,"size":1},{"time":2,"instrument":"A","source":"theirs","price":1,"size":2},{"time":3,"instrument":"A","source":"mine","price":1,"size":3}]
        """)]
    public async Task Events_of_other_sources_are_refused_in_every_format(string type, string text)
    {
        var key = await _keys.AddAsync(AccessRole.Feed, r => r with { Sources = ["mine"] });
        var admin = await _keys.AddAsync(AccessRole.Admin);
        await using var fixture = await GridFixture.StartAsync(gatekeeper: _keys.Gatekeeper);

        var (status, body, _) = await PostAsync(fixture, "/v1/events", text, type, key);
        Assert.Equal((HttpStatusCode.BadRequest, 1, 2), (status, (int)body!["malformed"]!, (int)body["accepted"]!));
        Assert.Equal("Forbidden", (string)body["errors"]![0]!["code"]!);
        Assert.Equal(["1", "3"], await fixture.SizesAsync("A"));

        (status, body, _) = await PostAsync(fixture, "/v1/events", text.Replace("\"A\"", "\"B\"", StringComparison.Ordinal).Replace(",A,", ",B,", StringComparison.Ordinal), type, admin);
        Assert.True(status == HttpStatusCode.OK, body!.ToJsonString());
        Assert.Equal(["1", "2", "3"], await fixture.SizesAsync("B"));
    }

    [Fact]
    public async Task What_one_key_may_write_another_may_not_after_it()
    {
        var first = await _keys.AddAsync(AccessRole.Feed, r => r with { Sources = ["mine"] });
        var second = await _keys.AddAsync(AccessRole.Feed, r => r with { Sources = ["other"] });
        await using var fixture = await GridFixture.StartAsync(o => o.PublishersMax = 1, _keys.Gatekeeper);

        // Both have the server's one feed after each other, which knows the source's name from then on.
        Assert.Equal(HttpStatusCode.NoContent, (await PostAsync(fixture, "/write", Trade("mine", 1), null, first)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await PostAsync(fixture, "/write", Trade("mine", 2), null, second)).Status);

        Assert.Equal(["1"], await fixture.SizesAsync("A"));
    }

    [Fact]
    public async Task Producers_of_the_servers_own_are_no_clients()
    {
        await using var fixture = new FeedServerFixture();
        using var peer = await FeedPeer.ConnectAsync(fixture.EndPoint);

        await peer.SendAsync(new HelloFrame("grid.http.1", ulong.MaxValue, FeedAck.Journaled).ToFrame());

        var error = await peer.ReadErrorAsync();
        Assert.Equal((GridErrorCode.BadName, "producer 'grid.http.1' begins with 'grid.', which is the server's own"), (error.Code, error.Message));
        Assert.Equal(0, fixture.Grid.OpenFeeds);
    }

    private static string Trade(string? source, int size) =>
        $"trade,instrument=A{(source is null ? string.Empty : $",source={source}")} price=1,size={size} {1_714_570_200_000_000_000 + size}\n";

    private static Task<(HttpStatusCode Status, System.Text.Json.Nodes.JsonNode? Body, System.Net.Http.Headers.HttpResponseHeaders Headers)> PostAsync(
        GridFixture fixture, string path, string text, string? type, ApiKey key) =>
        fixture.PostAsync(path, Encoding.UTF8.GetBytes(text), type, headers: ("X-API-Key", key.Text));
}
