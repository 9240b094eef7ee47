using System.Diagnostics;
using System.Net;
using System.Text;
using Grid.Runtime.Metrics;

namespace Grid.Cli.Bench;

/// <summary>What the clients of <c>bench query</c> are asked to do.</summary>
internal sealed record QueryLoadOptions
{
    /// <summary>Address and port.</summary>
    public required string Server { get; init; }

    /// <summary>What to ask for, in turn.</summary>
    public required IReadOnlyList<string> Paths { get; init; }

    /// <summary>Keep-alive connections.</summary>
    public required int Connections { get; init; }

    /// <summary>How long.</summary>
    public required double Seconds { get; init; }

    /// <summary>Requests due in a second; 0 for as many as are answered.</summary>
    public required long RequestsPerSecond { get; init; }
}

/// <summary>What the clients saw.</summary>
/// <param name="Connections">Connections.</param>
/// <param name="RequestsPerSecond">Requests answered in a second.</param>
/// <param name="ResponseBytes">Mean bytes of an answer with its headers.</param>
/// <param name="Latency">From when a request was sent (or, at a steady rate, was due) to the last byte of its answer.</param>
internal sealed record QueryLoadResult(int Connections, long RequestsPerSecond, double ResponseBytes, LatencyFigures Latency);

/// <summary>The clients of <c>bench query</c>: plain sockets that speak as much HTTP/1.1 as is needed.</summary>
internal static class QueryBenchLoad
{
    /// <summary>Asks, and says what came back.</summary>
    /// <exception cref="CommandFailure">An answer was not 200.</exception>
    public static QueryLoadResult Run(QueryLoadOptions options)
    {
        var server = IPEndPoint.Parse(options.Server);
        var requests = options.Paths.Select(p => Encoding.ASCII.GetBytes($"GET {p} HTTP/1.1\r\nHost: {options.Server}\r\n\r\n")).ToArray();
        var connections = Enumerable.Range(0, options.Connections).Select(_ => new QueryConnection(server)).ToArray();
        try
        {
            return options.RequestsPerSecond == 0 ? RunClosed(options, requests, connections) : new QueryBenchSteady(options, requests, connections).Run();
        }
        finally
        {
            foreach (var connection in connections)
            {
                connection.Dispose();
            }
        }
    }

    // One thread: every connection waits for an answer at all times but when its turn comes.
    private static QueryLoadResult RunClosed(QueryLoadOptions options, byte[][] requests, QueryConnection[] connections)
    {
        var next = 0;
        var latencies = new LatencyHistogram();
        var startedAt = Stopwatch.GetTimestamp();
        foreach (var connection in connections)
        {
            connection.Send(requests[next++ % requests.Length], Stopwatch.GetTimestamp());
        }

        while (Stopwatch.GetElapsedTime(startedAt).TotalSeconds < options.Seconds)
        {
            foreach (var connection in connections)
            {
                connection.Receive();
                var now = Stopwatch.GetTimestamp();
                latencies.Add((long)Stopwatch.GetElapsedTime(connection.Since, now).TotalNanoseconds);
                connection.Send(requests[next], now);
                next = next + 1 == requests.Length ? 0 : next + 1;
            }
        }

        var seconds = Stopwatch.GetElapsedTime(startedAt).TotalSeconds;
        foreach (var connection in connections)
        {
            connection.Receive();
        }

        return new QueryLoadResult(
            connections.Length, (long)(latencies.Count / seconds), connections.Sum(c => (double)c.BytesReceived) / Math.Max(1, connections.Sum(c => c.Answers)), latencies.Figures());
    }
}
