using System.Diagnostics;
using System.Runtime.InteropServices;
using Grid.Runtime.Metrics;

namespace Grid.Cli.Bench;

/// <summary>
/// Requests at a steady rate, whatever the answers do: the k-th is due k periods after the start, waits if every
/// connection is busy, and its latency counts from when it was due. One thread sends; each connection has one that receives.
/// </summary>
internal sealed partial class QueryBenchSteady(QueryLoadOptions options, byte[][] requests, QueryConnection[] connections)
{
    private const int SetTimerSlack = 29;

    private readonly Lock _gate = new();
    private readonly LatencyHistogram _latencies = new();

    // Under _gate. Connections without a request; times at which requests were due for which there was none.
    private readonly Stack<int> _idle = new();
    private readonly Queue<long> _waiting = new();
    private int _next;
    private bool _isOver;
    private Exception? _failure;

    /// <summary>Runs it.</summary>
    /// <exception cref="CommandFailure">An answer was not 200.</exception>
    public QueryLoadResult Run()
    {
        for (var i = 0; i < connections.Length; i++)
        {
            _idle.Push(i);
        }

        var threads = Enumerable.Range(0, connections.Length).Select(i => new Thread(() => ReceiveAll(i)) { IsBackground = true }).ToArray();
        foreach (var thread in threads)
        {
            thread.Start();
        }

        var startedAt = Stopwatch.GetTimestamp();
        SendAll(startedAt);
        foreach (var thread in threads)
        {
            thread.Join();
        }

        var seconds = Stopwatch.GetElapsedTime(startedAt).TotalSeconds;
        return _failure is not null ? throw new CommandFailure(_failure.Message, _failure) : new QueryLoadResult(
            connections.Length, (long)(_latencies.Count / seconds), connections.Sum(c => (double)c.BytesReceived) / Math.Max(1, connections.Sum(c => c.Answers)), _latencies.Figures());
    }

    private void SendAll(long startedAt)
    {
        SleepPrecisely();
        var total = (long)(options.Seconds * options.RequestsPerSecond);
        var period = (double)Stopwatch.Frequency / options.RequestsPerSecond;
        for (long k = 0; k < total && _failure is null; k++)
        {
            var dueAt = startedAt + (long)(k * period);
            WaitUntil(dueAt);
            if (TryTake(dueAt, out var connection, out var request))
            {
                connections[connection].Send(request, dueAt);
            }
        }

        lock (_gate)
        {
            _isOver = true;
            foreach (var connection in _idle)
            {
                connections[connection].End();
            }
        }
    }

    // An idle connection and what to ask on it; false if there is none and the request must wait.
    private bool TryTake(long dueAt, out int connection, out byte[] request)
    {
        lock (_gate)
        {
            request = [];
            if (!_idle.TryPop(out connection))
            {
                _waiting.Enqueue(dueAt);
                return false;
            }

            request = NextRequest();
            return true;
        }
    }

    // Under _gate.
    private byte[] NextRequest()
    {
        var request = requests[_next];
        _next = _next + 1 == requests.Length ? 0 : _next + 1;
        return request;
    }

    private void ReceiveAll(int index)
    {
        var connection = connections[index];
        var latencies = new LatencyHistogram();
        try
        {
            while (connection.Receive())
            {
                latencies.Add((long)Stopwatch.GetElapsedTime(connection.Since).TotalNanoseconds);
                Free(index);
            }
        }
        catch (Exception e)
        {
            _failure = e;
        }

        lock (_gate)
        {
            _latencies.Add(latencies);
        }
    }

    private void Free(int index)
    {
        long dueAt;
        byte[] request;
        lock (_gate)
        {
            if (!_waiting.TryDequeue(out dueAt))
            {
                _idle.Push(index);
                if (_isOver)
                {
                    connections[index].End();
                }

                return;
            }

            request = NextRequest();
        }

        connections[index].Send(request, dueAt);
    }

    private static void WaitUntil(long at)
    {
        for (var left = at - Stopwatch.GetTimestamp(); left > 0; left = at - Stopwatch.GetTimestamp())
        {
            if (OperatingSystem.IsLinux())
            {
                var time = new Pause(0, (nint)(left * (1_000_000_000 / Stopwatch.Frequency)));
                _ = Nanosleep(in time, 0);
            }
            else
            {
                Thread.SpinWait(20);
            }
        }
    }

    // Sleeps of this thread may end 50 microseconds late unless it says that this matters.
    private static void SleepPrecisely()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = Prctl(SetTimerSlack, 1, 0, 0, 0);
        }
    }

    [LibraryImport("libc", EntryPoint = "nanosleep")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Nanosleep(in Pause time, nint left);

    [LibraryImport("libc", EntryPoint = "prctl")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Prctl(int option, nuint a, nuint b, nuint c, nuint d);

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Pause(nint Seconds, nint Nanoseconds);
}
