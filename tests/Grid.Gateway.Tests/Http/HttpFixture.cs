using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Grid.Gateway.Access;
using Grid.Gateway.Http;
using Grid.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Grid.Gateway.Tests.Http;

/// <summary>An HTTP server on a free port with a recording grid behind it.</summary>
internal sealed class HttpFixture : IAsyncDisposable
{
    private readonly GatewayServer _server;

    private HttpFixture(RecordingGrid grid, GatewayServer server)
    {
        Grid = grid;
        _server = server;
        Client = new HttpClient { BaseAddress = new Uri($"http://{server.EndPoint}") };
    }

    public RecordingGrid Grid { get; }

    public HttpClient Client { get; }

    public GatewayServer Server => _server;

    public IPEndPoint EndPoint => _server.EndPoint;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<HttpFixture> StartAsync(Action<GatewayOptions>? configure = null, TimeProvider? time = null, Gatekeeper? gatekeeper = null, params string[] symbols)
    {
        var options = new GatewayOptions { EndPoint = new IPEndPoint(IPAddress.Loopback, 0) };
        configure?.Invoke(options);
        var grid = new RecordingGrid();
        if (symbols.Length > 0)
        {
            await MarketSeed.AddAsync(grid, symbols);
        }

        return new HttpFixture(grid, await GatewayServer.StartAsync(grid, options, time ?? TimeProvider.System, NullLoggerFactory.Instance, gatekeeper, Cancel));
    }

    public static Task<HttpFixture> WithAsync(params string[] symbols) => StartAsync(symbols: symbols);

    public Task<HttpResponseMessage> GetAsync(string path) => Client.GetAsync(path, Cancel);

    public async Task<string> TextAsync(string path)
    {
        using var response = await GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadAsStringAsync(Cancel);
    }

    public async Task<JsonNode> JsonAsync(string path)
    {
        using var response = await GetAsync(path);
        var text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(response.StatusCode == HttpStatusCode.OK, text);
        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        return JsonNode.Parse(text)!;
    }

    public async Task<(HttpStatusCode Status, JsonNode Body)> PutAsync(string path, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await Client.PutAsync(path, content, Cancel);
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancel))!);
    }

    /// <summary>Fails unless a request is refused with problem details of this content.</summary>
    public async Task AssertProblemAsync(string path, HttpStatusCode status, string code, string detail)
    {
        using var response = await GetAsync(path);
        await AssertProblemAsync(response, status, code, detail);
    }

    public static async Task AssertProblemAsync(HttpResponseMessage response, HttpStatusCode status, string code, string detail)
    {
        var text = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(response.Content.Headers.ContentType?.MediaType == "application/problem+json", $"{response.StatusCode}: {text}");
        var problem = JsonNode.Parse(text)!;
        Assert.Equal((status, (int)status, code, detail), (response.StatusCode, (int)problem["status"]!, (string)problem["code"]!, (string)problem["detail"]!));
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _server.DisposeAsync();
    }
}
