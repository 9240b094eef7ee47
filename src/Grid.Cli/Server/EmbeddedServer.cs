using System.Net;
using Grid.Cli.Settings;
using Grid.Cli.Telemetry;
using Grid.Gateway.Access;
using Grid.Gateway.Feed;
using Grid.Gateway.Http;
using Grid.Gateway.Ilp;
using Grid.Runtime;
using Microsoft.Extensions.Logging;

namespace Grid.Cli.Server;

/// <summary>An embedded grid with its listeners, in this process.</summary>
internal sealed class EmbeddedServer : IAsyncDisposable
{
    // What arrives is handled on the threads that wait for sockets, one for each processor, instead of being handed to the
    // pool. Steady queries then cost a third of the processor time (`grid bench query`: 19 µs a request instead of 57 on two
    // cores, p99 0.3 to 0.8 ms instead of 1.4 to 1.9), and ingest is no slower. Not so with PostgreSQL: what follows its answers,
    // the making of the next COPY and the start of the server itself, would keep these threads from all other sockets.
    private const string InlineCompletions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    private readonly Gatekeeper _gatekeeper;
    private readonly MetricsExport _metrics;
    private readonly FeedServer _feed;
    private readonly IlpServer? _ilp;
    private readonly GatewayServer _http;

    private EmbeddedServer(Gatekeeper gatekeeper, EmbeddedGrid grid, MetricsExport metrics, FeedServer feed, IlpServer? ilp, GatewayServer http)
    {
        _gatekeeper = gatekeeper;
        Grid = grid;
        _metrics = metrics;
        _feed = feed;
        _ilp = ilp;
        _http = http;
    }

    public EmbeddedGrid Grid { get; }

    /// <summary>Where the binary feed listens.</summary>
    public IPEndPoint Feed => _feed.EndPoint;

    /// <summary>Where HTTP is answered.</summary>
    public Uri Http => _http.Address;

    /// <summary>One line for each listener: what it speaks and where.</summary>
    public IEnumerable<string> Listeners => [$"http {Http.GetLeftPart(UriPartial.Authority)}", $"feed {Feed}", .. _ilp is { } ilp ? [$"ilp {ilp.EndPoint}"] : Array.Empty<string>()];

    /// <summary>Recovers the data folder and begins to listen.</summary>
    /// <exception cref="Storage.GridStorageException">The data folder cannot be used.</exception>
    /// <exception cref="IOException">An address cannot be listened on, or the key file or a certificate cannot be used.</exception>
    /// <exception cref="CommandFailure">An address needs keys, and there are none.</exception>
    public static async Task<EmbeddedServer> StartAsync(ServerSettings settings, ILoggerFactory logs, CancellationToken cancel)
    {
        if (settings.Grid.Postgres is null)
        {
            PreferInlineCompletions();
        }

        var gatekeeper = Gatekeeper.Start(settings.Access, TimeProvider.System, logs);
        EmbeddedGrid? grid = null;
        MetricsExport? metrics = null;
        FeedServer? feed = null;
        IlpServer? ilp = null;
        try
        {
            settings.RequireKeysWhereNeeded(gatekeeper.AsksForKeys);
            PortCheck.Require([("feed", settings.Feed.EndPoint), ("http", settings.Http.EndPoint), .. settings.Ilp is { } lines ? [("ilp", lines.EndPoint)] : Array.Empty<(string, IPEndPoint)>()]);
            grid = await EmbeddedGrid.OpenAsync(settings.Grid, TimeProvider.System, logs, cancel);
            metrics = MetricsExport.Start(settings.Otlp);
            feed = FeedServer.Start(grid, settings.Feed, TimeProvider.System, logs, gatekeeper);
            ilp = settings.Ilp is null ? null : IlpServer.Start(grid, settings.Ilp, TimeProvider.System, logs, gatekeeper);
            var (served, exported) = (grid, metrics);
            var http = await GatewayServer.StartAsync(
                grid, settings.Http, TimeProvider.System, logs, gatekeeper, routes => exported.Map(routes, served.PostgresStatements), cancel);
            return new EmbeddedServer(gatekeeper, grid, metrics, feed, ilp, http);
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

            metrics?.Dispose();
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
        // In this order, so that subscribers can be told that all they saw is durable.
        await _feed.DisposeAsync();
        if (_ilp is not null)
        {
            await _ilp.DisposeAsync();
        }

        await _http.DisposeAsync();
        _metrics.Dispose();
        await Grid.DisposeAsync();
        _gatekeeper.Dispose();
    }

    // The runtime reads it once, at the process's first socket. What the user has set stays.
    private static void PreferInlineCompletions()
    {
        if (Environment.GetEnvironmentVariable(InlineCompletions) is null)
        {
            Environment.SetEnvironmentVariable(InlineCompletions, "1");
        }
    }
}
