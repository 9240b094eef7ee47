using System.Net;
using System.Net.WebSockets;
using Grid.Gateway.Access;
using Grid.Gateway.Tests.Streams;
using static Grid.Testing.TestMarket;

namespace Grid.Gateway.Tests.Access;

public sealed class StreamAccessTests : IDisposable
{
    private readonly KeyFolder _keys = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _keys.Dispose();

    [Fact]
    public async Task A_page_brings_its_key_as_a_subprotocol_and_is_answered_the_other()
    {
        var key = await _keys.AddAsync(AccessRole.Read);
        await using var fixture = await StartAsync();
        using var peer = new StreamPeer();
        peer.Socket.Options.AddSubProtocol("grid");
        peer.Socket.Options.AddSubProtocol(key.Text);

        await peer.Socket.ConnectAsync(new Uri($"ws://{fixture.EndPoint}/v1/stream"), Cancel);

        Assert.Equal("grid", peer.Socket.SubProtocol);
        Assert.Equal("latest", (string)(await LatestAsync(peer))!);
    }

    [Fact]
    public async Task Nobody_subscribes_without_a_key_that_may()
    {
        var feed = await _keys.AddAsync(AccessRole.Feed);
        await using var fixture = await StartAsync();

        foreach (var (key, status) in new[] { (null, HttpStatusCode.Unauthorized), ("letmein", HttpStatusCode.Unauthorized), (feed.Text, HttpStatusCode.Forbidden) })
        {
            using var socket = new ClientWebSocket();
            socket.Options.CollectHttpResponseDetails = true;
            socket.Options.SetRequestHeader("X-API-Key", key);
            await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(new Uri($"ws://{fixture.EndPoint}/v1/stream"), Cancel));
            Assert.Equal(status, socket.HttpStatusCode);

            using var http = new HttpClient();
            using var request = Events(fixture, key);
            using var response = await http.SendAsync(request, Cancel);
            Assert.Equal(status, response.StatusCode);
        }
    }

    [Theory]
    [InlineData("/v1/stream")]
    [InlineData("/v1/stream/")]
    [InlineData("/V1/Stream")]
    public async Task A_WebSocket_whose_key_is_revoked_is_told_why_and_closed_and_others_are_not(string path)
    {
        var key = await _keys.AddAsync(AccessRole.Read);
        var kept = await _keys.AddAsync(AccessRole.Read);
        await using var fixture = await StartAsync();
        using var peer = await ConnectAsync(fixture, key, path);
        using var other = await ConnectAsync(fixture, kept);
        await LatestAsync(peer);
        await LatestAsync(other);

        await _keys.RevokeAsync(key);
        _keys.Pass();

        var last = (await peer.ReadToEndAsync())[^1];
        Assert.Equal(("error", "Unauthorized", $"key '{key.Id}' was revoked", false), ((string)last["type"]!, (string)last["code"]!, (string)last["detail"]!, (bool)last["retry"]!));
        Assert.Equal(WebSocketCloseStatus.PolicyViolation, peer.CloseStatus);
        await fixture.SendAsync(Trade(2, "10:00:01", "11"));
        Assert.Equal(2, (int)(await other.NextAsync("latest"))["version"]!);
    }

    [Fact]
    public async Task Events_whose_key_expires_are_told_why_and_end()
    {
        var key = await _keys.AddAsync(AccessRole.Read, r => r with { Expires = r.Created.AddSeconds(10) });
        await using var fixture = await StartAsync();
        using var http = new HttpClient();
        using var request = Events(fixture, key.Text);
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);

        _keys.Time.Advance(TimeSpan.FromSeconds(10));

        var all = await response.Content.ReadAsStringAsync(Cancel);
        Assert.Contains(
            $$"""
            event: error
            data: {"type":"error","code":"Unauthorized","detail":"key '{{key.Id}}' expired","retry":false}
            """.ReplaceLineEndings("\n"),
            all.Replace("\\u0027", "'", StringComparison.Ordinal),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_first_key_ends_what_was_open_without_one()
    {
        await using var fixture = await StartAsync();
        using var peer = await fixture.ConnectAsync();

        await _keys.AddAsync(AccessRole.Feed);
        _keys.Pass();

        Assert.Equal("this server asks for a key from now on", (string)(await peer.ReadToEndAsync())[^1]["detail"]!);
    }

    private async Task<StreamFixture> StartAsync()
    {
        var fixture = await StreamFixture.StartAsync(gatekeeper: _keys.Gatekeeper);
        await fixture.SendAsync(Trade(1, "10:00:00", "10"));
        return fixture;
    }

    private static async Task<StreamPeer> ConnectAsync(StreamFixture fixture, ApiKey key, string path = "/v1/stream")
    {
        var peer = new StreamPeer();
        peer.Socket.Options.SetRequestHeader("Authorization", $"Bearer {key.Text}");
        await peer.Socket.ConnectAsync(new Uri($"ws://{fixture.EndPoint}{path}"), Cancel);
        return peer;
    }

    private static async Task<string?> LatestAsync(StreamPeer peer)
    {
        await peer.SubscribeAsync("\"instruments\":[\"AAPL\"]");
        return (string?)(await peer.NextAsync("latest"))["type"];
    }

    private static HttpRequestMessage Events(StreamFixture fixture, string? key)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, $"http://{fixture.EndPoint}/v1/stream?instruments=AAPL");
        request.Headers.Add("X-API-Key", key);
        return request;
    }
}
