using System.Net;
using Grid.Runtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
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
    public static async Task<GatewayServer> StartAsync(IGrid grid, GatewayOptions options, TimeProvider time, ILoggerFactory logs, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(grid);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(logs);
        options.Validate();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton<ILoggerFactory>(new WarningLogs(logs));
        builder.Services.AddRoutingCore();
        LargeAnswers.AddTo(builder.Services);
        AddCors(builder.Services, options);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = options.ConnectionsMax;
            kestrel.Limits.MaxRequestBodySize = options.BodyBytesMax;
            kestrel.Listen(options.EndPoint);
        });
        var app = builder.Build();
        var refusals = new Refusals(logs.CreateLogger<GatewayServer>(), options.HostsAllowed);
        var latest = new LatestEndpoint(grid, options);
        app.Use(next => context => refusals.AnswerAsync(next, context));

        if (options.CorsOrigins.Count > 0)
        {
            app.UseCors();
        }

        // The most asked question is answered before routing.
        app.Use(next => context => latest.TryAnswer(context) ? Task.CompletedTask : next(context));
        LargeAnswers.UseIn(app);
        app.UseRouting();
        var routes = app.MapGrid(grid, options, time, latest);
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
    }
}
