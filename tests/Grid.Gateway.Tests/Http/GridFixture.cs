using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Gateway.Access;
using Grid.Gateway.Http;
using Grid.Runtime;
using Grid.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Grid.Gateway.Tests.Http;

/// <summary>A real embedded grid in a folder of its own, with the HTTP server before it.</summary>
internal sealed class GridFixture : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private Gatekeeper? _gatekeeper;
    private GatewayServer _server = null!;

    private GridFixture()
    {
    }

    public EmbeddedGrid Grid { get; private set; } = null!;

    public HttpClient Client { get; private set; } = null!;

    public IPEndPoint EndPoint => _server.EndPoint;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<GridFixture> StartAsync(Action<GatewayOptions>? configure = null, Gatekeeper? gatekeeper = null)
    {
        var fixture = new GridFixture { _gatekeeper = gatekeeper };
        await fixture.OpenAsync(configure);
        return fixture;
    }

    /// <summary>Stops server and grid and starts both again over the same folder.</summary>
    public async Task RestartAsync()
    {
        await CloseAsync();
        await OpenAsync(configure: null);
    }

    public async Task<(HttpStatusCode Status, JsonNode? Body, HttpResponseHeaders Headers)> PostAsync(
        string path, byte[] body, string? contentType = null, string? encoding = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        if (contentType is not null)
        {
            request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        }

        if (encoding is not null)
        {
            request.Content.Headers.ContentEncoding.Add(encoding);
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        using var response = await Client.SendAsync(request, Cancel);
        var text = await response.Content.ReadAsStringAsync(Cancel);
        return (response.StatusCode, text.Length == 0 ? null : JsonNode.Parse(text), response.Headers);
    }

    public Task<(HttpStatusCode Status, JsonNode? Body, HttpResponseHeaders Headers)> WriteAsync(string lines, string query = "", params (string Name, string Value)[] headers) =>
        PostAsync($"/write{query}", Encoding.UTF8.GetBytes(lines), headers: headers);

    /// <summary>Ticks of an instrument, in event order.</summary>
    public async Task<IReadOnlyList<MarketEvent>> TicksAsync(string symbol)
    {
        var number = Grid.Names.Instruments.Find(symbol);
        return number <= 0
            ? []
            : [.. (await Grid.GetTicksAsync(new InstrumentId((uint)number), new UnixNanos(long.MinValue), new UnixNanos(long.MaxValue), 1_000_000, Cancel)).Ticks.Select(t => t.Event)];
    }

    public async Task<IReadOnlyList<string>> SizesAsync(string symbol) => [.. (await TicksAsync(symbol)).Select(e => e.Size.ToString())];

    public static byte[] Gzip(byte[] body)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Optimal))
        {
            gzip.Write(body);
        }

        return compressed.ToArray();
    }

    public static string Trades(int count, int first = 1, string symbol = "A", string tags = ",source=s,channel=c") => string.Concat(Enumerable.Range(first, count).Select(i =>
        string.Create(CultureInfo.InvariantCulture, $"trade,instrument={symbol}{tags} price=100,size={i},seq={i}i {1_714_570_200_000_000_000 + i}\n")));

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _folder.Dispose();
    }

    private async Task OpenAsync(Action<GatewayOptions>? configure)
    {
        var options = new GatewayOptions { EndPoint = new IPEndPoint(IPAddress.Loopback, 0) };
        configure?.Invoke(options);
        Grid = await EmbeddedGrid.OpenAsync(
            new EmbeddedGridOptions { DataFolder = _folder.File("data"), HotStoreBytesMax = 64 << 20 }, TimeProvider.System, NullLoggerFactory.Instance, cancel: Cancel);
        _server = await GatewayServer.StartAsync(Grid, options, TimeProvider.System, NullLoggerFactory.Instance, _gatekeeper, Cancel);
        Client = new HttpClient { BaseAddress = new Uri($"http://{_server.EndPoint}") };
    }

    private async Task CloseAsync()
    {
        Client.Dispose();
        await _server.DisposeAsync();
        await Grid.DisposeAsync();
    }
}
