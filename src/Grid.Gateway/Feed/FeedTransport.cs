using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Grid.Gateway.Tls;

namespace Grid.Gateway.Feed;

/// <summary>
/// A socket, or TLS over it. Without TLS every call goes to the socket itself: one comparison is all that the plain feed
/// pays. One thread receives and one sends at a time.
/// </summary>
internal sealed class FeedTransport(Socket socket, TlsIdentity? identity = null) : IDisposable
{
    private readonly SslStream? _tls = identity is null ? null : new SslStream(new NetworkStream(socket, ownsSocket: false), leaveInnerStreamOpen: false);

    /// <summary>The other end; null if it is gone already.</summary>
    public IPEndPoint? Peer { get; } = socket.RemoteEndPoint as IPEndPoint;

    /// <summary>The certificate that the client showed; null without.</summary>
    public X509Certificate2? ClientCertificate => _tls?.RemoteCertificate as X509Certificate2;

    /// <summary>What the client's certificate is worth; null without TLS.</summary>
    public TlsIdentity? Identity => identity;

    /// <summary>True if an exception says that the other end is gone, or does not speak as it should below the frames.</summary>
    public static bool IsGone(Exception e) => e is SocketException or ObjectDisposedException or IOException or AuthenticationException;

    /// <summary>Makes the handshake, if there is one to make.</summary>
    public Task OpenAsync(CancellationToken cancel) => _tls is null ? Task.CompletedTask : _tls.AuthenticateAsServerAsync(identity!.ServerOptions(), cancel);

    /// <summary>Waits until there is something to receive, without a buffer.</summary>
    public ValueTask<int> WaitAsync(CancellationToken cancel)
    {
        if (_tls is not null)
        {
            return _tls.ReadAsync(Memory<byte>.Empty, cancel);
        }

        return socket.Available == 0 ? socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None, cancel) : new(0);
    }

    public ValueTask<int> ReceiveAsync(Memory<byte> buffer, CancellationToken cancel) =>
        _tls is null ? socket.ReceiveAsync(buffer, SocketFlags.None, cancel) : _tls.ReadAsync(buffer, cancel);

    public async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        if (_tls is not null)
        {
            await _tls.WriteAsync(bytes, cancel);
            return;
        }

        while (!bytes.IsEmpty)
        {
            bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None, cancel)..];
        }
    }

    /// <summary>Says that nothing more is sent.</summary>
    public async ValueTask EndSendingAsync()
    {
        if (_tls is { IsAuthenticated: true })
        {
            await _tls.ShutdownAsync();
        }

        socket.Shutdown(SocketShutdown.Send);
    }

    /// <summary>Passes over what still comes, to its end.</summary>
    public async Task DrainAsync()
    {
        var unread = new byte[4096];
        while (await socket.ReceiveAsync(unread, SocketFlags.None) > 0)
        {
        }
    }

    /// <summary>Closes the socket, under whoever uses it.</summary>
    public void Dispose()
    {
        socket.Dispose();
        _tls?.Dispose();
    }
}
