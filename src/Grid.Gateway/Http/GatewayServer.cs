using System.Net;
using Grid.Domain;
using Grid.Runtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Grid.Gateway.Http;

/// <summary>The HTTP server: <c>/v1/…</c>, health and the status page, over one grid.</summary>
public sealed class GatewayServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly InstrumentPublisher _publisher;

    private GatewayServer(WebApplication app, InstrumentPublisher publisher, IPEndPoint endPoint)
    {
        _app = app;
        _publisher = publisher;
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
        options.Validate();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(logs);
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = options.ConnectionsMax;
            kestrel.Limits.MaxRequestBodySize = options.BodyBytesMax;
            kestrel.Listen(options.EndPoint);
        });
        var app = builder.Build();
        var publisher = new InstrumentPublisher(grid, time);
        Map(app, grid, options, publisher);
        await app.StartAsync(cancel).ConfigureAwait(false);
        var address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return new GatewayServer(app, publisher, new IPEndPoint(options.EndPoint.Address, address.Port));
    }

    /// <summary>Finishes the requests at hand and stops.</summary>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync().ConfigureAwait(false);
        await _app.DisposeAsync().ConfigureAwait(false);
        await _publisher.DisposeAsync().ConfigureAwait(false);
    }

    private static void Map(WebApplication app, IGrid grid, GatewayOptions options, InstrumentPublisher publisher)
    {
        var latest = new LatestEndpoint(grid, options);
        app.Use(next => context => AnswerErrorsAsync(next, context));

        // The most asked question is answered before routing.
        app.Use(next => context => latest.TryAnswer(context) ? Task.CompletedTask : next(context));
        app.UseRouting();
        app.MapGet("/v1/latest", latest.ManyAsync);
        SeriesEndpoints.Map(app, grid, options);
        OperationsEndpoints.Map(app, grid, options);
        InstrumentEndpoints.Map(app, grid, publisher);
        StatusPage.Map(app);
        app.MapFallback(static context => Problem.WriteAsync(
            context, StatusCodes.Status404NotFound, "NotFound", $"there is nothing at '{context.Request.Path}' for {context.Request.Method}"));
    }

    private static async Task AnswerErrorsAsync(RequestDelegate next, HttpContext context)
    {
        try
        {
            await next(context).ConfigureAwait(false);
        }
        catch (GridException refused) when (!context.Response.HasStarted)
        {
            await Problem.WriteAsync(context, GridError.HttpStatus(refused.Code), refused.Code.ToString(), refused.Message).ConfigureAwait(false);
        }
        catch (BadHttpRequestException bad) when (!context.Response.HasStarted)
        {
            await Problem.WriteAsync(context, bad.StatusCode, nameof(GridErrorCode.Malformed), bad.Message).ConfigureAwait(false);
        }
    }
}
