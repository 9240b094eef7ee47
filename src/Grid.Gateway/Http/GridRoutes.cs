using Grid.Gateway.Http.OpenApi;
using Grid.Gateway.Http.Routes;
using Grid.Runtime;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Grid.Gateway.Http;

/// <summary>The routes of Grid's HTTP interface, for a host that has a server of its own.</summary>
public static class GridRoutes
{
    /// <summary>
    /// Maps <c>/v1/…</c>, <c>/health/…</c> and the status page at <c>/</c>. A refusal is thrown as
    /// <see cref="Domain.GridException"/>; <see cref="GatewayServer"/> turns it into problem details.
    /// </summary>
    /// <returns>What the routes hold open: a feed for definitions. To be disposed after the server.</returns>
    public static IAsyncDisposable MapGrid(this IEndpointRouteBuilder routes, IGrid grid, GatewayOptions options, TimeProvider time) =>
        MapGrid(routes, grid, options, time, new LatestEndpoint(grid, options));

    internal static IAsyncDisposable MapGrid(this IEndpointRouteBuilder routes, IGrid grid, GatewayOptions options, TimeProvider time, LatestEndpoint latest)
    {
        ArgumentNullException.ThrowIfNull(routes);
        ArgumentNullException.ThrowIfNull(grid);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        var publisher = new InstrumentPublisher(grid, time);
        var description = new DescriptionEndpoints();
        var all = All(grid, options, publisher, time, latest, description);
        description.Describe(all);
        foreach (var route in all)
        {
            routes.MapMethods(route.Pattern, [route.Method], route.AnswerAsync);
        }

        return publisher;
    }

    /// <summary>Every route there is.</summary>
    internal static IReadOnlyList<ApiRoute> All(IGrid grid, GatewayOptions options, InstrumentPublisher publisher, TimeProvider time, LatestEndpoint latest, DescriptionEndpoints description) =>
    [
        .. latest.Routes(),
        .. new MarketEndpoints(grid, options).Routes(),
        .. new SeriesEndpoints(grid, options).Routes(),
        .. new QualityEndpoints(grid, options, time).Routes(),
        .. new CusipEndpoints(grid).Routes(),
        .. new InstrumentEndpoints(grid, options, publisher).Routes(),
        .. new ProducerEndpoints(grid).Routes(),
        .. new OperationsEndpoints(grid, options).Routes(),
        .. description.Routes(),
    ];
}
