using Grid.Gateway.Dashboard;
using Grid.Gateway.Http.OpenApi;
using Grid.Gateway.Http.Routes;
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
    public static IAsyncDisposable MapGrid(this IEndpointRouteBuilder routes, IGrid grid, GatewayOptions options, TimeProvider time) =>
        MapGrid(routes, grid, options, time, new LatestEndpoint(grid, options));

    internal static IAsyncDisposable MapGrid(this IEndpointRouteBuilder routes, IGrid grid, GatewayOptions options, TimeProvider time, LatestEndpoint latest)
    {
        ArgumentNullException.ThrowIfNull(routes);
        ArgumentNullException.ThrowIfNull(grid);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        var publisher = new EventPublisher(grid, "http", options.PublishersMax, time);
        var description = new DescriptionEndpoints();
        var stopping = routes.ServiceProvider.GetService<IHostApplicationLifetime>()?.ApplicationStopping ?? CancellationToken.None;
        var all = All(grid, options, publisher, time, latest, description, stopping);
        description.Describe(all);
        foreach (var route in all)
        {
            var mapped = routes.MapMethods(route.Pattern, [route.Method], route.AnswerAsync);
            if (route.IsStream)
            {
                // How long a client stays says nothing of the server.
                mapped.DisableHttpMetrics();
            }
        }

        DashboardFiles.Map(routes);
        return publisher;
    }

    /// <summary>Every route but the dashboard's files, as it is mapped and described.</summary>
    internal static IReadOnlyList<ApiRoute> All(
        IGrid grid, GatewayOptions options, EventPublisher publisher, TimeProvider time, LatestEndpoint latest, DescriptionEndpoints description, CancellationToken stopping) =>
    [
        .. latest.Routes(),
        .. new MarketEndpoints(grid, options).Routes(),
        .. new SeriesEndpoints(grid, options).Routes(),
        .. new QualityEndpoints(grid, options, time).Routes(),
        .. new CusipEndpoints(grid).Routes(),
        .. new InstrumentEndpoints(grid, options, new InstrumentPublisher(publisher, time)).Routes(),
        .. new ProducerEndpoints(grid).Routes(),
        .. new OperationsEndpoints(grid, options).Routes(),
        .. new EventsEndpoint(publisher, options, time).Routes(),
        .. new IlpEndpoints(publisher, IlpMapping.Load(options.IlpMapping), options, time).Routes(),
        .. new StreamEndpoint(grid, options, time, stopping).Routes(),
        .. description.Routes(),
    ];
}
