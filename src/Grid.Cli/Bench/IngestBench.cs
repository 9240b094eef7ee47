using System.Text.Json;
using Grid.Domain.Feed;
using Grid.Domain.Identifiers;
using Grid.Runtime;
using Grid.Runtime.Recovery;

namespace Grid.Cli.Bench;

/// <summary>What <c>bench ingest</c> is asked to do.</summary>
internal sealed record IngestBenchOptions
{
    /// <summary>Instruments of the market.</summary>
    public required int Instruments { get; init; }

    /// <summary>Makes the market.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Feeds so long, if <see cref="Events"/> do not end it.</summary>
    public required double Seconds { get; init; }

    /// <summary>Feeds so many events, if <see cref="Seconds"/> do not end it.</summary>
    public required long Events { get; init; }

    /// <summary>Events due in a second; 0 for as many as the server takes.</summary>
    public required long EventsPerSecond { get; init; }

    /// <summary>The acknowledgement asked for.</summary>
    public required FeedAck Ack { get; init; }

    /// <summary>Events of a batch.</summary>
    public required int BatchEvents { get; init; }

    /// <summary>Batches that may be unacknowledged.</summary>
    public required int OutstandingBatches { get; init; }

    /// <summary>Seconds of the bare loops of 80-byte events, both together; 0 leaves all bare loops out.</summary>
    public required double BareSeconds { get; init; }

    /// <summary>True to apply the stream a second time and compare market hashes.</summary>
    public required bool CheckHash { get; init; }

    /// <summary>The server's configuration; null for none.</summary>
    public string? Config { get; init; }

    /// <summary>The database that the server writes to; null for none.</summary>
    public string? Postgres { get; init; }

    /// <summary>Where to leave the data; null to leave nothing.</summary>
    public string? Keep { get; init; }

    /// <summary>Where to write the report as JSON; null for nowhere.</summary>
    public string? Json { get; init; }
}

/// <summary>
/// <c>grid bench ingest</c>: a server and a feeder, each a process of its own, over the public binary protocol, with a
/// bare loop before and after in the same run, and a check of everything that came out.
/// </summary>
internal sealed class IngestBench(IngestBenchOptions options)
{
    private readonly List<IngestBenchSample> _samples = [];

    /// <summary>Runs all of it.</summary>
    /// <exception cref="CommandFailure">A process failed, or what came out is not what must come out.</exception>
    public async Task RunAsync(CancellationToken cancel)
    {
        using var folder = new BenchFolder(options.Keep);
        var startedAt = TimeProvider.System.GetUtcNow();
        var machine = MachineDescription.Measure(folder.Path);
        var bare = new BareLoopOptions { Folder = folder.Path, Seconds = options.BareSeconds / 2 };
        var bareLoops = new List<BareLoopResult>();
        await MeasureBareAsync();
        var report = await IngestAsync(folder, machine, startedAt, cancel);
        await MeasureBareAsync();
        if (options.BareSeconds > 0)
        {
            var small = bare with { EventBytes = Math.Max(8, (int)Math.Round(report.WireBytesPerEvent)) };
            report = report with
            {
                BareLoops = bareLoops,
                RatioToFastest = Math.Round(report.EventsPerSecond / (double)bareLoops.Max(b => b.EventsPerSecond), 3),
                Ratio = Math.Round(report.EventsPerSecond / (bareLoops.Sum(b => b.Events) / bareLoops.Sum(b => b.Seconds)), 3),
                BareLoopOfWireSize = await BareLoop.MeasureAsync(small, cancel),
            };
        }

        report.Tell();
        BenchReport.Save(options.Json, report);
        if (report.Differences.Count > 0)
        {
            throw new CommandFailure($"what came out is not what the market's model says: {string.Join("; ", report.Differences)}");
        }

        async Task MeasureBareAsync()
        {
            if (options.BareSeconds > 0)
            {
                bareLoops.Add(await BareLoop.MeasureAsync(bare, cancel));
            }
        }
    }

    private async Task<IngestBenchReport> IngestAsync(BenchFolder folder, MachineDescription machine, DateTimeOffset startedAt, CancellationToken cancel)
    {
        var data = Path.Combine(folder.Path, "data");
        await using var server = await BenchServer.StartAsync(data, ServerArguments(), cancel);
        var feeder = FeederOptions(server, folder);
        await using var process = BenchProcess.StartPart(BenchPart.Feeder, feeder);
        var allocatedBefore = await AllocatedAsync(server, cancel);
        var before = server.Process.Measure();
        var fed = await WatchAsync(server, process, cancel);
        var after = server.Process.Measure();
        var status = await server.GetAsync("/v1/status", cancel);
        var allocated = await AllocatedAsync(server, cancel) - allocatedBefore;
        var postgres = options.Postgres is { } connection ? new PostgresBench(connection) : null;
        if (postgres is not null)
        {
            await postgres.CatchUpAsync(server, cancel);
        }

        var differences = await new IngestBenchCheck(Expected(feeder, fed)).CompareAsync(server, cancel);
        await server.StopAsync(cancel);
        var (hash, reference) = await HashAsync(data, folder, feeder, fed, cancel);
        if (hash != (reference ?? hash))
        {
            differences.Add($"the market hash is {hash}; a second run has {reference}");
        }

        return new IngestBenchReport
        {
            Command = BenchReport.CommandLine(),
            StartedAt = startedAt,
            Machine = machine,
            Options = feeder,
            EventsPerSecond = (long)(fed.Events / fed.Seconds),
            Feeder = fed,
            BareLoops = [],
            WireBytesPerEvent = Math.Round(fed.BatchBytes / (double)fed.Events, 2),
            JournalBytes = Number(status, "journal_bytes"),
            Flushes = Number(status, "journal_flushes"),
            BytesWritten = after.BytesWritten,
            ServerCpuNsPerEvent = Math.Round((after.CpuSeconds - before.CpuSeconds) * 1e9 / fed.Events, 1),
            FeederCpuNsPerEvent = Math.Round(fed.CpuSeconds * 1e9 / fed.Events, 1),
            ServerAllocatedBytesPerEvent = allocated is { } bytes ? Math.Round(bytes / (double)fed.Events, 3) : null,
            FeederAllocatedBytesPerEvent = Math.Round(fed.AllocatedBytes / (double)fed.Events, 3),
            Server = after,
            FeederProcess = process.Measure(),
            Outcomes = fed.Outcomes,
            IsBacklogFlat = IngestBenchReport.IsFlat(_samples),
            Samples = _samples,
            MarketHash = hash,
            ReferenceMarketHash = reference,
            Postgres = postgres is null ? null : await postgres.CompareAsync(folder, cancel),
            Differences = differences,
            DataFolder = options.Keep is null ? null : data,
        };
    }

    private List<string> ServerArguments() =>
    [
        .. options.Config is { } config ? ["--config", config] : Array.Empty<string>(),
        .. options.Postgres is { } postgres ? ["--postgres", postgres] : Array.Empty<string>(),
    ];

    private async Task<IngestFeederReport> WatchAsync(BenchServer server, BenchProcess feeder, CancellationToken cancel)
    {
        var before = new IngestFeederSample(0, 0, 0);
        while (true)
        {
            var line = await feeder.ReadAsync<IngestFeederLine>(cancel);
            if (line.Report is { } report)
            {
                return report;
            }

            var sample = line.Sample!;
            var status = await server.GetAsync("/v1/status", cancel);
            var rate = (long)((sample.Acknowledged - before.Acknowledged) / (sample.Seconds - before.Seconds));
            before = sample;
            _samples.Add(new IngestBenchSample(
                sample.Seconds,
                rate,
                sample.OutstandingBatches,
                Number(status, "batches_queued"),
                Number(status, "journal_bytes"),
                Number(status, "journal_flushes"),
                ProcessUsage.DirtyBytes(),
                server.Process.Measure().AnonymousBytes));
            Tell(_samples[^1]);
        }
    }

    private static void Tell(IngestBenchSample sample) => Console.WriteLine(
        $"{sample.Seconds,6:0.0} s {BenchReport.Rate(sample.EventsPerSecond),16}  outstanding {sample.OutstandingBatches,4}  queued {sample.QueuedBatches,4}  journal {sample.JournalBytes / 1e6,8:N0} MB, {sample.JournalFlushes,8:N0} flushes  waiting for the disk {sample.DirtyBytes / 1e6,6:N0} MB");

    private async Task<(string? Hash, string? Reference)> HashAsync(
        string data, BenchFolder folder, IngestFeederOptions feeder, IngestFeederReport fed, CancellationToken cancel)
    {
        var hash = (await JournalReplay.HashAsync(new EmbeddedGridOptions { DataFolder = data }, cancel: cancel)).Market;
        return (hash, options.CheckHash ? await IngestBenchReference.MarketHashAsync(Path.Combine(folder.Path, "reference"), feeder, fed, cancel) : null);
    }

    private IngestFeederOptions FeederOptions(BenchServer server, BenchFolder folder) => new()
    {
        Server = server.Feed.ToString(),
        Instruments = options.Instruments,
        Seed = options.Seed,
        Seconds = options.Seconds,
        Events = options.Events,
        EventsPerSecond = options.EventsPerSecond,
        Ack = options.Ack,
        BatchEvents = options.BatchEvents,
        OutstandingBatches = options.OutstandingBatches,
        ModelFile = Path.Combine(folder.Path, "model.bin"),
        ClockFile = Path.Combine(folder.Path, "clock.bin"),
    };

    private static IngestExpectation Expected(IngestFeederOptions feeder, IngestFeederReport fed) =>
        new(fed.Given, fed.Duplicates, fed.Events, fed.Outcomes, new UnixNanos(fed.Start), new UnixNanos(fed.End), BenchPreload.Model(feeder));

    private static async Task<long?> AllocatedAsync(BenchServer server, CancellationToken cancel) =>
        Find(await server.GetAsync("/v1/status", cancel), "allocated_bytes");

    private static long Number(JsonElement status, string name) =>
        Find(status, name) ?? throw new CommandFailure($"the server's status has no '{name}'");

    private static long? Find(JsonElement status, string name) => status.TryGetProperty(name, out var value) && value.TryGetInt64(out var number) ? number : null;
}
