using System.Diagnostics;
using System.Runtime.InteropServices;
using Grid.Runtime.Metrics;

namespace Grid.Cli.Bench;

/// <summary>The feeding process of <c>bench ilp</c>: prepares the requests of a few connections, then sends them again and again.</summary>
internal sealed class IlpBenchFeeder(IlpFeederOptions options)
{
    /// <summary>Feeds, and says what it did.</summary>
    /// <exception cref="CommandFailure">The server refuses.</exception>
    public IlpFeederReport Run()
    {
        var connections = Enumerable.Range(0, options.Connections).Select(i => new IlpBenchConnection(options, i)).ToArray();
        try
        {
            var usedBefore = ProcessUsage.Of(Process.GetCurrentProcess()).CpuSeconds;
            var startedAt = Stopwatch.GetTimestamp();
            Task.WaitAll(connections.Select(c => Task.Factory.StartNew(() => c.Run(startedAt, options.Seconds), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
            var seconds = Stopwatch.GetElapsedTime(startedAt).TotalSeconds;
            File.WriteAllBytes(options.ModelFile, MemoryMarshal.AsBytes<ExpectedInstrument>(connections.SelectMany(c => c.Expected).ToArray()));
            var latencies = new LatencyHistogram();
            Array.ForEach(connections, c => latencies.Add(c.Latencies));
            return new IlpFeederReport
            {
                Start = connections.Min(c => c.FirstNs),
                End = connections.Max(c => c.LastNs),
                Seconds = Math.Round(seconds, 3),
                Rows = connections.Sum(c => c.Rows),
                Duplicates = connections.Sum(c => c.Duplicates),
                Requests = connections.Sum(c => c.Requests),
                BodyBytes = connections.Sum(c => c.BodyBytes),
                Outcomes = new IngestOutcomes(connections.Sum(c => c.Accepted), connections.Sum(c => c.Flagged), connections.Sum(c => c.Duplicate), connections.Sum(c => c.Rejected)),
                CpuSeconds = Math.Round(ProcessUsage.Of(Process.GetCurrentProcess()).CpuSeconds - usedBefore, 2),
                Answer = latencies.Figures(),
            };
        }
        finally
        {
            Array.ForEach(connections, c => c.Dispose());
        }
    }
}
