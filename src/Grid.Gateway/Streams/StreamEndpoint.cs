using Grid.Domain;
using Grid.Gateway.Access;
using Grid.Gateway.Http;
using Grid.Runtime;
using Microsoft.AspNetCore.Http;

namespace Grid.Gateway.Streams;

/// <summary><c>GET /v1/stream</c> (STREAM.md): a WebSocket if the client asks for an upgrade, else server-sent events.</summary>
internal sealed class StreamEndpoint(IGrid grid, GatewayOptions options, TimeProvider time, CancellationToken stopping)
{
    private readonly StreamOptions _options = options.Stream;
    private int _connections;

    public async Task AnswerAsync(HttpContext context)
    {
        if (context.Request.Headers.Origin.ToString() is { Length: > 0 } origin && !IsAllowed(origin, context.Request.Host.Value))
        {
            throw new GridException(
                GridErrorCode.Forbidden, $"a page of '{origin}' may not subscribe; pages of this server may (option {nameof(GatewayOptions.HostsAllowed)})");
        }

        if (Interlocked.Increment(ref _connections) > _options.ConnectionsMax)
        {
            Interlocked.Decrement(ref _connections);
            throw new GridException(
                GridErrorCode.TooManyConnections, $"{_options.ConnectionsMax} streams are open, which is the limit (option Stream:{nameof(StreamOptions.ConnectionsMax)})");
        }

        try
        {
            using var lease = Gatekeeper.LeaseOf(context);
            if (context.WebSockets.IsWebSocketRequest)
            {
                await ServeSocketAsync(context, lease).ConfigureAwait(false);
            }
            else
            {
                await new StreamEvents(grid, _options, time).AnswerAsync(context, lease, stopping).ConfigureAwait(false);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _connections);
        }
    }

    private async Task ServeSocketAsync(HttpContext context, AccessLease lease)
    {
        // A browser that brings its key as a subprotocol wants the other one to be answered.
        var offersGrid = context.WebSockets.WebSocketRequestedProtocols.Contains(RequestKey.StreamProtocol);
        var accept = new WebSocketAcceptContext
        {
            SubProtocol = offersGrid ? RequestKey.StreamProtocol : null,
            KeepAliveInterval = _options.KeepAlive,
            KeepAliveTimeout = _options.KeepAlive,
        };
        using var socket = await context.WebSockets.AcceptWebSocketAsync(accept).ConfigureAwait(false);
        await using var served = new StreamSocket(socket, grid, _options, time);
        await served.RunAsync(lease, stopping, context.RequestAborted).ConfigureAwait(false);
    }

    // A browser lets any page open a WebSocket to any host, and only says whose page it is.
    private bool IsAllowed(string origin, string? host) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var page)
        && (page.Authority.Equals(host, StringComparison.OrdinalIgnoreCase) || options.HostsAllowed.Contains(page.Host, StringComparer.OrdinalIgnoreCase));
}
