namespace Grid.Cli.Bench;

/// <summary>What <c>bench query</c> is asked to do.</summary>
internal sealed record QueryBenchOptions
{
    /// <summary>Instruments of the market.</summary>
    public required int Instruments { get; init; }

    /// <summary>Time of each measurement.</summary>
    public required double Seconds { get; init; }

    /// <summary>Requests due in a second where latency is measured.</summary>
    public required long RequestsPerSecond { get; init; }

    /// <summary>Connections.</summary>
    public required int Connections { get; init; }

    /// <summary>Makes the market.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Where to write the report as JSON; null for nowhere.</summary>
    public string? Json { get; init; }
}

/// <summary>One measurement with what it cost.</summary>
/// <param name="Load">What the clients saw.</param>
/// <param name="ServerCpuMicroseconds">Processor time of the server per request.</param>
/// <param name="ClientCpuMicroseconds">Processor time of the clients per request.</param>
internal sealed record QueryBenchRun(QueryLoadResult Load, double ServerCpuMicroseconds, double ClientCpuMicroseconds);

/// <summary>What <c>bench query</c> measured.</summary>
internal sealed record QueryBenchReport
{
    public required string Command { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required MachineDescription Machine { get; init; }

    /// <summary>Instruments asked for in turn: those that have traded.</summary>
    public required int Instruments { get; init; }

    /// <summary>Requests in a second with every connection always waiting for an answer.</summary>
    public required long RequestsPerSecond { get; init; }

    public required QueryBenchRun Most { get; init; }

    public required QueryBenchRun Steady { get; init; }

    public required ProcessUsage Server { get; init; }

    public void Tell()
    {
        BenchReport.Tell("machine", Machine.ToString());
        BenchReport.Tell("command", Command);
        BenchReport.Tell("most", $"{Most.Load.RequestsPerSecond:N0} requests/s over {Most.Load.Connections} connections, {Most.Load.ResponseBytes:0} bytes an answer, {Most.Load.Latency}");
        BenchReport.Tell("steady", $"{Steady.Load.RequestsPerSecond:N0} requests/s; from when a request was due: {Steady.Load.Latency}");
        BenchReport.Tell("processor", $"server {Most.ServerCpuMicroseconds:0.0} µs a request at most, {Steady.ServerCpuMicroseconds:0.0} steady; clients {Most.ClientCpuMicroseconds:0.0} and {Steady.ClientCpuMicroseconds:0.0}");
        BenchReport.Tell("memory", $"server {Server.PeakRssBytes / (double)(1 << 20):N0} MB at most");
    }
}

/// <summary><c>grid bench query</c>: a server with a market in it, and clients in a process of their own.</summary>
internal sealed class QueryBench(QueryBenchOptions options)
{
    private const double WarmUpSeconds = 3;
    private const long EventsPerInstrument = 400;

    /// <summary>Runs all of it.</summary>
    /// <exception cref="CommandFailure">A process failed, or an answer was not 200.</exception>
    public async Task RunAsync(CancellationToken cancel)
    {
        using var folder = new BenchFolder(given: null);
        var startedAt = TimeProvider.System.GetUtcNow();
        var machine = MachineDescription.Measure(folder.Path);
        await using var server = await BenchServer.StartAsync(Path.Combine(folder.Path, "data"), [], cancel);
        var (asked, _) = await BenchPreload.FeedAsync(server, folder, options.Instruments, options.Seed, options.Instruments * EventsPerInstrument, cancel);
        var symbols = BenchPreload.Model(asked).Where(i => i.Expected.Trades > 0).Select(i => i.Symbol).ToList();
        var load = new QueryLoadOptions
        {
            Server = $"{server.Http.Host}:{server.Http.Port}",
            Paths = [.. symbols.Select(s => $"/v1/latest/{s}")],
            Connections = options.Connections,
            Seconds = WarmUpSeconds,
            RequestsPerSecond = 0,
        };
        await MeasureAsync(server, load, cancel);
        var most = await MeasureAsync(server, load with { Seconds = options.Seconds }, cancel);
        var steady = await MeasureAsync(server, load with { Seconds = options.Seconds, RequestsPerSecond = options.RequestsPerSecond }, cancel);
        var report = new QueryBenchReport
        {
            Command = BenchReport.CommandLine(),
            StartedAt = startedAt,
            Machine = machine,
            Instruments = symbols.Count,
            RequestsPerSecond = most.Load.RequestsPerSecond,
            Most = most,
            Steady = steady,
            Server = server.Process.Measure(),
        };
        await server.StopAsync(cancel);
        report.Tell();
        BenchReport.Save(options.Json, report);
    }

    private static async Task<QueryBenchRun> MeasureAsync(BenchServer server, QueryLoadOptions load, CancellationToken cancel)
    {
        var before = server.Process.Measure().CpuSeconds;
        await using var clients = BenchProcess.StartPart(BenchPart.QueryLoad, load);
        var result = await clients.ReadAsync<QueryLoadResult>(cancel);
        var requests = Math.Max(1, result.Latency.Count);
        return new QueryBenchRun(
            result,
            Math.Round((server.Process.Measure().CpuSeconds - before) * 1e6 / requests, 2),
            Math.Round(clients.Measure().CpuSeconds * 1e6 / requests, 2));
    }
}
