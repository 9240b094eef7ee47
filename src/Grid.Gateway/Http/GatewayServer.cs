using System.Net;
using Grid.Runtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Grid.Gateway.Http;

/// <summary>The HTTP server: <c>/v1/…</c>, health and the status page, over one grid.</summary>
public sealed class GatewayServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly IAsyncDisposable _routes;

    private GatewayServer(WebApplication app, IAsyncDisposable routes, IPEndPoint endPoint)
    {
        _app = app;
        _routes = routes;
        EndPoint = endPoint;
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Begins to listen.</summary>
    /// <exception cref="ArgumentException">An option is out of its range, or the address is not loopback.</exception>
    /// <exception cref="IOException">The address cannot be listened on.</exception>
    public static Task<GatewayServer> StartAsync(IGrid grid, GatewayOptions options, TimeProvider time, ILoggerFactory logs, CancellationToken cancel = default) =>
        StartAsync(grid, options, time, logs, static _ => { }, cancel);

    /// <summary>Begins to listen. What the host has to say beside the grid, such as its metrics, it maps itself.</summary>
    /// <exception cref="ArgumentException">An option is out of its range, or the address is not loopback.</exception>
    /// <exception cref="IOException">The address cannot be listened on.</exception>
    public static async Task<GatewayServer> StartAsync(
        IGrid grid, GatewayOptions options, TimeProvider time, ILoggerFactory logs, Action<IEndpointRouteBuilder> mapMore, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(grid);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(logs);
        ArgumentNullException.ThrowIfNull(mapMore);
        options.Validate();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton<ILoggerFactory>(new WarningLogs(logs));
        builder.Services.AddRoutingCore();

        // A request is answered on the thread that received it: each hop to another costs more than the most asked answer. With
        // the other work off that thread (below), `grid bench query` gave 1.3 times the requests at most.
        builder.WebHost.UseKestrelCore().UseSockets(static sockets => sockets.UnsafePreferInlineScheduling = true).ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = options.ConnectionsMax;
            kestrel.Limits.MaxRequestBodySize = options.BodyBytesMax;
            kestrel.Listen(options.EndPoint);
        });
        var app = builder.Build();
        var latest = new LatestEndpoint(grid, options);
        var refusals = new Refusals(logs.CreateLogger<GatewayServer>(), options.HostsAllowed);
        app.Use(next => context => refusals.AnswerAsync(next, context));

        // The most asked question is answered before routing.
        app.Use(next => context => latest.TryAnswer(context) ? LatestRoute.Answered(context) : OffSocketThreadAsync(next, context));
        app.UseWebSockets();
        app.UseRouting();
        var routes = app.MapGrid(grid, options, time);
        mapMore(app);
        app.MapFallback(Refusals.NothingThereAsync);
        try
        {
            await app.StartAsync(cancel).ConfigureAwait(false);
        }
        catch
        {
            await routes.DisposeAsync().ConfigureAwait(false);
            await app.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        var address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return new GatewayServer(app, routes, new IPEndPoint(options.EndPoint.Address, address.Port));
    }

    /// <summary>Finishes the requests at hand and stops.</summary>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync().ConfigureAwait(false);
        await _app.DisposeAsync().ConfigureAwait(false);
        await _routes.DisposeAsync().ConfigureAwait(false);
    }

    // Long answers would keep other connections of the receiving thread waiting.
    private static async Task OffSocketThreadAsync(RequestDelegate next, HttpContext context)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        await next(context).ConfigureAwait(false);
    }
}
