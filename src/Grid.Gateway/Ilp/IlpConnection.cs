using System.Buffers;
using System.Net.Sockets;
using Grid.Domain;
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
    private static readonly PublicationTerms Terms = new(AwaitsOutcomes: false);

    private readonly Socket _socket;
    private readonly EventPublisher _publisher;
    private readonly IlpServer _server;
    private readonly IlpOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly string _peer;
    private readonly RowIntake _intake;
    private readonly CancellationTokenSource _end = new();
    private string? _reason;

    // The reader's own.
    private long _events;
    private long _refused;

    // When the line that is waited for began to be waited for, and whether it has begun; 0 while nothing is waited for. Looked at by the sweep.
    private long _waitingSince;
    private volatile bool _isInLine;

    public IlpConnection(Socket socket, IlpRows rows, EventPublisher publisher, IlpServer server, IlpOptions options, TimeProvider time, ILogger log)
    {
        _socket = socket;
        _publisher = publisher;
        _server = server;
        _options = options;
        _time = time;
        _log = log;
        _peer = socket.RemoteEndPoint?.ToString() ?? "unknown";
        _intake = new RowIntake(rows, options.Source, options.LineBytesMax, Refuse);
        _waitingSince = time.GetTimestamp();
    }

    /// <summary>Serves the connection to its end; never throws.</summary>
    public async Task RunAsync()
    {
        IlpLog.Opened(_log, _peer);
        try
        {
            await ReceiveAsync(_end.Token);
            Close(_intake.IsInRow ? "the client closed it in the middle of a line, which is not taken" : "the client closed it");
        }
        catch (GridException refusal)
        {
            Close(refusal.Message);
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            Close("the client is gone");
        }
        catch (Exception e)
        {
            IlpLog.Unexpected(_log, _peer, e);
            Close("the server failed");
        }

        IlpLog.Closed(_log, _peer, _events, _refused, _reason!);
        Dispose();
    }

    /// <summary>Ends the connection; the first reason wins. Never waits.</summary>
    public void Close(string reason)
    {
        if (Interlocked.CompareExchange(ref _reason, reason, null) is not null)
        {
            return;
        }

        try
        {
            _ = _end.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // The connection ended by itself at this moment.
        }
    }

    /// <summary>Is called from time to time. Ends the connection if its client was silent for too long.</summary>
    public void Sweep()
    {
        var since = Volatile.Read(ref _waitingSince);
        if (since == 0)
        {
            return;
        }

        var silent = _time.GetElapsedTime(since);
        if (_isInLine && silent > _options.LineTimeout)
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
        _socket.Dispose();
        _end.Dispose();
    }

    private async Task ReceiveAsync(CancellationToken cancel)
    {
        while (true)
        {
            // An idle connection waits without a buffer.
            if (_socket.Available == 0)
            {
                await _socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None, cancel);
            }

            var buffer = ArrayPool<byte>.Shared.Rent(ReceiveBytes);
            try
            {
                var received = await _socket.ReceiveAsync(buffer.AsMemory(), SocketFlags.None, cancel);
                if (received == 0)
                {
                    return;
                }

                await TakeAsync(buffer.AsMemory(0, received));
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    // What was received is taken in whatever ends the connection meanwhile.
    private async Task TakeAsync(ReadOnlyMemory<byte> received)
    {
        // Bytes that end no line do not begin the waiting anew, so that one byte now and then keeps no connection open.
        var since = _waitingSince;
        Volatile.Write(ref _waitingSince, 0);
        var before = _events + _refused;
        while (!received.IsEmpty)
        {
            await using var publication = await _publisher.BeginAsync(Terms, CancellationToken.None);
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
