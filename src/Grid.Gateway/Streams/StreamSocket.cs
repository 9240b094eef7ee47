using System.Net.WebSockets;
using Grid.Domain;
using Grid.Gateway.Access;
using Grid.Gateway.Http;
using Grid.Runtime;

namespace Grid.Gateway.Streams;

/// <summary>One client's WebSocket: takes its messages while the pump sends. What one client does wrong ends nothing but its own.</summary>
internal sealed class StreamSocket : IAsyncDisposable
{
    private const int ReceiveBytesAtFirst = 1 << 10;
    private static readonly TimeSpan SettlePatience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(1);

    private readonly WebSocket _socket;
    private readonly IGrid _grid;
    private readonly StreamOptions _options;
    private readonly TimeProvider _time;
    private readonly StreamPump _pump;
    private readonly CancellationTokenSource _sending;

    public StreamSocket(WebSocket socket, IGrid grid, StreamOptions options, TimeProvider time)
    {
        _socket = socket;
        _grid = grid;
        _options = options;
        _time = time;
        _pump = new StreamPump(grid, options, time, new StreamText(grid.Names, isEvents: false));
        _sending = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
    }

    /// <summary>Serves until the client or the server ends it.</summary>
    /// <param name="lease">The client's right to go on: when it ends, the client is told why.</param>
    /// <param name="stopping">The server stops: the client is told.</param>
    /// <param name="aborted">The connection is gone.</param>
    public async Task RunAsync(AccessLease lease, CancellationToken stopping, CancellationToken aborted)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        await _pump.ReplyAsync(StreamReply.Hello(_grid), aborted).ConfigureAwait(false);
        var pumping = _pump.RunAsync(SendAsync, end.Token);
        var receiving = ReceiveAsync(end.Token);
        var stop = new TaskCompletionSource<GridException>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var onStop = stopping.UnsafeRegister(static s => ((TaskCompletionSource<GridException>)s!).TrySetResult(Stopping()), stop);
        await using var onEnd = lease.Ended.UnsafeRegister(_ => stop.TrySetResult(lease.Reason!), null);
        try
        {
            var (status, last) = await EndAsync(pumping, receiving, stop.Task, aborted).ConfigureAwait(false);
            _pump.Complete(last);
            await pumping.ConfigureAwait(false);
            await CloseAsync(status, receiving).ConfigureAwait(false);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            // The client is gone, or took nothing for too long.
        }
        finally
        {
            await end.CancelAsync().ConfigureAwait(false);
            _socket.Abort();
            await Task.WhenAll(pumping, receiving).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _pump.DisposeAsync().ConfigureAwait(false);
        _sending.Dispose();
    }

    // Waits for what ends the connection first: how it is to be closed, and what to say before.
    private async Task<(WebSocketCloseStatus Status, StreamReply? Last)> EndAsync(Task pumping, Task<WebSocketCloseStatus> receiving, Task<GridException> stop, CancellationToken cancel)
    {
        var first = await Task.WhenAny(pumping, receiving, stop).ConfigureAwait(false);
        if (first == receiving)
        {
            try
            {
                return (await receiving.ConfigureAwait(false), null);
            }
            catch (WebSocketException e) when (e.WebSocketErrorCode == WebSocketError.Faulted)
            {
                // What came is no WebSocket message. The client has been told so, and gets a moment to read it.
                await Task.Delay(ClosePatience, _time, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return (WebSocketCloseStatus.InvalidPayloadData, null);
            }
        }

        if (first == pumping)
        {
            await pumping.ConfigureAwait(false);
        }

        var reason = first == stop ? await stop.ConfigureAwait(false) : Stopping();
        if (reason.Code != GridErrorCode.Stopping)
        {
            return (WebSocketCloseStatus.PolicyViolation, StreamReply.Error(null, reason));
        }

        // So that the client can go on where it was with another run of the grid.
        await _pump.SettleAsync(SettlePatience).ConfigureAwait(false);
        return (WebSocketCloseStatus.EndpointUnavailable, StreamReply.Error(null, reason));
    }

    private static GridException Stopping() => new(GridErrorCode.Stopping, "the server is stopping");

    private async ValueTask SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancel)
    {
        _sending.CancelAfter(_options.SendTimeout);
        var sending = _socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, _sending.Token);
        await sending.ConfigureAwait(false);
        _sending.CancelAfter(Timeout.InfiniteTimeSpan);
        cancel.ThrowIfCancellationRequested();
    }

    private async Task CloseAsync(WebSocketCloseStatus status, Task receiving)
    {
        _sending.CancelAfter(ClosePatience);
        if (_socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
        {
            await _socket.CloseOutputAsync(status, statusDescription: null, _sending.Token).ConfigureAwait(false);
        }

        // The client's answer: without waiting for it, what was sent last might never arrive.
        await receiving.WaitAsync(_sending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var rest = new byte[ReceiveBytesAtFirst];
        while (_socket.State == WebSocketState.CloseSent)
        {
            await _socket.ReceiveAsync(rest.AsMemory(), _sending.Token).ConfigureAwait(false);
        }
    }

    // Takes messages until the client ends, or does what ends the connection.
    private async Task<WebSocketCloseStatus> ReceiveAsync(CancellationToken cancel)
    {
        var buffer = new byte[ReceiveBytesAtFirst];
        var filled = 0;
        while (true)
        {
            var received = await OffSocketThread.ThenAsync(_socket.ReceiveAsync(buffer.AsMemory(filled), cancel)).ConfigureAwait(false);
            filled += received.Count;
            if (received.MessageType == WebSocketMessageType.Close)
            {
                return WebSocketCloseStatus.NormalClosure;
            }

            if (received.MessageType == WebSocketMessageType.Binary)
            {
                await RefuseAsync(null, new GridException(GridErrorCode.Malformed, "a message is binary; messages are JSON as text"), cancel).ConfigureAwait(false);
                return WebSocketCloseStatus.InvalidMessageType;
            }

            if (filled > _options.MessageBytesMax)
            {
                await RefuseAsync(
                    null,
                    new GridException(GridErrorCode.TooLarge, $"a message has more than {_options.MessageBytesMax} bytes, which is the limit (option Stream:{nameof(StreamOptions.MessageBytesMax)})"),
                    cancel).ConfigureAwait(false);
                return WebSocketCloseStatus.MessageTooBig;
            }

            if (received.EndOfMessage)
            {
                await AnswerAsync(buffer.AsMemory(0, filled), cancel).ConfigureAwait(false);
                filled = 0;
            }
            else if (filled == buffer.Length)
            {
                Array.Resize(ref buffer, Math.Min(buffer.Length * 2, _options.MessageBytesMax + 1));
            }
        }
    }

    private async ValueTask AnswerAsync(ReadOnlyMemory<byte> message, CancellationToken cancel)
    {
        ulong? id = null;
        try
        {
            var command = StreamCommand.Read(message, out id);
            switch (command.Op)
            {
                case StreamOp.Subscribe:
                    await SubscribeAsync(command, cancel).ConfigureAwait(false);
                    break;
                case StreamOp.Unsubscribe:
                    var ended = _pump.Find(command.Id)
                        ?? throw new GridException(GridErrorCode.BadArgument, $"there is no subscription {command.Id}");
                    _pump.Remove(ended);
                    await _pump.ReplyAsync(StreamReply.Unsubscribed(command.Id), cancel).ConfigureAwait(false);
                    break;
                default:
                    await _pump.ReplyAsync(StreamReply.Pong(), cancel).ConfigureAwait(false);
                    break;
            }
        }
        catch (GridException refusal)
        {
            await RefuseAsync(id, refusal, cancel).ConfigureAwait(false);
        }
    }

    private async ValueTask SubscribeAsync(StreamCommand command, CancellationToken cancel)
    {
        if (_pump.Find(command.Id) is not null)
        {
            throw new GridException(GridErrorCode.BadArgument, $"subscription {command.Id} exists already");
        }

        if (_pump.Count >= _options.SubscriptionsMax)
        {
            throw new GridException(
                GridErrorCode.TooLarge, $"the connection has {_options.SubscriptionsMax} subscriptions, which is the limit (option Stream:{nameof(StreamOptions.SubscriptionsMax)})");
        }

        var request = command.Request!.Finish(_options);
        var subscription = new StreamSubscription(command.Id, command.Request.Interval, _pump.Signal);
        var answer = subscription.Begin(_grid, request);
        try
        {
            await _pump.ReplyAsync(StreamReply.Subscribed(command.Id, request, answer), cancel).ConfigureAwait(false);
        }
        catch
        {
            subscription.Dispose();
            throw;
        }

        _pump.Add(subscription);
    }

    private ValueTask RefuseAsync(ulong? id, GridException refusal, CancellationToken cancel) =>
        _pump.ReplyAsync(StreamReply.Error(id, refusal), cancel);
}
