using System.Net;
using Grid.Gateway.Access;
using Grid.Gateway.Http;
using Grid.Runtime;
using Grid.Storage.Journal;
using Grid.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Grid.Gateway.Tests.Streams;

/// <summary>A grid with a feed, and an HTTP server over it on a free port.</summary>
internal sealed class StreamFixture : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly GatewayOptions _options = new() { EndPoint = new IPEndPoint(IPAddress.Loopback, 0) };
    private Gatekeeper? _gatekeeper;
    private GatewayServer? _server;
    private FeedDriver? _feed;

    public EmbeddedGrid Grid { get; private set; } = null!;

    public FeedDriver Feed => _feed!;

    public IPEndPoint EndPoint => _server!.EndPoint;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<StreamFixture> StartAsync(Action<GatewayOptions>? configure = null, Gatekeeper? gatekeeper = null)
    {
        var fixture = new StreamFixture { _gatekeeper = gatekeeper };
        configure?.Invoke(fixture._options);
        await fixture.OpenAsync();
        return fixture;
    }

    public async Task<StreamPeer> ConnectAsync()
    {
        var peer = new StreamPeer();
        await peer.Socket.ConnectAsync(new Uri($"ws://{EndPoint}/v1/stream"), Cancel);
        Assert.Equal("hello", (string)(await peer.NextAsync())["type"]!);
        return peer;
    }

    public Task SendAsync(params MarketLine[] lines) => Feed.SendAsync(lines);

    /// <summary>Stops the server, not the grid.</summary>
    public ValueTask StopServerAsync() => _server!.DisposeAsync();

    /// <summary>Stops all of it and starts it again on the same folder and port.</summary>
    public async Task RestartAsync()
    {
        _options.EndPoint = EndPoint;
        await CloseAsync();
        await OpenAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _folder.Dispose();
    }

    private async Task OpenAsync()
    {
        var options = new EmbeddedGridOptions
        {
            DataFolder = _folder.File("data"), HotStoreBytesMax = 64 << 20, Journal = new JournalOptions { SegmentBytesMax = JournalOptions.SegmentBytesMaxLowest },
        };
        Grid = await EmbeddedGrid.OpenAsync(options, new ManualTime(RandomMarket.ReceivedAt), NullLoggerFactory.Instance);
        _feed = await FeedDriver.OpenAsync(Grid, TestMarket.Names);
        _server = await GatewayServer.StartAsync(Grid, _options, TimeProvider.System, NullLoggerFactory.Instance, _gatekeeper, Cancel);
    }

    private async Task CloseAsync()
    {
        await Feed.DisposeAsync();
        await _server!.DisposeAsync();
        await Grid.DisposeAsync();
    }
}
