using System.Net;
using Grid.Domain;
using Grid.Gateway.Access;
using Grid.Gateway.Tls;
using Grid.Runtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Grid.Gateway.Http;

/// <summary>The HTTP server: <c>/v1/…</c>, health and the status page, over one grid.</summary>
public sealed partial class GatewayServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly IAsyncDisposable _routes;
    private readonly TlsIdentity? _identity;

    private GatewayServer(WebApplication app, IAsyncDisposable routes, TlsIdentity? identity, IPEndPoint endPoint)
    {
        _app = app;
        _routes = routes;
        _identity = identity;
        EndPoint = endPoint;
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Its address for clients.</summary>
    public Uri Address => new($"{(_identity is null ? "http" : "https")}://{EndPoint}");

    /// <summary>Every route that is mapped.</summary>
    internal IEnumerable<Endpoint> Endpoints => ((IEndpointRouteBuilder)_app).DataSources.SelectMany(s => s.Endpoints);

    /// <inheritdoc cref="StartAsync(IGrid, GatewayOptions, TimeProvider, ILoggerFactory, Gatekeeper?, Action{IEndpointRouteBuilder}, CancellationToken)"/>
    public static Task<GatewayServer> StartAsync(
        IGrid grid, GatewayOptions options, TimeProvider time, ILoggerFactory logs, Gatekeeper? gatekeeper = null, CancellationToken cancel = default) =>
        StartAsync(grid, options, time, logs, gatekeeper, static _ => { }, cancel);

    /// <summary>Begins to listen. What the host has to say beside the grid, such as its metrics, it maps itself.</summary>
    /// <param name="grid">What is asked.</param>
    /// <param name="options">Where and how.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logs">Where it logs.</param>
    /// <param name="gatekeeper">Says who may ask; null for anyone, on loopback.</param>
    /// <param name="mapMore">Maps the host's own routes.</param>
    /// <param name="cancel">Gives up.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or others can reach the address and there are no keys.</exception>
    /// <exception cref="IOException">The address cannot be listened on, or the certificate cannot be used.</exception>
    public static async Task<GatewayServer> StartAsync(
        IGrid grid, GatewayOptions options, TimeProvider time, ILoggerFactory logs, Gatekeeper? gatekeeper, Action<IEndpointRouteBuilder> mapMore, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(grid);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(logs);
        ArgumentNullException.ThrowIfNull(mapMore);
        gatekeeper ??= Gatekeeper.WithoutKeys(time, logs);
        options.Validate(gatekeeper.AsksForKeys);
        var log = logs.CreateLogger<GatewayServer>();
        var identity = options.Tls is { } tls ? TlsIdentity.Open("http", tls, time, log) : null;
        if (identity is null && !IPAddress.IsLoopback(options.EndPoint.Address))
        {
            InClearText(log, options.EndPoint.ToString());
        }

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton<ILoggerFactory>(new WarningLogs(logs));
        builder.Services.AddRoutingCore();
        LargeAnswers.AddTo(builder.Services);
        AddCors(builder.Services, options);

        // A request is answered on the thread that received it: each hop to another costs more than the most asked answer
        // (`grid bench query` gave 1.3 times the requests at most). Other answers begin off that thread (below) and leave it
        // again after each wait for the socket (OffSocketThread).
        builder.WebHost.UseKestrelCore().UseSockets(static sockets => sockets.UnsafePreferInlineScheduling = true).ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = options.ConnectionsMax;
            kestrel.Limits.MaxConcurrentUpgradedConnections = options.ConnectionsMax;
            kestrel.Limits.MaxRequestHeadersTotalSize = GridLimits.HttpHeaderBytesMax;
            kestrel.Limits.MaxRequestBodySize = options.BodyBytesMax;
            kestrel.Listen(options.EndPoint, listen => UseTls(listen, identity));
        });
        var app = builder.Build();
        var latest = new LatestEndpoint(grid, options);
        var refusals = new Refusals(log, options.HostsAllowed, options.CorsOrigins, gatekeeper);
        var access = new HttpAccess(gatekeeper, identity);
        app.Use(next => context => refusals.AnswerAsync(next, context));
        if (options.CorsOrigins.Count > 0)
        {
            // Before the keys: a browser asks without one whether its page may ask.
            app.UseCors();
        }

        app.Use(next => context => access.AnswerAsync(next, context));

        // The most asked question is answered before routing.
        app.Use(next => context => latest.TryAnswer(context) ? LatestRoute.Answered(context) : AnswerOffSocketThreadAsync(next, context));
        LargeAnswers.UseIn(app);
        app.UseWebSockets();
        app.UseRouting();
        app.Use(next => context => Refusals.RoutedAsync(next, context));
        var routes = app.MapGrid(grid, options, time, latest);
        mapMore(app);
        try
        {
            await app.StartAsync(cancel).ConfigureAwait(false);
        }
        catch
        {
            await routes.DisposeAsync().ConfigureAwait(false);
            await app.DisposeAsync().ConfigureAwait(false);
            identity?.Dispose();
            throw;
        }

        var address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return new GatewayServer(app, routes, identity, new IPEndPoint(options.EndPoint.Address, address.Port));
    }

    // Pages of the named origins may read, and see all headers; whether they may write is not theirs to say.
    private static void AddCors(IServiceCollection services, GatewayOptions options) => services.AddCors(cors => cors.AddDefaultPolicy(policy => policy
        .WithOrigins([.. options.CorsOrigins])
        .WithMethods("GET")
        .AllowAnyHeader()
        .WithExposedHeaders("ETag", "Link", "Grid-Next", "Grid-Complete", "Grid-Amendment-Pending")));

    /// <summary>Finishes the requests at hand and stops.</summary>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync().ConfigureAwait(false);
        await _app.DisposeAsync().ConfigureAwait(false);
        await _routes.DisposeAsync().ConfigureAwait(false);
        _identity?.Dispose();
    }

    // Long answers would keep other connections of the receiving thread waiting.
    private static async Task AnswerOffSocketThreadAsync(RequestDelegate next, HttpContext context)
    {
        await OffSocketThread.HopAsync().ConfigureAwait(false);
        await next(context).ConfigureAwait(false);
    }

    private static void UseTls(ListenOptions listen, TlsIdentity? identity)
    {
        if (identity is not null)
        {
            listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => new(identity.ServerOptions()) });
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "http on {EndPoint} is not encrypted, so keys can be read on the way; give the option Tls, or put a proxy that has it in front")]
    private static partial void InClearText(ILogger log, string endPoint);
}
