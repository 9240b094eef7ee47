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
    public static IAsyncDisposable MapGrid(this IEndpointRouteBuilder routes, IGrid grid, GatewayOptions options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(routes);
        ArgumentNullException.ThrowIfNull(grid);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        var publisher = new InstrumentPublisher(grid, time);
        foreach (var route in All(grid, options, publisher))
        {
            routes.MapMethods(route.Pattern, [route.Method], route.AnswerAsync);
        }

        return publisher;
    }

    /// <summary>Every route there is.</summary>
    internal static IReadOnlyList<ApiRoute> All(IGrid grid, GatewayOptions options, InstrumentPublisher publisher) =>
    [
        .. new LatestEndpoint(grid, options).Routes(),
        .. new SeriesEndpoints(grid, options).Routes(),
        .. new InstrumentEndpoints(grid, publisher).Routes(),
        .. new OperationsEndpoints(grid, options).Routes(),
        .. StatusPage.Routes(),
    ];
}
