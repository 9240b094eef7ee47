using Grid.Domain;
using Grid.Gateway.Access;
using Grid.Gateway.Http;
using Grid.Gateway.Http.Routes;
using Grid.Runtime;
using Microsoft.AspNetCore.Http;

namespace Grid.Gateway.Streams;

/// <summary><c>GET /v1/stream</c> (STREAM.md): a WebSocket if the client asks for an upgrade, else server-sent events.</summary>
internal sealed class StreamEndpoint(IGrid grid, GatewayOptions options, TimeProvider time, CancellationToken stopping)
{
    private const string AnyText = """{"type":"string"}""";

    private const string Example =
        "event: subscribed\ndata: {\"type\":\"subscribed\",\"instruments\":1,\"waiting\":[]}\n\n"
        + "event: latest\ndata: {\"type\":\"latest\",\"instrument\":\"IBM\",\"price\":\"100.25\",…}\nid: 5f3a2b1c0d9e8f71 IBM:123\n\n";

    private readonly StreamOptions _options = options.Stream;
    private int _connections;

    public IEnumerable<ApiRoute> Routes() =>
    [
        new("GET", RouteRoles.StreamPath, "Subscribe: a snapshot, then what follows it", AnswerAsync)
        {
            Description = "A WebSocket if the client asks for an upgrade, else server-sent events. A WebSocket says what it asks for in its messages (x-websocket) and not in arguments; "
                + "the data of each event is one StreamMessage, and its id, sent back as Last-Event-ID, lets the stream go on after it.",
            Arguments =
            [
                new("instruments", AnyText, "IBM,AAPL", "Symbols with commas between them; one that is not known yet is waited for."),
                new("patterns", AnyText, "A*", "Patterns of symbols with commas between them, of those that come later too."),
                new("cusips", AnyText, "037833100", "CUSIPs with commas between them."),
                new("kinds", """{"type":"string","default":"latest"}""", "trades,latest", $"What is told of instruments: {StreamRequest.KindsRule}, with commas between them."),
                new("slow", """{"type":"string","enum":["conflate","close"],"default":"conflate"}""", "conflate", "What becomes of a client that falls behind."),
                new("interval", """{"type":"integer","minimum":0,"maximum":600000,"default":0}""", "100", "Shortest time in milliseconds between two readings."),
                new("Last-Event-ID", AnyText, "5f3a2b1c0d9e8f71 IBM:123", "The id of the last event seen.") { Place = ArgumentPlace.Header },
            ],
            Answer = ApiAnswer.Text("text/event-stream", Example),
            IsStream = true,
            Errors = [GridErrorCode.Forbidden, GridErrorCode.TooLarge, GridErrorCode.TooManyConnections, GridErrorCode.Stopping],
        },
    ];

    private async Task AnswerAsync(HttpContext context)
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
