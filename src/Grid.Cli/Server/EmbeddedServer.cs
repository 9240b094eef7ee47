using System.Net;
using Grid.Cli.Settings;
using Grid.Gateway.Feed;
using Grid.Gateway.Http;
using Grid.Gateway.Ilp;
using Grid.Runtime;
using Microsoft.Extensions.Logging;

namespace Grid.Cli.Server;

/// <summary>An embedded grid with its listeners, in this process.</summary>
internal sealed class EmbeddedServer : IAsyncDisposable
{
    private readonly FeedServer _feed;
    private readonly IlpServer? _ilp;
    private readonly GatewayServer _http;

    private EmbeddedServer(EmbeddedGrid grid, FeedServer feed, IlpServer? ilp, GatewayServer http)
    {
        Grid = grid;
        _feed = feed;
        _ilp = ilp;
        _http = http;
    }

    public EmbeddedGrid Grid { get; }

    /// <summary>Where the binary feed listens.</summary>
    public IPEndPoint Feed => _feed.EndPoint;

    /// <summary>Where HTTP is answered.</summary>
    public Uri Http => new($"http://{_http.EndPoint}");

    /// <summary>One line for each listener: what it speaks and where.</summary>
    public IEnumerable<string> Listeners => [$"http http://{_http.EndPoint}", $"feed {Feed}", .. _ilp is { } ilp ? [$"ilp {ilp.EndPoint}"] : Array.Empty<string>()];

    /// <summary>Recovers the data folder and begins to listen.</summary>
    /// <exception cref="Storage.GridStorageException">The data folder cannot be used.</exception>
    /// <exception cref="IOException">An address cannot be listened on.</exception>
    public static async Task<EmbeddedServer> StartAsync(ServerSettings settings, ILoggerFactory logs, CancellationToken cancel)
    {
        var grid = await EmbeddedGrid.OpenAsync(settings.Grid, TimeProvider.System, logs, cancel);
        FeedServer? feed = null;
        IlpServer? ilp = null;
        try
        {
            feed = FeedServer.Start(grid, settings.Feed, TimeProvider.System, logs);
            ilp = settings.Ilp is null ? null : IlpServer.Start(grid, settings.Ilp, TimeProvider.System, logs);
            return new EmbeddedServer(grid, feed, ilp, await GatewayServer.StartAsync(grid, settings.Http, TimeProvider.System, logs, cancel));
        }
        catch
        {
            if (ilp is not null)
            {
                await ilp.DisposeAsync();
            }

            if (feed is not null)
            {
                await feed.DisposeAsync();
            }

            await grid.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops listening, then applies and flushes what was taken and closes the data folder.</summary>
    public async ValueTask DisposeAsync()
    {
        await _http.DisposeAsync();
        if (_ilp is not null)
        {
            await _ilp.DisposeAsync();
        }

        await _feed.DisposeAsync();
        await Grid.DisposeAsync();
    }
}
