using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Grid.Domain;
using Grid.Gateway.Access;
using Grid.Gateway.Tls;
using Grid.Runtime;
using Microsoft.Extensions.Logging;

namespace Grid.Gateway.Feed;

/// <summary>
/// Listens for producers that speak the binary feed protocol (PROTOCOL.md) and hands their batches to the grid. What one
/// connection does wrong ends that connection and nothing else.
/// </summary>
public sealed class FeedServer : IAsyncDisposable
{
    // Connections above the limit that are being told so; further ones are closed without a word.
    private const int TurnedAwayMax = 64;

    private readonly IGrid _grid;
    private readonly Gatekeeper _gatekeeper;
    private readonly TlsIdentity? _identity;
    private readonly FeedOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly FeedListener _listener;
    private readonly ITimer _sweep;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<FeedConnection, Task> _open = new();
    private readonly ConcurrentDictionary<FeedConnection, Task> _turnedAway = new();
    private readonly Task _accepting;

    private FeedServer(IGrid grid, Gatekeeper gatekeeper, TlsIdentity? identity, FeedOptions options, TimeProvider time, ILogger log, FeedListener listener)
    {
        _grid = grid;
        _gatekeeper = gatekeeper;
        _identity = identity;
        _options = options;
        _time = time;
        _log = log;
        _listener = listener;
        EndPoint = listener.EndPoint;
        var period = (options.HelloTimeout < options.IdleTimeout ? options.HelloTimeout : options.IdleTimeout) / 4;
        _sweep = time.CreateTimer(static s => ((FeedServer)s!).Sweep(), this, period, period);
        FeedLog.Listening(log, EndPoint.ToString());
        _accepting = listener.AcceptAsync(Serve, time, log, _stop.Token);
    }

    /// <summary>Where it listens; with port 0 in the options, the port that was picked.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Connections that are open.</summary>
    public int Connections => _open.Count;

    /// <summary>Begins to listen.</summary>
    /// <param name="grid">Where the batches go.</param>
    /// <param name="options">Where and how.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logs">Where it logs.</param>
    /// <param name="gatekeeper">Says who may feed; null for anyone, on loopback.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="IOException">The address cannot be listened on, or the certificate cannot be used.</exception>
    public static FeedServer Start(IGrid grid, FeedOptions options, TimeProvider time, ILoggerFactory logs, Gatekeeper? gatekeeper = null)
    {
        ArgumentNullException.ThrowIfNull(grid);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(logs);
        gatekeeper ??= Gatekeeper.WithoutKeys(time, logs);
        options.Validate(gatekeeper.AsksForKeys);
        var log = logs.CreateLogger<FeedServer>();
        var identity = options.Tls is { } tls ? TlsIdentity.Open("feed", tls, time, log) : null;
        try
        {
            var listener = FeedListener.Open(options.EndPoint, "feed");
            return new FeedServer(grid, gatekeeper, identity, options, time, log, listener);
        }
        catch (IOException)
        {
            identity?.Dispose();
            throw;
        }
    }

    /// <summary>Stops listening, tells every client that the server stops, and waits until all connections are closed.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_stop.IsCancellationRequested)
        {
            return;
        }

        await _stop.CancelAsync();
        _listener.Close();
        await _sweep.DisposeAsync();
        await _accepting;
        var ends = new List<Task>();
        foreach (var connections in new[] { _open, _turnedAway })
        {
            foreach (var (connection, end) in connections)
            {
                connection.Close(new GridException(GridErrorCode.Stopping, "the server is stopping"));
                ends.Add(end);
            }
        }

        await Task.WhenAll(ends);
        _identity?.Dispose();
        _stop.Dispose();
    }

    private void Serve(Socket socket)
    {
        socket.NoDelay = true;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        var operation = FeedListener.NextOperation("feed");
        var connection = new FeedConnection(new FeedTransport(socket, _identity), _gatekeeper, _grid, _options, operation, _time, _log);
        if (_open.Count < _options.ConnectionsMax)
        {
            Run(connection, _open);
            return;
        }

        FeedLog.TurnedAway(_log, socket.RemoteEndPoint?.ToString() ?? "unknown", _options.ConnectionsMax);
        if (_turnedAway.Count >= TurnedAwayMax)
        {
            socket.Dispose();
            return;
        }

        connection.Close(new GridException(
            GridErrorCode.TooManyConnections,
            $"{_options.ConnectionsMax} feed connections are open, which is the limit (option {nameof(FeedOptions.ConnectionsMax)})"));
        Run(connection, _turnedAway);
    }

    // The entry is made before the connection runs, so that its end always finds it.
    private static void Run(FeedConnection connection, ConcurrentDictionary<FeedConnection, Task> connections)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        connections[connection] = done.Task;
        _ = Task.Run(async () =>
        {
            await connection.RunAsync();
            connections.TryRemove(connection, out _);
            done.SetResult();
        });
    }

    private void Sweep()
    {
        foreach (var (connection, _) in _open)
        {
            connection.Sweep();
        }
    }
}
