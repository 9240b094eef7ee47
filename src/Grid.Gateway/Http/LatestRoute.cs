using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;

namespace Grid.Gateway.Http;

/// <summary>The route of the question that is answered before routing, for the web server's metrics: they count by route.</summary>
internal sealed class LatestRoute : IRouteDiagnosticsMetadata
{
    private static readonly Endpoint Known = new(null, new EndpointMetadataCollection(new LatestRoute()), "latest");

    public string Route => "/v1/latest/{**symbol}";

    /// <summary>Notes that a request was one for this route.</summary>
    public static Task Answered(HttpContext context)
    {
        context.SetEndpoint(Known);
        return Task.CompletedTask;
    }
}
