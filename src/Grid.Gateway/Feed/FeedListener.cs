using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Grid.Gateway.Feed;

/// <summary>Listens for the connections of a feed port and hands them on. What one connection does ends no other's accepting.</summary>
internal sealed class FeedListener
{
    private const int BacklogMax = 1024;
    private static readonly TimeSpan AcceptAgainAfter = TimeSpan.FromMilliseconds(100);

    // Names the connections of all servers of a process.
    private static long _connections;

    private readonly Socket _socket;

    private FeedListener(Socket socket)
    {
        _socket = socket;
        EndPoint = (IPEndPoint)socket.LocalEndPoint!;
    }

    /// <summary>Where it listens, with the port that was picked.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>A name for the logs that no other connection of the process has.</summary>
    public static string NextOperation(string port) => $"{port}-{Environment.ProcessId}-{Interlocked.Increment(ref _connections)}";

    /// <summary>Begins to listen.</summary>
    /// <param name="endPoint">Where.</param>
    /// <param name="name">Of the port, for the message.</param>
    /// <exception cref="IOException">The address cannot be listened on.</exception>
    public static FeedListener Open(IPEndPoint endPoint, string name)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(endPoint);
            socket.Listen(BacklogMax);
            return new FeedListener(socket);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new IOException($"{name} cannot listen on {endPoint}: {e.Message}", e);
        }
    }

    /// <summary>Hands on what connects, until it is stopped; never throws.</summary>
    public async Task AcceptAsync(Action<Socket> serve, TimeProvider time, ILogger log, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                serve(await _socket.AcceptAsync(stop));
            }
            catch (Exception e) when (stop.IsCancellationRequested && e is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                return;
            }
            catch (Exception e)
            {
                // Out of descriptors, most likely: those that are open go on, and the queue of the kernel waits.
                FeedLog.CannotAccept(log, EndPoint.ToString(), e);
                await Task.Delay(AcceptAgainAfter, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Stops listening, once accepting was told to stop.</summary>
    public void Close() => _socket.Dispose();
}
