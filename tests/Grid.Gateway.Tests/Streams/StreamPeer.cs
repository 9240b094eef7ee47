using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Grid.Gateway.Tests.Streams;

/// <summary>A client of the WebSocket that says exactly what a test wants.</summary>
internal sealed class StreamPeer : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly Queue<JsonNode> _objects = new();
    private readonly CancellationTokenSource _patience = new(Patience);
    private byte[] _buffer = new byte[1 << 10];

    public ClientWebSocket Socket { get; } = new();

    /// <summary>How the server closed.</summary>
    public WebSocketCloseStatus? CloseStatus { get; private set; }

    public async Task SendAsync(string message) => await SendAsync(Encoding.UTF8.GetBytes(message), WebSocketMessageType.Text);

    public Task SendAsync(byte[] message, WebSocketMessageType type) => Socket.SendAsync(message, type, endOfMessage: true, _patience.Token);

    /// <summary>Subscribes as subscription 1 and gives the answer.</summary>
    public async Task<JsonNode> SubscribeAsync(string members, int id = 1)
    {
        await SendAsync($$"""{"op":"subscribe","id":{{id}},{{members}}}""");
        return await NextAsync("subscribed", "error");
    }

    /// <summary>The next object of one of some types; others are passed over. Null type of an object that says the connection was closed.</summary>
    public async Task<JsonNode> NextAsync(params string[] types)
    {
        while (true)
        {
            while (_objects.TryDequeue(out var next))
            {
                if (types.Length == 0 || types.Contains((string)next["type"]!))
                {
                    return next;
                }
            }

            await ReceiveAsync();
            if (CloseStatus is not null)
            {
                return new JsonObject { ["type"] = "closed" };
            }
        }
    }

    /// <summary>Reads until the server closes, and gives all that it said before.</summary>
    public async Task<List<JsonNode>> ReadToEndAsync()
    {
        while (CloseStatus is null)
        {
            await ReceiveAsync();
        }

        return [.. _objects];
    }

    public void Dispose()
    {
        Socket.Dispose();
        _patience.Dispose();
    }

    private async Task ReceiveAsync()
    {
        var filled = 0;
        while (true)
        {
            var received = await Socket.ReceiveAsync(_buffer.AsMemory(filled), _patience.Token);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                CloseStatus = Socket.CloseStatus;
                return;
            }

            filled += received.Count;
            if (received.EndOfMessage)
            {
                foreach (var item in JsonNode.Parse(_buffer.AsSpan(0, filled))!.AsArray())
                {
                    _objects.Enqueue(item!);
                }

                return;
            }

            if (filled == _buffer.Length)
            {
                Array.Resize(ref _buffer, _buffer.Length * 2);
            }
        }
    }
}
