using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using Grid.Client.Query;
using Grid.Domain;

namespace Grid.Client.Streams;

/// <summary>One connection of a subscribing client.</summary>
internal sealed class StreamLink : IDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly HttpClient _http;
    private byte[] _buffer = new byte[64 << 10];

    private StreamLink(StreamClientOptions options)
    {
        _http = GridHttp.Create(options.Server, options.ApiKey, options.Tls);
        _socket.Options.KeepAliveInterval = options.KeepAlive;
        _socket.Options.KeepAliveTimeout = options.KeepAlive;
        _socket.Options.CollectHttpResponseDetails = true;
    }

    /// <summary>Connects.</summary>
    /// <exception cref="GridException">Unreachable, TimedOut, or what the server refuses.</exception>
    /// <exception cref="IOException">A file of the option Tls cannot be read or is no certificate.</exception>
    public static async Task<StreamLink> OpenAsync(StreamClientOptions options, TimeProvider time, CancellationToken cancel)
    {
        var link = new StreamLink(options);
        using var limit = new CancellationTokenSource(options.ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, limit.Token);
        var address = new UriBuilder(options.Server) { Scheme = options.Server.Scheme == "https" ? "wss" : "ws", Path = "/v1/stream" }.Uri;
        try
        {
            await link._socket.ConnectAsync(address, link._http, either.Token).ConfigureAwait(false);
            return link;
        }
        catch (Exception e)
        {
            var status = link._socket.HttpStatusCode;
            link.Dispose();
            throw e switch
            {
                WebSocketException when status is HttpStatusCode.Unauthorized =>
                    new GridException(GridErrorCode.Unauthorized, $"the grid at {options.Server} asks for a key that holds (option {nameof(StreamClientOptions.ApiKey)})", e),
                WebSocketException when status is HttpStatusCode.Forbidden =>
                    new GridException(GridErrorCode.Forbidden, $"the key (option {nameof(StreamClientOptions.ApiKey)}) may not subscribe at {options.Server}", e),
                OperationCanceledException when !cancel.IsCancellationRequested =>
                    new GridException(GridErrorCode.TimedOut, $"the grid at {options.Server} did not answer within {options.ConnectTimeout.TotalSeconds} s", e),
                WebSocketException => new GridException(GridErrorCode.Unreachable, $"no grid answers at {options.Server}: {e.Message}", e),
                _ => e,
            };
        }
    }

    public ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancel) =>
        _socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, cancel);

    /// <summary>The next message: an array of objects.</summary>
    /// <exception cref="GridException">Unreachable: the connection is over. Malformed: what comes is no message.</exception>
    public async Task<JsonDocument> ReceiveAsync(CancellationToken cancel)
    {
        var filled = 0;
        try
        {
            while (true)
            {
                var received = await _socket.ReceiveAsync(_buffer.AsMemory(filled), cancel).ConfigureAwait(false);
                if (received.MessageType == WebSocketMessageType.Close)
                {
                    throw new GridException(GridErrorCode.Unreachable, $"the server closed the connection ({_socket.CloseStatus})");
                }

                filled += received.Count;
                if (received.EndOfMessage)
                {
                    return JsonDocument.Parse(_buffer.AsMemory(0, filled));
                }

                if (filled == _buffer.Length)
                {
                    Array.Resize(ref _buffer, _buffer.Length * 2);
                }
            }
        }
        catch (WebSocketException e)
        {
            throw new GridException(GridErrorCode.Unreachable, $"the connection is lost: {e.Message}", e);
        }
        catch (JsonException e)
        {
            throw new GridException(GridErrorCode.Malformed, $"the server sent something that is no message: {e.Message}", e);
        }
    }

    public void Dispose()
    {
        _socket.Abort();
        _socket.Dispose();
        _http.Dispose();
    }
}
