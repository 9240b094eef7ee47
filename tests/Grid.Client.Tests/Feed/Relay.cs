using System.Net;
using System.Net.Sockets;

namespace Grid.Client.Tests.Feed;

/// <summary>A wire between client and server that a test can cut: connections through it end with a reset, as from a killed process.</summary>
internal sealed class Relay : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly Socket _listener = new(SocketType.Stream, ProtocolType.Tcp);
    private readonly List<Socket> _open = [];
    private readonly Task _accepting;

    public Relay(IPEndPoint target)
    {
        Target = target;
        _listener.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        _listener.Listen();
        EndPoint = (IPEndPoint)_listener.LocalEndPoint!;
        _accepting = AcceptAsync();
    }

    public IPEndPoint EndPoint { get; }

    /// <summary>Where new connections go.</summary>
    public IPEndPoint Target { get; set; }

    /// <summary>Connections made so far.</summary>
    public int Connections { get; private set; }

    /// <summary>While true, new connections are reset at once.</summary>
    public bool IsDown { get; set; }

    /// <summary>Is asked after each piece to the server; true cuts the connection in the middle of the piece.</summary>
    public Func<int, bool> CutsAfter { get; set; } = static _ => false;

    /// <summary>Every piece from the server waits for this.</summary>
    public Task ServerSpeaks { get; set; } = Task.CompletedTask;

    /// <summary>Resets all connections.</summary>
    public void Cut()
    {
        Socket[] open;
        lock (_gate)
        {
            open = [.. _open];
            _open.Clear();
        }

        foreach (var socket in open)
        {
            Reset(socket);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        Cut();
        await _accepting;
    }

    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception e) when (e is ObjectDisposedException or SocketException)
        {
            // It ended by itself.
        }

        socket.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket client;
            try
            {
                client = await _listener.AcceptAsync();
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException)
            {
                return;
            }

            if (IsDown)
            {
                Reset(client);
                continue;
            }

            var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            client.NoDelay = true;
            try
            {
                await server.ConnectAsync(Target);
            }
            catch (SocketException)
            {
                Reset(client);
                continue;
            }

            lock (_gate)
            {
                Connections++;
                _open.Add(client);
                _open.Add(server);
            }

            _ = MoveAsync(client, server, CutsAfter, static () => Task.CompletedTask);
            _ = MoveAsync(server, client, static _ => false, () => ServerSpeaks);
        }
    }

    private static async Task MoveAsync(Socket from, Socket to, Func<int, bool> cutsAfter, Func<Task> gate)
    {
        var buffer = new byte[16 << 10];
        try
        {
            int read;
            while ((read = await from.ReceiveAsync(buffer)) > 0)
            {
                await gate();
                var cut = cutsAfter(read);
                for (var rest = buffer.AsMemory(0, cut ? read / 2 : read); !rest.IsEmpty;)
                {
                    rest = rest[await to.SendAsync(rest)..];
                }

                if (cut)
                {
                    Reset(from);
                    Reset(to);
                    return;
                }
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            Reset(from);
            Reset(to);
        }
    }
}
