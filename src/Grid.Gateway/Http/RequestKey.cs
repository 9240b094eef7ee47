using System.Text;
using Microsoft.AspNetCore.Http;

namespace Grid.Gateway.Http;

/// <summary>
/// The key that a request brings: <c>Authorization: Bearer KEY</c>, <c>Token KEY</c> or <c>Basic</c> with any user and the
/// key as password (what clients of InfluxDB send), <c>X-API-Key: KEY</c>, and for a WebSocket of a browser, which can set no
/// header, the subprotocols <c>grid, KEY</c>. Never the address: addresses end up in logs.
/// </summary>
internal static class RequestKey
{
    /// <summary>Characters of scratch that <see cref="Read"/> needs.</summary>
    public const int ScratchLength = 512;

    /// <summary>The subprotocol that a server answers to a WebSocket which brings its key as the other one.</summary>
    public const string StreamProtocol = "grid";

    /// <summary>How a key is brought, for those who brought none.</summary>
    public const string HowTo = "the header 'Authorization: Bearer KEY' or 'X-API-Key: KEY' brings it";

    private const string Header = "X-API-Key";

    /// <summary>The key's text, not looked at; empty if there is none. Without allocation.</summary>
    /// <param name="request">The request.</param>
    /// <param name="scratch">What the text may lie in.</param>
    public static ReadOnlySpan<char> Read(HttpRequest request, Span<char> scratch)
    {
        var authorization = request.Headers.Authorization;
        if (authorization.Count > 0)
        {
            return authorization.Count == 1 ? OfAuthorization(authorization[0], scratch) : "?";
        }

        if (request.Headers.TryGetValue(Header, out var given))
        {
            return given.Count == 1 ? given[0].AsSpan().Trim() : "?";
        }

        return request.Path.Value == RouteRoles.StreamPath ? OfProtocols(request) : default;
    }

    private static ReadOnlySpan<char> OfAuthorization(string? header, Span<char> scratch)
    {
        var text = header.AsSpan().Trim();
        var space = text.IndexOf(' ');
        if (space < 0)
        {
            return "?";
        }

        var scheme = text[..space];
        var value = text[(space + 1)..].Trim();
        if (scheme.Equals("Bearer", StringComparison.OrdinalIgnoreCase) || scheme.Equals("Token", StringComparison.OrdinalIgnoreCase))
        {
            return value;
        }

        return scheme.Equals("Basic", StringComparison.OrdinalIgnoreCase) ? OfBasic(value, scratch) : "?";
    }

    private static ReadOnlySpan<char> OfBasic(ReadOnlySpan<char> value, Span<char> scratch)
    {
        Span<byte> bytes = stackalloc byte[ScratchLength];
        if (!Convert.TryFromBase64Chars(value, bytes, out var length))
        {
            return "?";
        }

        var colon = bytes[..length].IndexOf((byte)':');
        return colon < 0 ? "?" : scratch[..Encoding.Latin1.GetChars(bytes[(colon + 1)..length], scratch)];
    }

    private static ReadOnlySpan<char> OfProtocols(HttpRequest request)
    {
        foreach (var line in request.Headers.SecWebSocketProtocol)
        {
            foreach (var part in line.AsSpan().Split(','))
            {
                var protocol = line.AsSpan(part).Trim();
                if (protocol.StartsWith(Access.ApiKey.Prefix))
                {
                    return protocol;
                }
            }
        }

        return default;
    }
}
