using System.Net;
using Grid.Cli.Settings;
using Grid.Gateway.Access;
using Grid.Gateway.Feed;
using Grid.Gateway.Http;
using Grid.Runtime;
using Microsoft.Extensions.Logging;

namespace Grid.Cli.Server;

/// <summary>An embedded grid with its listeners, in this process.</summary>
internal sealed class EmbeddedServer : IAsyncDisposable
{
    private readonly Gatekeeper _gatekeeper;
    private readonly FeedServer _feed;
    private readonly GatewayServer _http;

    private EmbeddedServer(Gatekeeper gatekeeper, EmbeddedGrid grid, FeedServer feed, GatewayServer http)
    {
        _gatekeeper = gatekeeper;
        Grid = grid;
        _feed = feed;
        _http = http;
    }

    public EmbeddedGrid Grid { get; }

    /// <summary>Where the binary feed listens.</summary>
    public IPEndPoint Feed => _feed.EndPoint;

    /// <summary>Where HTTP is answered.</summary>
    public Uri Http => _http.Address;

    /// <summary>One line for each listener: what it speaks and where.</summary>
    public IEnumerable<string> Listeners => [$"http {Http.GetLeftPart(UriPartial.Authority)}", $"feed {Feed}"];

    /// <summary>Recovers the data folder and begins to listen.</summary>
    /// <exception cref="Storage.GridStorageException">The data folder cannot be used.</exception>
    /// <exception cref="IOException">An address cannot be listened on, or the key file or a certificate cannot be used.</exception>
    /// <exception cref="CommandFailure">An address needs keys, and there are none.</exception>
    public static async Task<EmbeddedServer> StartAsync(ServerSettings settings, ILoggerFactory logs, CancellationToken cancel)
    {
        var gatekeeper = Gatekeeper.Start(settings.Access, TimeProvider.System, logs);
        EmbeddedGrid? grid = null;
        FeedServer? feed = null;
        try
        {
            settings.RequireKeysWhereNeeded(gatekeeper.AsksForKeys);
            grid = await EmbeddedGrid.OpenAsync(settings.Grid, TimeProvider.System, logs, cancel);
            feed = FeedServer.Start(grid, settings.Feed, TimeProvider.System, logs, gatekeeper);
            return new EmbeddedServer(gatekeeper, grid, feed, await GatewayServer.StartAsync(grid, settings.Http, TimeProvider.System, logs, gatekeeper, cancel));
        }
        catch
        {
            if (feed is not null)
            {
                await feed.DisposeAsync();
            }

            if (grid is not null)
            {
                await grid.DisposeAsync();
            }

            gatekeeper.Dispose();
            throw;
        }
    }

    /// <summary>Stops listening, then applies and flushes what was taken and closes the data folder.</summary>
    public async ValueTask DisposeAsync()
    {
        await _http.DisposeAsync();
        await _feed.DisposeAsync();
        await Grid.DisposeAsync();
        _gatekeeper.Dispose();
    }
}
