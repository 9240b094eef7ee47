using System.Net;
using System.Net.Sockets;

namespace Grid.Testing.Postgres;

/// <summary>When a connection is cut that sends COMMIT.</summary>
public enum CommitCut
{
    /// <summary>The server never hears of it.</summary>
    Before,

    /// <summary>The server commits, and its answer is lost.</summary>
    After,
}

/// <summary>Stands before a server on loopback and passes on what is said, until it is told to cut connections.</summary>
public sealed class CuttingRelay : IAsyncDisposable
{
    private static readonly byte[] Commit = "COMMIT"u8.ToArray();

    private readonly int _serverPort;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Lock _gate = new();
    private readonly HashSet<Line> _lines = [];
    private readonly Task _accepting;
    private CommitCut? _cut;
    private long _bytesLeft = long.MaxValue;

    /// <summary>A relay to a port of this machine.</summary>
    public CuttingRelay(int serverPort)
    {
        _serverPort = serverPort;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptAsync();
    }

    /// <summary>Where it listens.</summary>
    public int Port { get; }

    /// <summary>Connections that were cut in COMMIT.</summary>
    public int CommitsCut { get; private set; }

    /// <summary>Cuts the next connection that sends COMMIT.</summary>
    public void CutNextCommit(CommitCut when)
    {
        lock (_gate)
        {
            _cut = when;
        }
    }

    /// <summary>Passes so many bytes more on that the server says, and cuts every connection on which more is said.</summary>
    public void CutAfter(long bytes)
    {
        lock (_gate)
        {
            _bytesLeft = bytes;
        }
    }

    /// <summary>Cuts all connections that there are.</summary>
    public void CutAll()
    {
        lock (_gate)
        {
            foreach (var line in _lines)
            {
                line.Cut();
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _listener.Stop();
        await _accepting;
        CutAll();
        Line[] lines;
        lock (_gate)
        {
            lines = [.. _lines];
        }

        await Task.WhenAll(lines.Select(l => l.Passing));
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                var client = await _listener.AcceptSocketAsync();
                var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                client.NoDelay = true;
                var line = new Line(client, server);
                lock (_gate)
                {
                    _lines.Add(line);
                }

                line.Passing = PassAsync(line);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }
        }
    }

    private async Task PassAsync(Line line)
    {
        try
        {
            await line.Server.ConnectAsync(IPAddress.Loopback, _serverPort);
            await Task.WhenAny(PassAsync(line, line.Client, line.Server, isFromClient: true), PassAsync(line, line.Server, line.Client, isFromClient: false));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // There is no server, or the line was cut.
        }

        line.Cut();
        lock (_gate)
        {
            _lines.Remove(line);
        }
    }

    private async Task PassAsync(Line line, Socket from, Socket to, bool isFromClient)
    {
        var buffer = new byte[64 << 10];
        try
        {
            while (await from.ReceiveAsync(buffer) is var length && length > 0)
            {
                if (isFromClient && TakeCut(buffer.AsSpan(0, length)) is { } cut)
                {
                    if (cut == CommitCut.Before)
                    {
                        return;
                    }

                    line.IsDeaf = true;
                }
                else if (!isFromClient && (line.IsDeaf || !TakeBytes(length)))
                {
                    return;
                }

                for (var sent = 0; sent < length;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, length - sent));
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Either side is gone; so will be the other.
        }
    }

    private bool TakeBytes(int bytes)
    {
        lock (_gate)
        {
            _bytesLeft -= bytes;
            return _bytesLeft >= 0;
        }
    }

    private CommitCut? TakeCut(ReadOnlySpan<byte> said)
    {
        lock (_gate)
        {
            if (_cut is not { } cut || said.IndexOf(Commit) < 0)
            {
                return null;
            }

            _cut = null;
            CommitsCut++;
            return cut;
        }
    }

    private sealed class Line(Socket client, Socket server)
    {
        public Socket Client => client;

        public Socket Server => server;

        // What the server says next is the answer to COMMIT, and is not passed on.
        public bool IsDeaf { get; set; }

        public Task Passing { get; set; } = Task.CompletedTask;

        public void Cut()
        {
            client.Dispose();
            server.Dispose();
        }
    }
}
