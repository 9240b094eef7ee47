using System.Net;
using Grid.Gateway.Access;
using Grid.Gateway.Http;
using Grid.Gateway.Tls;
using Grid.Runtime;
using Grid.Storage.Journal;
using Grid.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Grid.Client.Tests.Streams;

/// <summary>A grid with a feed and an HTTP server, which can be stopped and started again on the same port and folder.</summary>
internal sealed class StreamServer : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly GatewayOptions _options = new() { EndPoint = new IPEndPoint(IPAddress.Loopback, 0) };
    private EmbeddedGrid? _grid;
    private FeedDriver? _feed;
    private GatewayServer? _http;
    private Gatekeeper? _gatekeeper;

    public Uri Address => new($"{(_options.Tls is null ? "http" : "https")}://{_options.EndPoint}");

    public static async Task<StreamServer> StartAsync(Gatekeeper? gatekeeper = null, TlsOptions? tls = null)
    {
        var server = new StreamServer { _gatekeeper = gatekeeper };
        server._options.Tls = tls;
        await server.OpenGridAsync();
        await server.StartHttpAsync();
        return server;
    }

    public Task SendAsync(params MarketLine[] lines) => _feed!.SendAsync(lines);

    public async Task StartHttpAsync()
    {
        _http = await GatewayServer.StartAsync(_grid!, _options, TimeProvider.System, NullLoggerFactory.Instance, _gatekeeper, TestContext.Current.CancellationToken);
        _options.EndPoint = _http.EndPoint;
    }

    public ValueTask StopHttpAsync() => _http!.DisposeAsync();

    /// <summary>Stops the grid and opens its folder again: another run.</summary>
    public async Task ReopenGridAsync()
    {
        await _feed!.DisposeAsync();
        await _grid!.DisposeAsync();
        await OpenGridAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _feed!.DisposeAsync();
        await _http!.DisposeAsync();
        await _grid!.DisposeAsync();
        _folder.Dispose();
    }

    private async Task OpenGridAsync()
    {
        var options = new EmbeddedGridOptions
        {
            DataFolder = _folder.File("data"), HotStoreBytesMax = 64 << 20, Journal = new JournalOptions { SegmentBytesMax = JournalOptions.SegmentBytesMaxLowest },
        };
        _grid = await EmbeddedGrid.OpenAsync(options, new ManualTime(RandomMarket.ReceivedAt), NullLoggerFactory.Instance);
        _feed = await FeedDriver.OpenAsync(_grid, TestMarket.Names, epoch: (ulong)_grid.Recovery.Events + 1);
    }
}
