using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Grid.Gateway.Access;
using Grid.Gateway.Feed;
using Grid.Gateway.Publishing;
using Grid.Gateway.Tls;
using Grid.Runtime;
using Microsoft.Extensions.Logging;

namespace Grid.Gateway.Ilp;

/// <summary>
/// Listens for clients that send line protocol over TCP. There is no answer in this protocol: a bad line is logged with its
/// place, counted and refused, and the connection goes on. A line that has no end when its connection ends is not taken.
/// </summary>
public sealed class IlpServer : IAsyncDisposable
{
    private readonly Gatekeeper _gatekeeper;
    private readonly TlsIdentity? _identity;
    private readonly IlpOptions _options;
    private readonly IlpMapping _mapping;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly FeedListener _listener;
    private readonly EventPublisher _publisher;
    private readonly ITimer _sweep;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<IlpConnection, Task> _open = new();
    private readonly Task _accepting;
    private long _refused;

    private IlpServer(IGrid grid, Gatekeeper gatekeeper, TlsIdentity? identity, IlpOptions options, TimeProvider time, ILogger log, FeedListener listener)
    {
        _gatekeeper = gatekeeper;
        _identity = identity;
        _options = options;
        _mapping = IlpMapping.Load(options.Mapping);
        _time = time;
        _log = log;
        _listener = listener;
        _publisher = new EventPublisher(grid, "ilp", options.PublishersMax, time);
        EndPoint = listener.EndPoint;
        var period = (options.LineTimeout < options.IdleTimeout ? options.LineTimeout : options.IdleTimeout) / 4;
        _sweep = time.CreateTimer(static s => ((IlpServer)s!).Sweep(), this, period, period);
        IlpLog.Listening(log, EndPoint.ToString());
        _accepting = listener.AcceptAsync(Serve, time, log, _stop.Token);
    }

    /// <summary>Where it listens; with port 0 in the options, the port that was picked.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>Connections that are open.</summary>
    public int Connections => _open.Count;

    /// <summary>Lines that were refused since the start.</summary>
    public long LinesRefused => Volatile.Read(ref _refused);

    /// <summary>Begins to listen.</summary>
    /// <param name="grid">Where the events go.</param>
    /// <param name="options">Where and how.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logs">Where it logs.</param>
    /// <param name="gatekeeper">Says who may write; null for anyone, on loopback.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    /// <exception cref="IOException">The address cannot be listened on, or the certificate cannot be used.</exception>
    public static IlpServer Start(IGrid grid, IlpOptions options, TimeProvider time, ILoggerFactory logs, Gatekeeper? gatekeeper = null)
    {
        ArgumentNullException.ThrowIfNull(grid);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(logs);
        gatekeeper ??= Gatekeeper.WithoutKeys(time, logs);
        options.Validate(gatekeeper.AsksForKeys);
        var log = logs.CreateLogger<IlpServer>();
        var identity = options.Tls is { } tls ? TlsIdentity.Open("ilp", tls, time, log) : null;
        try
        {
            var listener = FeedListener.Open(options.EndPoint, "line protocol");
            return new IlpServer(grid, gatekeeper, identity, options, time, log, listener);
        }
        catch (IOException)
        {
            identity?.Dispose();
            throw;
        }
    }

    /// <summary>Stops listening, takes in what was received, and closes all connections.</summary>
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
        foreach (var (connection, _) in _open)
        {
            connection.Close("the server is stopping");
        }

        await Task.WhenAll(_open.Values);
        await _publisher.DisposeAsync();
        _identity?.Dispose();
        _stop.Dispose();
    }

    internal void CountRefused() => Interlocked.Increment(ref _refused);

    private void Serve(Socket socket)
    {
        if (_open.Count >= _options.ConnectionsMax)
        {
            IlpLog.TurnedAway(_log, socket.RemoteEndPoint?.ToString() ?? "unknown", _options.ConnectionsMax);
            socket.Dispose();
            return;
        }

        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        var rows = new IlpRows(_mapping, IlpPrecision.UnitNs(_options.Precision), _time);
        var operation = FeedListener.NextOperation("ilp");
        var connection = new IlpConnection(new FeedTransport(socket, _identity), _gatekeeper, rows, _publisher, this, operation, _options, _time, _log);
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _open[connection] = done.Task;
        _ = Task.Run(async () =>
        {
            await connection.RunAsync();
            _open.TryRemove(connection, out _);
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
