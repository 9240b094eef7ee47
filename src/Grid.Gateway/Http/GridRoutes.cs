using Grid.Gateway.Dashboard;
using Grid.Gateway.Ilp;
using Grid.Gateway.Publishing;
using Grid.Gateway.Streams;
using Grid.Runtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Grid.Gateway.Http;

/// <summary>The routes of Grid's HTTP interface, for a host that has a server of its own.</summary>
public static class GridRoutes
{
    /// <summary>
    /// Maps <c>/v1/…</c>, <c>/health/…</c> and the dashboard at <c>/</c>. A refusal is thrown as
    /// <see cref="Domain.GridException"/>; <see cref="GatewayServer"/> turns it into problem details. Subscriptions over WebSocket need
    /// <c>UseWebSockets</c> before.
    /// </summary>
    /// <returns>What the routes hold open: feeds for what is published. To be disposed after the server.</returns>
    public static IAsyncDisposable MapGrid(this IEndpointRouteBuilder routes, IGrid grid, GatewayOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(routes);
        ArgumentNullException.ThrowIfNull(grid);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        var latest = new LatestEndpoint(grid, options);
        var publisher = new EventPublisher(grid, "http", options.PublishersMax, time);
        routes.MapGet("/v1/latest", latest.ManyAsync);
        routes.MapGet("/v1/latest/{**symbol}", context => latest.TryAnswer(context) ? Task.CompletedTask : Refusals.NothingThereAsync(context));
        SeriesEndpoints.Map(routes, grid, options);
        OperationsEndpoints.Map(routes, grid, options);
        InstrumentEndpoints.Map(routes, grid, new InstrumentPublisher(publisher, time));
        new EventsEndpoint(publisher, options, time).Map(routes);
        new IlpEndpoints(publisher, IlpMapping.Load(options.IlpMapping), options, time).Map(routes);
        var stopping = routes.ServiceProvider.GetService<IHostApplicationLifetime>()?.ApplicationStopping ?? CancellationToken.None;
        routes.MapGet("/v1/stream", new StreamEndpoint(grid, options, time, stopping).AnswerAsync).DisableHttpMetrics();
        DashboardFiles.Map(routes);
        return publisher;
    }
}
