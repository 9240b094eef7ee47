using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Threading.Channels;
using Grid.Domain;
using Grid.Domain.Feed;
using Grid.Domain.Identifiers;

namespace Grid.Client.Feed;

/// <summary>One connection to the server, from its Welcome to its end. A sender and a receiver run side by side.</summary>
internal sealed class FeedLink : IAsyncDisposable
{
    private const int NamesFrameBytes = 64 << 10;
    private const int SilentPeriodsMax = 3;
    private static readonly NameKind[] Kinds = [NameKind.Source, NameKind.Venue, NameKind.Channel, NameKind.Instrument];

    private readonly Socket _socket;
    private SslStream? _tls;
    private readonly FeedClientOptions _options;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _end = new();

    // The receiver's: bytes [_start, _filled) are unread.
    private readonly byte[] _buffer = new byte[4 * (FeedHeader.Bytes + FeedProtocol.ReplyPayloadBytesMax)];
    private int _start;
    private int _filled;

    // The sender's: what was announced over this connection, and whether a frame was left half sent.
    private readonly int[] _announced = new int[4];
    private int _declared;
    private bool _isHalfSent;

    private long _receivedAt;
    private int _pingDue;
    private Exception? _reason;

    private FeedLink(Socket socket, FeedClientOptions options, TimeProvider time)
    {
        _socket = socket;
        _options = options;
        _time = time;
        _receivedAt = time.GetTimestamp();
    }

    /// <summary>What the server allows.</summary>
    public WelcomeFrame Welcome { get; private set; }

    /// <summary>The last batch that the server had when the connection was made.</summary>
    public ulong LastDurableBatch { get; private set; }

    /// <summary>Connects, says Hello and waits for Welcome.</summary>
    /// <exception cref="GridException">The server refuses, cannot be reached or does not answer in time.</exception>
    /// <exception cref="IOException">A certificate of the options cannot be used.</exception>
    public static async Task<FeedLink> OpenAsync(FeedClientOptions options, ulong epoch, TimeProvider time, CancellationToken cancel)
    {
        var authentication = options.Tls?.ToAuthentication(options.Server is DnsEndPoint name ? name.Host : ((IPEndPoint)options.Server).Address.ToString());
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        var link = new FeedLink(socket, options, time);
        using var timeout = new CancellationTokenSource(options.ConnectTimeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancel);
        try
        {
            await socket.ConnectAsync(options.Server, both.Token);
            await link.AuthenticateAsync(authentication, both.Token);
            await link.SendAsync(new HelloFrame(options.Producer, epoch, options.Ack).ToFrame(), both.Token);
            await link.WelcomeAsync(both.Token);
            return link;
        }
        catch (Exception e)
        {
            await link.DisposeAsync();
            throw e switch
            {
                OperationCanceledException when !cancel.IsCancellationRequested => new GridException(
                    GridErrorCode.Unreachable, $"the server {options.Server} did not answer within {options.ConnectTimeout.TotalSeconds} s", e),
                AuthenticationException => new GridException(
                    GridErrorCode.TlsFailed, $"no TLS with the server {options.Server}: {(e.InnerException ?? e).Message}", e),
                EndOfStreamException => new GridException(
                    GridErrorCode.Unreachable,
                    $"the server {options.Server} closed the connection without an answer{(options.Tls is null ? ", as one with TLS does where the client has none (option Tls, --tls)" : string.Empty)}",
                    e),
                SocketException or IOException => new GridException(GridErrorCode.Unreachable, $"the server {options.Server} cannot be reached: {e.Message}", e),
                _ => e,
            };
        }
    }

    /// <summary>Sends and receives until the connection ends; gives the reason, null if <paramref name="stop"/> asked for it.</summary>
    public async Task<Exception?> RunAsync(BatchWindow window, FeedDictionary dictionary, Channel<bool> wake, CancellationToken stop)
    {
        await using var stopping = stop.UnsafeRegister(static link => ((FeedLink)link!).End(null), this);
        await using var keepAlive = _time.CreateTimer(_ => KeepAlive(wake), null, _options.KeepAlive, _options.KeepAlive);
        await Task.WhenAll(
            Task.Run(() => EndingAsync(SendAllAsync(window, dictionary, wake, _end.Token)), CancellationToken.None),
            EndingAsync(ReceiveAllAsync(window, wake, _end.Token)));
        return stop.IsCancellationRequested ? null : _reason;
    }

    /// <summary>Says Bye if the connection still stands. Only after <see cref="RunAsync"/> has ended.</summary>
    public async Task SayByeAsync()
    {
        if (_isHalfSent || _reason is not null)
        {
            return;
        }

        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(1), _time);
        try
        {
            await SendAsync(FeedHeader.Empty(FeedFrameType.Bye, 0), timeout.Token);
            if (_tls is not null)
            {
                await _tls.ShutdownAsync();
            }

            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
        {
            // The server finds out by the end of the connection.
        }
    }

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        _tls?.Dispose();
        _end.Dispose();
        return ValueTask.CompletedTask;
    }

    // TLS, and then the key: it never goes where others could read it.
    private async Task AuthenticateAsync(SslClientAuthenticationOptions? authentication, CancellationToken cancel)
    {
        if (authentication is not null)
        {
            _tls = new SslStream(new NetworkStream(_socket, ownsSocket: false));
            await _tls.AuthenticateAsClientAsync(authentication, cancel);
        }

        if (_options.ApiKey is not { } key)
        {
            return;
        }

        if (_tls is null && !(_socket.RemoteEndPoint is IPEndPoint server && IPAddress.IsLoopback(server.Address)))
        {
            throw new GridException(
                GridErrorCode.TlsFailed, $"the key is not sent to {_options.Server} without TLS (option Tls, --tls), as others could read it on the way");
        }

        await SendAsync(AuthenticateFrame.ToFrame(key), cancel);
    }

    private async Task WelcomeAsync(CancellationToken cancel)
    {
        var header = await ReadFrameAsync(cancel);
        var payload = Payload(header);
        if (header.Type == FeedFrameType.Error)
        {
            throw Refusal(header, payload);
        }

        if (header.Type != FeedFrameType.Welcome)
        {
            throw new GridException(GridErrorCode.Malformed, $"the server answers Hello with a frame of type {(byte)header.Type}; Welcome ({(byte)FeedFrameType.Welcome}) or Error is expected");
        }

        if (!WelcomeFrame.TryRead(payload.Span, out var welcome, out var refusal))
        {
            throw new GridException(refusal.Code, refusal.Message);
        }

        Welcome = welcome;
        LastDurableBatch = header.Number;
        _start += header.FrameBytes;
    }

    private async Task SendAllAsync(BatchWindow window, FeedDictionary dictionary, Channel<bool> wake, CancellationToken cancel)
    {
        var names = new byte[NamesFrameBytes];
        while (true)
        {
            if (Interlocked.Exchange(ref _pingDue, 0) == 1)
            {
                await SendAsync(FeedHeader.Empty(FeedFrameType.Ping, 0), cancel);
            }

            await AnnounceAsync(dictionary, dictionary.Size, names, cancel);
            if (!window.TryBeginSend(out var batch))
            {
                await wake.Reader.ReadAsync(cancel);
                continue;
            }

            try
            {
                await AnnounceAsync(dictionary, batch.Needs, names, cancel);
                await SendAsync(batch.Seal(), cancel);
            }
            finally
            {
                window.EndSend(batch);
            }
        }
    }

    private async ValueTask AnnounceAsync(FeedDictionary dictionary, DictionarySize upTo, byte[] frame, CancellationToken cancel)
    {
        foreach (var kind in Kinds)
        {
            while (_announced[(int)kind] < upTo[kind])
            {
                var length = NamesFrame.Write(frame, kind, dictionary.Names[kind], _announced[(int)kind] + 1, upTo[kind], out var count);
                await SendAsync(frame.AsMemory(0, length), cancel);
                _announced[(int)kind] += count;
            }
        }

        for (; _declared < upTo.Declarations; _declared++)
        {
            await SendAsync(dictionary.SourceFrameAt(_declared), cancel);
        }
    }

    private async Task ReceiveAllAsync(BatchWindow window, Channel<bool> wake, CancellationToken cancel)
    {
        while (true)
        {
            var header = await ReadFrameAsync(cancel);
            switch (header.Type)
            {
                case FeedFrameType.Ack:
                    window.Acknowledge(header.Number, Payload(header).Span);
                    wake.Writer.TryWrite(true);
                    break;
                case FeedFrameType.Error:
                    throw Refusal(header, Payload(header));
                case FeedFrameType.Pong:
                    break;
                default:
                    throw new GridException(GridErrorCode.Malformed, $"the server sent a frame of type {(byte)header.Type}; Ack, Error and Pong are expected");
            }

            _start += header.FrameBytes;
        }
    }

    // The frame stays in the buffer until _start passes it.
    private async ValueTask<FeedHeader> ReadFrameAsync(CancellationToken cancel)
    {
        while (true)
        {
            var unread = _buffer.AsMemory(_start, _filled - _start);
            var fault = FeedHeader.TryRead(unread.Span, FeedProtocol.ReplyPayloadBytesMax, out var header);
            if (fault == FeedFault.None)
            {
                return header;
            }

            if (fault != FeedFault.Incomplete)
            {
                var refusal = FeedHeader.Explain(fault, header, unread.Span, FeedProtocol.ReplyPayloadBytesMax, "a frame of the server");
                throw new GridException(refusal.Code, refusal.Message);
            }

            if (_start > 0)
            {
                unread.CopyTo(_buffer);
                _filled -= _start;
                _start = 0;
            }

            var free = _buffer.AsMemory(_filled);
            var received = _tls is null ? await _socket.ReceiveAsync(free, SocketFlags.None, cancel) : await _tls.ReadAsync(free, cancel);
            if (received == 0)
            {
                throw new EndOfStreamException("the server closed the connection");
            }

            _filled += received;
            Volatile.Write(ref _receivedAt, _time.GetTimestamp());
        }
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        _isHalfSent = true;
        if (_tls is not null)
        {
            await _tls.WriteAsync(bytes, cancel);
            bytes = default;
        }

        while (!bytes.IsEmpty)
        {
            bytes = bytes[await _socket.SendAsync(bytes, SocketFlags.None, cancel)..];
        }

        _isHalfSent = false;
    }

    // The first of the two loops to end takes the other with it.
    private async Task EndingAsync(Task loop)
    {
        try
        {
            await loop;
        }
        catch (Exception e)
        {
            End(e);
        }
    }

    private void End(Exception? reason)
    {
        if (!_end.IsCancellationRequested)
        {
            Interlocked.CompareExchange(ref _reason, reason, null);
            _ = _end.CancelAsync();
        }
    }

    private void KeepAlive(Channel<bool> wake)
    {
        if (_time.GetElapsedTime(Volatile.Read(ref _receivedAt)) > SilentPeriodsMax * _options.KeepAlive)
        {
            End(new IOException($"the server was silent for {SilentPeriodsMax} times {_options.KeepAlive.TotalSeconds} s"));
            return;
        }

        Volatile.Write(ref _pingDue, 1);
        wake.Writer.TryWrite(true);
    }

    private ReadOnlyMemory<byte> Payload(FeedHeader header) => _buffer.AsMemory(_start + FeedHeader.Bytes, (int)header.PayloadLength);

    private static GridException Refusal(FeedHeader header, ReadOnlyMemory<byte> payload)
    {
        if (!ErrorFrame.TryRead(payload.Span, out var error, out var refusal))
        {
            return new GridException(refusal.Code, refusal.Message);
        }

        return new GridException(error.Code, header.Number == 0 ? error.Message : $"batch {header.Number} was refused: {error.Message}");
    }
}
