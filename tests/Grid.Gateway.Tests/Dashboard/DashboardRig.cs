using System.Collections.Concurrent;
using System.Net;
using Grid.Gateway.Access;
using Grid.Gateway.Http;
using Grid.Runtime;
using Grid.Storage.Journal;
using Grid.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Playwright;

namespace Grid.Gateway.Tests.Dashboard;

/// <summary>A real grid with a market, its HTTP server, and the dashboard in a browser. Its end fails the test if the page complained.</summary>
internal sealed class DashboardRig : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly ConcurrentQueue<string> _complaints = new();
    private readonly CancellationTokenSource _endOfLoad = new();
    private EmbeddedGrid _grid = null!;
    private GatewayServer? _server;
    private Gatekeeper? _gatekeeper;
    private IPEndPoint _endPoint = new(IPAddress.Loopback, 0);
    private IBrowserContext? _context;
    private Task _load = Task.CompletedTask;

    public WalkingMarket Market { get; private set; } = null!;

    public IPage Page { get; private set; } = null!;

    public static string[] Symbols(int count) => [.. Enumerable.Range(1, count).Select(i => $"S{i:D4}")];

    public static async Task<DashboardRig> StartAsync(Browser browser, string[] symbols, BrowserNewContextOptions? look = null, Gatekeeper? gatekeeper = null)
    {
        var rig = new DashboardRig { _gatekeeper = gatekeeper };
        try
        {
            rig._context = await browser.OpenAsync(look);
            rig._grid = await EmbeddedGrid.OpenAsync(
                new EmbeddedGridOptions
                {
                    DataFolder = rig._folder.File("data"),
                    Shards = 1,
                    HotStoreBytesMax = 512 << 20,
                    Journal = new JournalOptions { SegmentBytesMax = 4 << 20 },
                },
                TimeProvider.System,
                NullLoggerFactory.Instance);
            rig.Market = await WalkingMarket.OpenAsync(rig._grid, symbols);
            await rig.StartServerAsync();
            rig.Page = await rig._context.NewPageAsync();
            rig.Watch();
            await rig.Page.GotoAsync($"http://{rig._endPoint}/");
            return rig;
        }
        catch
        {
            await rig.DisposeAsync();
            throw;
        }
    }

    /// <summary>Listens, after a stop where it did before.</summary>
    public async Task StartServerAsync()
    {
        _server = await GatewayServer.StartAsync(_grid, new GatewayOptions { EndPoint = _endPoint }, TimeProvider.System, NullLoggerFactory.Instance, _gatekeeper);
        _endPoint = _server.EndPoint;
    }

    public async Task StopServerAsync()
    {
        await _server!.DisposeAsync();
        _server = null;
    }

    /// <summary>Moves the market without a pause until the test ends.</summary>
    public void BeginLoad() => _load = Task.Run(async () =>
    {
        while (!_endOfLoad.IsCancellationRequested)
        {
            await Market.StepAsync();
        }
    });

    /// <summary>Keeps a picture of the page in <c>artifacts/dashboard</c>, for people to look at.</summary>
    public Task PictureAsync(string name) =>
        Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Root(), "artifacts", "dashboard", name + ".png") });

    /// <summary>The row of an instrument in the market's table.</summary>
    public ILocator Row(string symbol) => Page.Locator("#market-body tr", new PageLocatorOptions { Has = Page.Locator($"a:text-is('{symbol}')") });

    public async ValueTask DisposeAsync()
    {
        await _endOfLoad.CancelAsync();
        await _load;
        if (_context is not null)
        {
            await _context.DisposeAsync();
        }

        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        if (Market is not null)
        {
            await Market.DisposeAsync();
        }

        if (_grid is not null)
        {
            await _grid.DisposeAsync();
        }

        _endOfLoad.Dispose();
        _folder.Dispose();
        Assert.Empty(_complaints);
    }

    private static bool IsForeseen(string text) => new[] { "net::ERR_", "401", "403", "404" }.Any(t => text.Contains(t, StringComparison.Ordinal));

    // A server that is away, one without some route, and one that wants a key, are things the page copes with; the browser reports them as errors all the same.
    private void Watch()
    {
        Page.PageError += (_, error) => _complaints.Enqueue(error);
        Page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning" && !IsForeseen(message.Text))
            {
                _complaints.Enqueue(message.Text);
            }
        };
        Page.Dialog += (_, dialog) =>
        {
            _complaints.Enqueue($"a dialog: {dialog.Message}");
            _ = dialog.DismissAsync();
        };
        Page.Request += (_, request) =>
        {
            if (!request.Url.StartsWith($"http://{_endPoint}/", StringComparison.Ordinal))
            {
                _complaints.Enqueue($"a request to {request.Url}");
            }
        };
    }

    private static string Root()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Grid.sln")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        return folder;
    }
}
