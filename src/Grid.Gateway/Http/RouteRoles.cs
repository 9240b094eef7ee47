using Grid.Gateway.Access;
using Microsoft.AspNetCore.Http;

namespace Grid.Gateway.Http;

/// <summary>What a route needs.</summary>
/// <param name="IsOpen">True if it needs no key.</param>
/// <param name="Role">The role that a key must have; an admin has all.</param>
internal readonly record struct RouteNeed(bool IsOpen, AccessRole Role);

/// <summary>
/// The one table that says which role a method and a path need. The first rule that fits counts; what no rule names needs an
/// admin, so that a route which is forgotten here is closed.
/// </summary>
internal static class RouteRoles
{
    /// <summary>The path of subscriptions, where a browser brings its key as a WebSocket subprotocol.</summary>
    public const string StreamPath = "/v1/stream";

    private static readonly Rule[] Rules =
    [
        // Whether the process is well, and what a client of the line protocol asks before it writes. Nothing of the data.
        new(Get, "/health", Open),
        new(Get, "/health/*", Open),
        new(Get, "/ping", Open),
        new(Get, "/settings", Open),

        // The pages themselves hold no data; what they ask for needs a key.
        new(Get, "/", Open),
        new(Get, "/favicon.ico", Open),
        new(Get, "/dashboard/*", Open),
        new(Get, "/docs", Open),
        new(Get, "/openapi/*", Open),

        new(Any, "/v1/admin/*", Of(AccessRole.Admin)),
        new(Post, "/write", Of(AccessRole.Feed)),
        new(Post, "/api/v2/write", Of(AccessRole.Feed)),
        new(Post, "/v1/events", Of(AccessRole.Feed)),
        new(Get, "/*", Of(AccessRole.Read)),
    ];

    private const string Get = "GET";
    private const string Post = "POST";
    private const string Any = "*";

    private static RouteNeed Open => new(true, default);

    /// <summary>What a request needs.</summary>
    public static RouteNeed Of(string method, string path)
    {
        // A HEAD is a GET without its body.
        var asked = HttpMethods.IsHead(method) ? Get : method;
        foreach (var rule in Rules)
        {
            if ((rule.Method == Any || rule.Method == asked) && rule.Fits(path))
            {
                return rule.Need;
            }
        }

        return Of(AccessRole.Admin);
    }

    private static RouteNeed Of(AccessRole role) => new(false, role);

    // A path that ends with a star stands for all that begins so. Of an open path another spelling is closed; what is closed
    // is so in any spelling, since routing takes them all.
    private readonly record struct Rule(string Method, string Path, RouteNeed Need)
    {
        public bool Fits(string path)
        {
            var comparison = Need.IsOpen ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
            return Path.EndsWith('*') ? path.AsSpan().StartsWith(Path.AsSpan(0, Path.Length - 1), comparison) : path.Equals(Path, comparison);
        }
    }
}
