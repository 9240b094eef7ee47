using System.Buffers;
using Grid.Domain;
using Grid.Gateway.Access;
using Grid.Gateway.Feed;
using Grid.Gateway.Publishing;
using Microsoft.Extensions.Logging;

namespace Grid.Gateway.Ilp;

/// <summary>
/// One client's connection. What was received is taken in with a feed that is lent for that long; while the grid is full, or
/// all feeds are lent, nothing is read, and the client's kernel holds what it sends: that is the backpressure.
/// </summary>
internal sealed class IlpConnection : IDisposable
{
    private const int ReceiveBytes = 64 << 10;
    private const int FaultsLoggedMax = 20;
    private const string HowTo = "the first line brings it, alone, or a client certificate stands for it";

    private readonly FeedTransport _transport;
    private readonly Gatekeeper _gatekeeper;
    private readonly EventPublisher _publisher;
    private readonly IlpServer _server;
    private readonly IlpOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly string _peer;
    private readonly string _operation;
    private readonly FeedAdmission _admission;
    private readonly IlpKeyLine _keyLine = new();
    private readonly RowIntake _intake;
    private readonly ConnectionEnd<string> _end = new();

    // The reader's own. Without a lease nothing is taken.
    private AccessLease? _lease;
    private PublicationTerms? _terms;
    private long _events;
    private long _refused;

    // When the line that is waited for began to be waited for, and whether it has begun; 0 while nothing is waited for. Looked at by the sweep.
    private long _waitingSince;
    private volatile bool _isInLine;
    private volatile bool _isAdmitted;

    /// <param name="transport">Is closed with the connection.</param>
    /// <param name="gatekeeper">Says who may write.</param>
    /// <param name="rows">The format.</param>
    /// <param name="publisher">Where the events go.</param>
    /// <param name="server">Counts what is refused.</param>
    /// <param name="operation">Names the connection in the logs.</param>
    /// <param name="options">The server's.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">The server's.</param>
    public IlpConnection(
        FeedTransport transport, Gatekeeper gatekeeper, IlpRows rows, EventPublisher publisher, IlpServer server, string operation, IlpOptions options, TimeProvider time, ILogger log)
    {
        _transport = transport;
        _gatekeeper = gatekeeper;
        _operation = operation;
        _admission = new FeedAdmission(gatekeeper, transport, "ilp", HowTo);
        _publisher = publisher;
        _server = server;
        _options = options;
        _time = time;
        _log = log;
        _peer = transport.Peer?.ToString() ?? "unknown";
        _intake = new RowIntake(rows, options.Source, options.LineBytesMax, Refuse);
        _waitingSince = time.GetTimestamp();
    }

    /// <summary>Serves the connection to its end; never throws.</summary>
    public async Task RunAsync()
    {
        // All that is logged on the way of this connection carries its name.
        using var scope = _log.BeginScope(new Dictionary<string, object> { ["OperationId"] = _operation });
        var opening = _transport.OpenAsync(_end.Token);
        try
        {
            await opening;
            await ReceiveAsync(_end.Token);
            Close(_intake.IsInRow ? "the client closed it in the middle of a line, which is not taken" : "the client closed it");
        }
        catch (GridException refusal)
        {
            Close(refusal.Message);
        }
        catch (Exception e) when (e is OperationCanceledException || FeedTransport.IsGone(e))
        {
            if (opening.IsFaulted)
            {
                IlpLog.NoHandshake(_log, _peer, e.Message);
            }

            Close("the client is gone");
        }
        catch (Exception e)
        {
            IlpLog.Unexpected(_log, _peer, e);
            Close("the server failed");
        }

        IlpLog.Closed(_log, _peer, _events, _refused, _end.Reason!);
        try
        {
            await _transport.EndSendingAsync();
        }
        catch (Exception e) when (FeedTransport.IsGone(e))
        {
            // It is closed already.
        }

        Dispose();
    }

    /// <summary>Ends the connection; the first reason wins. Never waits.</summary>
    public void Close(string reason) => _end.Close(reason);

    /// <summary>Is called from time to time. Ends the connection if its client was silent for too long.</summary>
    public void Sweep()
    {
        var since = Volatile.Read(ref _waitingSince);
        if (since == 0)
        {
            return;
        }

        var silent = _time.GetElapsedTime(since);
        if (!_isAdmitted && silent > _options.LineTimeout)
        {
            Close($"no key came within {_options.LineTimeout.TotalSeconds} s of connecting (option {nameof(IlpOptions.LineTimeout)})");
        }
        else if (_isInLine && silent > _options.LineTimeout)
        {
            Close($"a line did not end within {_options.LineTimeout.TotalSeconds} s (option {nameof(IlpOptions.LineTimeout)})");
        }
        else if (silent > _options.IdleTimeout)
        {
            Close($"no whole line came within {_options.IdleTimeout.TotalSeconds} s (option {nameof(IlpOptions.IdleTimeout)})");
        }
    }

    public void Dispose()
    {
        _lease?.Dispose();
        _transport.Dispose();
        _end.Dispose();
    }

    private async Task ReceiveAsync(CancellationToken cancel)
    {
        if (_admission.TryEnter() is { } lease)
        {
            Admit(lease);
        }

        while (true)
        {
            // An idle connection waits without a buffer.
            await _transport.WaitAsync(cancel);
            await PaceAsync(cancel);
            var buffer = ArrayPool<byte>.Shared.Rent(ReceiveBytes);
            try
            {
                var received = await _transport.ReceiveAsync(buffer.AsMemory(), cancel);
                if (received == 0)
                {
                    return;
                }

                await HandleAsync(buffer.AsMemory(0, received), cancel);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    private async Task HandleAsync(ReadOnlyMemory<byte> received, CancellationToken cancel)
    {
        if (!_keyLine.IsDecided)
        {
            if (!_keyLine.TryDecide(ref received))
            {
                return;
            }

            if (_keyLine.IsKey)
            {
                _admission.Authenticate(_keyLine.Held.Span);
            }

            if (_keyLine.IsKey || _lease is null)
            {
                Admit(_admission.Enter());
                await PaceAsync(cancel);
            }

            if (!_keyLine.IsKey)
            {
                await TakeAsync(_keyLine.Held);
            }
        }

        await TakeAsync(received);
    }

    private void Admit(AccessLease lease)
    {
        _lease?.Dispose();
        _lease = lease;
        _terms = new PublicationTerms(lease.Caller, AwaitsOutcomes: false);
        _isAdmitted = true;
        lease.Ended.UnsafeRegister(static c => ((IlpConnection)c!).Close(((IlpConnection)c)._lease!.Reason!.Message), this);
        IlpLog.Opened(_log, _peer, lease.Caller.KeyId);
    }

    // Nothing is dropped: the connection is not read for as long as its key has used up its rate.
    private async ValueTask PaceAsync(CancellationToken cancel)
    {
        if (_lease is null || _gatekeeper.RateOf(_lease.Caller) is not { } rate)
        {
            return;
        }

        var since = _waitingSince;
        var begun = _time.GetTimestamp();
        Volatile.Write(ref _waitingSince, 0);
        await rate.TakeAsync(cancel);
        Volatile.Write(ref _waitingSince, since + _time.GetTimestamp() - begun);
    }

    // What was received is taken in whatever ends the connection meanwhile.
    private async Task TakeAsync(ReadOnlyMemory<byte> received)
    {
        if (received.IsEmpty)
        {
            return;
        }

        // Bytes that end no line do not begin the waiting anew, so that one byte now and then keeps no connection open.
        var since = _waitingSince;
        Volatile.Write(ref _waitingSince, 0);
        var before = _events + _refused;
        while (!received.IsEmpty)
        {
            await using var publication = await _publisher.BeginAsync(_terms!, CancellationToken.None);
            _intake.Target = publication;
            received = received[_intake.Consume(received.Span)..];
            await publication.CompleteAsync(CancellationToken.None);
            _events += publication.Events;
        }

        var wasInLine = _isInLine;
        _isInLine = _intake.IsInRow;
        var isSameLine = wasInLine && _isInLine && before == _events + _refused;
        Volatile.Write(ref _waitingSince, isSameLine ? since : _time.GetTimestamp());
    }

    private void Refuse(PlacedFault fault)
    {
        _refused++;
        _server.CountRefused();
        if (_refused <= FaultsLoggedMax)
        {
            IlpLog.Refused(_log, _peer, fault.ToString());
        }
        else if (_refused == FaultsLoggedMax + 1)
        {
            IlpLog.OnlyCountedFromNow(_log, _peer, _refused);
        }
    }
}
