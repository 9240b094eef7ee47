using System.Diagnostics;
using System.Text.Json;
using Grid.Runtime;
using Grid.Runtime.Recovery;
using Grid.Storage.Journal;
using Microsoft.Extensions.Logging.Abstractions;

namespace Grid.Cli.Bench;

/// <summary>What <c>bench recovery</c> is asked to do.</summary>
internal sealed record RecoveryBenchOptions
{
    /// <summary>Events of the journal.</summary>
    public required long Events { get; init; }

    /// <summary>Instruments of the market.</summary>
    public required int Instruments { get; init; }

    /// <summary>Makes the market.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Where to write the report as JSON; null for nowhere.</summary>
    public string? Json { get; init; }
}

/// <summary>One opening of the data folder.</summary>
/// <param name="From">From what: a journal alone or a snapshot, in memory or on the disk.</param>
/// <param name="Events">Events replayed.</param>
/// <param name="ReplaySeconds">Time that the engine took to recover.</param>
/// <param name="OpenSeconds">The same with the start of its threads.</param>
internal sealed record RecoveryBenchRun(string From, long Events, double ReplaySeconds, double OpenSeconds)
{
    /// <summary>Events replayed in a second.</summary>
    public long EventsPerSecond => (long)(Events / ReplaySeconds);
}

/// <summary>What <c>bench recovery</c> measured.</summary>
internal sealed record RecoveryBenchReport
{
    public required string Command { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required MachineDescription Machine { get; init; }

    /// <summary>Events replayed in a second from a journal in memory, as after a crash of the process: the middle one of the runs.</summary>
    public required long EventsPerSecond { get; init; }

    /// <summary>Events that were acknowledged before the server was killed.</summary>
    public required long Acknowledged { get; init; }

    public required long JournalBytes { get; init; }

    public required long SnapshotBytes { get; init; }

    public required int Instruments { get; init; }

    public required IReadOnlyList<RecoveryBenchRun> Runs { get; init; }

    public required string MarketHash { get; init; }

    public void Tell()
    {
        BenchReport.Tell("machine", Machine.ToString());
        BenchReport.Tell("command", Command);
        BenchReport.Tell("journal", $"{JournalBytes:N0} bytes, {Acknowledged:N0} events acknowledged before the server was killed, {Instruments:N0} instruments");
        foreach (var run in Runs)
        {
            BenchReport.Tell("opened", $"{run.From}: {(run.Events > 0 ? $"{BenchReport.Rate(run.EventsPerSecond)}, " : string.Empty)}{run.ReplaySeconds:0.00} s, with all threads started {run.OpenSeconds:0.00} s");
        }

        BenchReport.Tell("snapshot", $"{SnapshotBytes:N0} bytes");
        BenchReport.Tell("check", $"journal and snapshot give the same state, market hash {MarketHash}");
    }
}

/// <summary>
/// <c>grid bench recovery</c>: a server is fed and killed; its journal is then opened, from memory and from the disk, and
/// once more with the snapshot that was taken.
/// </summary>
internal sealed class RecoveryBench(RecoveryBenchOptions options)
{
    private const int Rounds = 3;
    private const string FromMemory = "journal in memory";

    private readonly List<RecoveryBenchRun> _runs = [];

    /// <summary>Runs all of it.</summary>
    /// <exception cref="CommandFailure">A process failed, or something acknowledged was not recovered.</exception>
    public async Task RunAsync(CancellationToken cancel)
    {
        using var folder = new BenchFolder(given: null);
        var startedAt = TimeProvider.System.GetUtcNow();
        var machine = MachineDescription.Measure(folder.Path);
        var made = Path.Combine(folder.Path, "made");
        var fed = await MakeAsync(folder, made, cancel);
        var data = Path.Combine(folder.Path, "data");
        for (var round = 0; round < Rounds; round++)
        {
            Renew(made, data);
            BenchFiles.Settle(data, forget: false);
            await OpenAsync(data, FromMemory, fed.Events, cancel);
        }

        Renew(made, data);
        BenchFiles.Settle(data, forget: true);
        await OpenAsync(data, "journal on the disk", fed.Events, cancel);
        await OpenAsync(data, "snapshot in memory", 0, cancel);
        BenchFiles.Settle(data, forget: true);
        await OpenAsync(data, "snapshot on the disk", 0, cancel);
        var (replayed, loaded) = (await HashAsync(made, cancel), await HashAsync(data, cancel));
        if ((replayed.Market, replayed.Full) != (loaded.Market, loaded.Full))
        {
            throw new CommandFailure($"the journal gives market {replayed.Market} and full {replayed.Full}, the snapshot {loaded.Market} and {loaded.Full}");
        }

        var report = new RecoveryBenchReport
        {
            Command = BenchReport.CommandLine(),
            StartedAt = startedAt,
            Machine = machine,
            EventsPerSecond = _runs.Where(r => r.From == FromMemory).Select(r => r.EventsPerSecond).Order().ElementAt(Rounds / 2),
            Acknowledged = fed.Events,
            JournalBytes = BenchFiles.Bytes(Path.Combine(made, JournalFormat.FolderName)),
            SnapshotBytes = BenchFiles.Bytes(Path.Combine(data, "snapshots")),
            Instruments = replayed.Instruments,
            Runs = _runs,
            MarketHash = replayed.Market,
        };
        report.Tell();
        BenchReport.Save(options.Json, report);
    }

    // A server that takes no snapshot is fed and killed: its folder is what a crash leaves.
    private async Task<IngestFeederReport> MakeAsync(BenchFolder folder, string made, CancellationToken cancel)
    {
        var config = Path.Combine(folder.Path, "no-snapshots.json");
        await File.WriteAllTextAsync(
            config, JsonSerializer.Serialize(new { Grid = new { SnapshotJournalBytes = 1L << 40 } }), cancel);
        await using var server = await BenchServer.StartAsync(made, ["--config", config], cancel);
        return (await BenchPreload.FeedAsync(server, folder, options.Instruments, options.Seed, options.Events, cancel)).Done;
    }

    private static void Renew(string made, string data)
    {
        if (Directory.Exists(data))
        {
            Directory.Delete(data, recursive: true);
        }

        BenchFiles.Copy(Path.Combine(made, JournalFormat.FolderName), Path.Combine(data, JournalFormat.FolderName));
    }

    private async Task OpenAsync(string data, string from, long eventsAtLeast, CancellationToken cancel)
    {
        var startedAt = Stopwatch.GetTimestamp();
        await using var grid = await EmbeddedGrid.OpenAsync(Options(data), TimeProvider.System, NullLoggerFactory.Instance, cancel);
        var open = Stopwatch.GetElapsedTime(startedAt);
        var found = grid.Recovery;
        _runs.Add(new RecoveryBenchRun(from, found.Events, Math.Round(found.Duration.TotalSeconds, 4), Math.Round(open.TotalSeconds, 4)));
        if (found.Events < eventsAtLeast)
        {
            throw new CommandFailure($"{eventsAtLeast} events were acknowledged, but only {found.Events} came back");
        }
    }

    private static Task<ReplayResult> HashAsync(string data, CancellationToken cancel) => JournalReplay.HashAsync(Options(data), cancel: cancel);

    private static EmbeddedGridOptions Options(string data) => new() { DataFolder = data, SnapshotJournalBytes = 1L << 40 };
}
