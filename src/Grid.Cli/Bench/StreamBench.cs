using Grid.Domain.Feed;
using Grid.Runtime.Metrics;

namespace Grid.Cli.Bench;

/// <summary>What <c>bench stream</c> is asked to do.</summary>
internal sealed record StreamBenchOptions
{
    /// <summary>Instruments of the market beside the probe.</summary>
    public required int Instruments { get; init; }

    /// <summary>Events of the market due in a second; 0 for none.</summary>
    public required long EventsPerSecond { get; init; }

    /// <summary>Events of the probe due in a second.</summary>
    public required long ProbesPerSecond { get; init; }

    /// <summary>Time that is measured.</summary>
    public required double Seconds { get; init; }

    /// <summary>Connections that subscribe to what is known of all instruments.</summary>
    public required int Watchers { get; init; }

    /// <summary>Makes the market.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Where to write the report as JSON; null for nowhere.</summary>
    public string? Json { get; init; }
}

/// <summary>What <c>bench stream</c> measured.</summary>
internal sealed record StreamBenchReport
{
    public required string Command { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required MachineDescription Machine { get; init; }

    /// <summary>Events of the market acknowledged in a second.</summary>
    public required long EventsPerSecond { get; init; }

    public required StreamProbeReport Probe { get; init; }

    /// <summary>What the server itself says of the last minute: from the receipt of a batch until queries see all of it, in milliseconds.</summary>
    public required double VisibleP50Ms { get; init; }

    /// <summary>The same, of which 99 % are no longer.</summary>
    public required double VisibleP99Ms { get; init; }

    /// <summary>Snapshots that were taken while the probe ran.</summary>
    public required int Snapshots { get; init; }

    public required ProcessUsage Server { get; init; }

    public required LatencyFigures Acknowledgement { get; init; }

    public void Tell()
    {
        BenchReport.Tell("machine", Machine.ToString());
        BenchReport.Tell("command", Command);
        BenchReport.Tell("market", $"{BenchReport.Rate(EventsPerSecond)}, acknowledged: {Acknowledgement}");
        BenchReport.Tell("stream", $"from an event sent to its update received: {Probe.Stream}");
        BenchReport.Tell("query", $"from an event sent to its price seen in /v1/latest: {Probe.Query}");
        BenchReport.Tell("server", $"from a batch received to all of it visible: p50 {VisibleP50Ms:0.000} ms, p99 {VisibleP99Ms:0.000}, in the last minute; {Snapshots} snapshots meanwhile");
        BenchReport.Tell("watchers", $"{Probe.WatcherUpdatesPerSecond:N0} updates/s to those who watch all instruments");
        BenchReport.Tell("memory", $"server {Server.PeakRssBytes / (double)(1 << 20):N0} MB at most, {Server.CpuSeconds:0.0} s of processor time");
    }
}

/// <summary><c>grid bench stream</c>: a server, a feeder at a steady rate, and a probe that times single events of its own, each a process.</summary>
internal sealed class StreamBench(StreamBenchOptions options)
{
    // All processes have compiled what they run by then: until about 10 s a compiler takes a core from them now and then, for
    // milliseconds. What the server says of its last minute has none of this if 60 s or more are measured. The feeder goes on a little longer than the probe.
    private const double WarmUpSeconds = 15;
    private const double AfterSeconds = 2;

    // A snapshot about every five seconds at 500,000 events/s.
    private const long SnapshotJournalBytes = 48 << 20;
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(500);

    /// <summary>Runs all of it.</summary>
    /// <exception cref="CommandFailure">A process failed.</exception>
    public async Task RunAsync(CancellationToken cancel)
    {
        using var folder = new BenchFolder(given: null);
        var startedAt = TimeProvider.System.GetUtcNow();
        var machine = MachineDescription.Measure(folder.Path);
        var configuration = Path.Combine(folder.Path, "stream.json");
        await File.WriteAllTextAsync(configuration, $$"""{ "Grid": { "SnapshotJournalBytes": {{SnapshotJournalBytes}} } }""", cancel);
        await using var server = await BenchServer.StartAsync(Path.Combine(folder.Path, "data"), ["--config", configuration], cancel);
        await using var feeder = options.EventsPerSecond == 0 ? null : BenchProcess.StartPart(BenchPart.Feeder, Feeding(server, folder));
        await using var probe = BenchProcess.StartPart(BenchPart.StreamProbe, new StreamProbeOptions
        {
            Server = $"{server.Http.Host}:{server.Http.Port}",
            Feed = server.Feed.ToString(),
            ProbesPerSecond = options.ProbesPerSecond,
            WarmUpSeconds = WarmUpSeconds,
            Seconds = options.Seconds,
            Watchers = options.Watchers,
        });
        using var isOver = new CancellationTokenSource();
        var counting = CountSnapshotsAsync(server, isOver.Token);
        var probed = await probe.ReadAsync<StreamProbeReport>(cancel);
        await isOver.CancelAsync();
        var snapshots = await counting;
        var visible = (await server.GetAsync("/v1/status", cancel)).GetProperty("latency_ms").GetProperty("visible");
        var fed = feeder is null ? null : await FedAsync(feeder, cancel);
        var report = new StreamBenchReport
        {
            Command = BenchReport.CommandLine(),
            StartedAt = startedAt,
            Machine = machine,
            EventsPerSecond = fed is null ? 0 : (long)(fed.Events / fed.Seconds),
            Acknowledgement = fed?.Acknowledgement ?? new LatencyHistogram().Figures(),
            Probe = probed,
            VisibleP50Ms = visible.GetProperty("p50").GetDouble(),
            VisibleP99Ms = visible.GetProperty("p99").GetDouble(),
            Snapshots = snapshots,
            Server = server.Process.Measure(),
        };
        await server.StopAsync(cancel);
        report.Tell();
        BenchReport.Save(options.Json, report);
    }

    private static async Task<int> CountSnapshotsAsync(BenchServer server, CancellationToken end)
    {
        var taken = 0;
        ulong newest = 0;
        using var timer = new PeriodicTimer(LookEvery);
        try
        {
            while (await timer.WaitForNextTickAsync(end))
            {
                var frame = (await server.GetAsync("/v1/status", end)).GetProperty("snapshot_frame").GetUInt64();
                taken += frame != newest ? 1 : 0;
                newest = frame;
            }
        }
        catch (OperationCanceledException)
        {
            // All was sent.
        }

        return taken;
    }

    private IngestFeederOptions Feeding(BenchServer server, BenchFolder folder) => new()
    {
        Server = server.Feed.ToString(),
        Instruments = options.Instruments,
        Seed = options.Seed,
        Seconds = WarmUpSeconds + options.Seconds + AfterSeconds,
        Events = long.MaxValue,
        EventsPerSecond = options.EventsPerSecond,
        Ack = FeedAck.Journaled,
        BatchEvents = IngestFeederOptions.UsualBatchEvents,
        OutstandingBatches = IngestFeederOptions.UsualOutstandingBatches,
        ModelFile = Path.Combine(folder.Path, "model.bin"),
        ClockFile = Path.Combine(folder.Path, "clock.bin"),
    };

    private static async Task<IngestFeederReport> FedAsync(BenchProcess feeder, CancellationToken cancel)
    {
        while (true)
        {
            if ((await feeder.ReadAsync<IngestFeederLine>(cancel)).Report is { } done)
            {
                return done;
            }
        }
    }
}
