using Grid.Domain;
using Grid.Domain.Feed;
using Grid.Gateway.Access;
using Grid.Gateway.Publishing;
using Grid.Runtime;
using Microsoft.Extensions.Logging;

namespace Grid.Gateway.Feed;

/// <summary>
/// One client's connection: a reader that hands frames to the session, and a writer of its own for what goes back. The
/// reader stops while the grid is full, and the client's kernel holds what it sends: that is the backpressure.
/// </summary>
internal sealed class FeedConnection : IFeedListener, IDisposable
{
    private const string HowTo = "an Authenticate frame before Hello brings it (option ApiKey of the client, --key of 'grid feed')";

    private readonly FeedTransport _transport;
    private readonly Gatekeeper _gatekeeper;
    private readonly IGrid _grid;
    private readonly FeedOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly string _peer;
    private readonly string _operation;
    private readonly FeedOutbox _outbox = new();

    // The reader's own: unread bytes, and the place of the first of them.
    private readonly ReceiveBuffer _buffer;
    private FeedPlace _place = new(Frame: 1, Byte: 0);
    private readonly FeedAdmission _admission;
    private AccessLease? _lease;

    // Its reason is why the server closes the connection; null if the client does.
    private readonly ConnectionEnd<GridException> _end = new();

    // Null until Hello was answered. Set by the reader, looked at by the sweep.
    private volatile FeedSession? _session;

    // When the reader began to wait for the frame that it waits for; 0 while it is not waiting. Looked at by the sweep.
    private long _waitingSince;

    // The sweep's own: true if the last one found the reader busy.
    private bool _wasBusy;

    /// <param name="transport">Is closed with the connection.</param>
    /// <param name="gatekeeper">Says who may feed.</param>
    /// <param name="grid">Where the batches go.</param>
    /// <param name="options">The server's.</param>
    /// <param name="operation">Names the connection in the logs.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">The server's.</param>
    public FeedConnection(FeedTransport transport, Gatekeeper gatekeeper, IGrid grid, FeedOptions options, string operation, TimeProvider time, ILogger log)
    {
        _transport = transport;
        _gatekeeper = gatekeeper;
        _admission = new FeedAdmission(gatekeeper, transport, "feed", HowTo);
        _operation = operation;
        _grid = grid;
        _options = options;
        _time = time;
        _log = log;
        _peer = transport.Peer?.ToString() ?? "unknown";
        _buffer = new ReceiveBuffer(options.ReceiveBufferBytes);
        _waitingSince = time.GetTimestamp();
    }

    /// <summary>Serves the connection to its end; never throws.</summary>
    public async Task RunAsync()
    {
        // All that is logged on the way of this connection carries its name.
        using var scope = _log.BeginScope(new Dictionary<string, object> { ["OperationId"] = _operation });
        var opening = _transport.OpenAsync(_end.Token);
        var writing = WriteAsync(opening);
        var closedByClient = false;
        try
        {
            await opening;
            await ReceiveAsync(_end.Token);
            closedByClient = true;
        }
        catch (GridException refusal)
        {
            Close(refusal);
        }
        catch (Exception e) when (e is OperationCanceledException || FeedTransport.IsGone(e))
        {
            // The reason is set, or the client went away in the middle of something.
            if (opening.IsFaulted)
            {
                FeedLog.NoHandshake(_log, _peer, e.Message);
            }
        }
        catch (Exception e)
        {
            FeedLog.Unexpected(_log, _peer, e);
            Close(new GridException(GridErrorCode.StorageFailed, "the server failed on this connection; its log says why"));
        }

        _buffer.Release();
        await CloseAsync(writing, closedByClient);
        Dispose();
    }

    /// <summary>Ends the connection with a last error to the client; the first reason wins. Never waits.</summary>
    public void Close(GridException reason) => _end.Close(reason);

    /// <summary>
    /// Is called from time to time. Ends the connection if its client was silent for too long; if it is the grid that takes
    /// its time, the client is given a sign of life.
    /// </summary>
    public void Sweep()
    {
        var since = Volatile.Read(ref _waitingSince);
        if (since == 0)
        {
            if (_wasBusy && _session is not null)
            {
                _outbox.TryPost(FeedHeader.Empty(FeedFrameType.Pong, 0));
            }

            _wasBusy = true;
            return;
        }

        _wasBusy = false;
        var silent = _time.GetElapsedTime(since);
        if (_session is null && silent > _options.HelloTimeout)
        {
            Close(new GridException(GridErrorCode.TimedOut, $"no whole Hello came within {_options.HelloTimeout.TotalSeconds} s of connecting"));
        }
        else if (silent > _options.IdleTimeout)
        {
            Close(new GridException(GridErrorCode.TimedOut, $"no whole frame came within {_options.IdleTimeout.TotalSeconds} s; Ping keeps a connection open"));
        }
    }

    public void Dispose()
    {
        _lease?.Dispose();
        _transport.Dispose();
        _end.Dispose();
    }

    void IFeedListener.Acknowledged(in Acknowledgement acknowledgement) => _outbox.Acknowledge(in acknowledgement);

    void IFeedListener.Closed(GridException reason) => Close(reason);

    private async Task WriteAsync(Task opening)
    {
        try
        {
            await opening;
            await _outbox.WriteAsync(_transport, LastFrame, CancellationToken.None);
        }
        catch (Exception e) when (e is OperationCanceledException || FeedTransport.IsGone(e))
        {
            // Nobody reads any more; the reader finds the same or is told.
            await _end.CancelAsync();
        }
    }

    private byte[]? LastFrame() => _end.Reason is { } reason ? new ErrorFrame(reason.Code, reason.Message).ToFrame(batch: 0, isFatal: true) : null;

    private async Task ReceiveAsync(CancellationToken cancel)
    {
        while (true)
        {
            var payloadMax = _session is null ? HelloFrame.PayloadBytesMax : FeedProtocol.PayloadBytesMax;
            var fault = FeedHeader.TryRead(_buffer.Unread.Span, payloadMax, out var header);
            if (fault == FeedFault.None)
            {
                Volatile.Write(ref _waitingSince, 0);
                if (!await HandleAsync(header, _buffer.Unread.Slice(FeedHeader.Bytes, (int)header.PayloadLength), cancel))
                {
                    return;
                }

                _buffer.Handled(header.FrameBytes);
                _place = new FeedPlace(_place.Frame + 1, _place.Byte + header.FrameBytes);
                Volatile.Write(ref _waitingSince, _time.GetTimestamp());
            }
            else if (fault != FeedFault.Incomplete)
            {
                throw Refused(FeedHeader.Explain(fault, header, _buffer.Unread.Span, payloadMax, _place.ToString()));
            }
            else if (!await FillAsync(header.FrameBytes, cancel))
            {
                return;
            }
        }
    }

    // False at the end of the client's bytes.
    private async ValueTask<bool> FillAsync(int frameBytes, CancellationToken cancel)
    {
        if (_buffer.IsEmpty)
        {
            // An idle connection waits without a buffer: a thousand of them cost a thousand sockets, not 512 MB.
            _buffer.Release();
            await _transport.WaitAsync(cancel);
        }

        _buffer.EnsureRoom(frameBytes);
        var received = await _transport.ReceiveAsync(_buffer.Free, cancel);
        _buffer.Received(received);
        if (received == 0 && !_buffer.IsEmpty)
        {
            FeedLog.HalfFrame(_log, _peer, _place, _buffer.Unread.Length);
        }

        return received > 0;
    }

    // False if the client said Bye.
    private ValueTask<bool> HandleAsync(FeedHeader header, ReadOnlyMemory<byte> payload, CancellationToken cancel) =>
        _session is { } session ? session.HandleAsync(header, payload, _place, cancel) : OpenAsync(header, payload, cancel);

    private async ValueTask<bool> OpenAsync(FeedHeader header, ReadOnlyMemory<byte> payload, CancellationToken cancel)
    {
        if (header is { Type: FeedFrameType.Authenticate, Flags: 0 })
        {
            if (_admission.HasKey)
            {
                throw new GridException(GridErrorCode.Malformed, $"{_place}: Authenticate came again; it comes once, before Hello");
            }

            _admission.Authenticate(payload.Span);
            return true;
        }

        if (header.Type != FeedFrameType.Hello)
        {
            throw new GridException(GridErrorCode.Malformed, $"{_place} has the type {(byte)header.Type} ({header.Type}); the first frame must be Hello (1)");
        }

        if (!HelloFrame.TryRead(payload.Span, out var hello, out var refusal))
        {
            throw Refused(refusal);
        }

        EventPublisher.RequireOther(hello.Producer);
        _lease = _admission.Enter();
        _lease.Caller.RequireProducer(hello.Producer);
        _lease.Ended.UnsafeRegister(static c => ((FeedConnection)c!).Close(((FeedConnection)c)._lease!.Reason!), this);
        var feed = await _grid.OpenFeedAsync(new FeedHello(hello.Producer, hello.Epoch, (AckLevel)hello.Ack), this, cancel);
        _outbox.StartAfter(feed.LastDurableBatch);
        var welcome = new WelcomeFrame(FeedProtocol.PayloadBytesMax, GridLimits.BatchEventsMax, _options.OutstandingBatchesMax);
        _outbox.TryPost(welcome.ToFrame(feed.LastDurableBatch));
        _session = new FeedSession(feed, _outbox, _options.OutstandingBatchesMax, _gatekeeper, _lease.Caller);
        FeedLog.Opened(_log, _peer, _lease.Caller.KeyId, hello.Producer, hello.Epoch, feed.LastDurableBatch);
        return true;
    }

    private async Task CloseAsync(Task writing, bool closedByClient)
    {
        // From here on the client has so long to take what is still to be said; then the socket is closed under it.
        await using var linger = _time.CreateTimer(static t => ((FeedTransport)t!).Dispose(), _transport, _options.LingerTimeout, Timeout.InfiniteTimeSpan);
        try
        {
            if (_session is { } session)
            {
                await session.DisposeAsync();
            }
        }
        catch (Exception e)
        {
            FeedLog.Unexpected(_log, _peer, e);
        }

        _outbox.Complete();
        await writing;
        FeedLog.Closed(_log, _peer, _place.Frame - 1, _end.Reason?.Message ?? (closedByClient ? "the client closed it" : "the client is gone"));
        try
        {
            await _transport.EndSendingAsync();
            if (!closedByClient)
            {
                // One that is closed with unread bytes resets the connection, and the client may never see the last error.
                await _transport.DrainAsync();
            }
        }
        catch (Exception e) when (FeedTransport.IsGone(e))
        {
            // It is closed already.
        }
    }

    private GridException Refused(FeedRefusal refusal)
    {
        var place = _place.ToString();
        return new(refusal.Code, refusal.Message.StartsWith(place, StringComparison.Ordinal) ? refusal.Message : $"{place}: {refusal.Message}");
    }
}

/// <summary>A place on a connection, for messages. Frames count from 1, bytes from 0.</summary>
internal readonly record struct FeedPlace(long Frame, long Byte)
{
    public override string ToString() => $"frame {Frame} at byte {Byte}";
}
