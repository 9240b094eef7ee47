using System.Runtime.InteropServices;
using System.Text.Json;
using Grid.Domain.Identifiers;

namespace Grid.Cli.Bench;

/// <summary>What <c>bench ilp</c> is asked to do.</summary>
internal sealed record IlpBenchOptions
{
    /// <summary>Instruments of the market.</summary>
    public required int Instruments { get; init; }

    /// <summary>Makes the market.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Feeds so long.</summary>
    public required double Seconds { get; init; }

    /// <summary>Keep-alive connections.</summary>
    public required int Connections { get; init; }

    /// <summary>Rows of a request.</summary>
    public required int Rows { get; init; }

    /// <summary>The server's configuration; null for none.</summary>
    public string? Config { get; init; }

    /// <summary>Where to leave the data; null to leave nothing.</summary>
    public string? Keep { get; init; }

    /// <summary>Where to write the report as JSON; null for nowhere.</summary>
    public string? Json { get; init; }
}

/// <summary>
/// <c>grid bench ilp</c>: a server and a feeder, each a process of its own, line protocol over HTTP, and a check of everything
/// that came out.
/// </summary>
internal sealed class IlpBench(IlpBenchOptions options)
{
    private const int RequestsOfRound = 8;

    /// <summary>Measures, checks and reports.</summary>
    /// <exception cref="CommandFailure">A process failed, or what came out is not what must come out.</exception>
    public async Task RunAsync(CancellationToken cancel)
    {
        using var folder = new BenchFolder(options.Keep);
        var startedAt = TimeProvider.System.GetUtcNow();
        var machine = MachineDescription.Measure(folder.Path);
        await using var server = await BenchServer.StartAsync(Path.Combine(folder.Path, "data"), options.Config is null ? [] : ["--config", options.Config], cancel);
        var asked = new IlpFeederOptions
        {
            Server = server.Http.Authority,
            Instruments = options.Instruments,
            Seed = options.Seed,
            Connections = options.Connections,
            Rows = options.Rows,
            Requests = RequestsOfRound,
            Seconds = options.Seconds,
            ModelFile = Path.Combine(folder.Path, "model.bin"),
        };
        await using var feeder = BenchProcess.StartPart(BenchPart.IlpFeeder, asked);
        var allocatedBefore = Number(await server.GetAsync("/v1/status", cancel), "allocated_bytes");
        var before = server.Process.Measure();
        var fed = await feeder.ReadAsync<IlpFeederReport>(cancel);
        var after = server.Process.Measure();
        var status = await server.GetAsync("/v1/status", cancel);
        var expectation = new IngestExpectation(fed.Rows, fed.Duplicates, fed.Rows, fed.Outcomes, new UnixNanos(fed.Start), new UnixNanos(fed.End), Model(asked));
        var report = new IlpBenchReport
        {
            Command = BenchReport.CommandLine(),
            StartedAt = startedAt,
            Machine = machine,
            Options = asked,
            EventsPerSecond = (long)(fed.Rows / fed.Seconds),
            Feeder = fed,
            ServerCpuNsPerRow = Math.Round((after.CpuSeconds - before.CpuSeconds) * 1e9 / fed.Rows, 1),
            FeederCpuNsPerRow = Math.Round(fed.CpuSeconds * 1e9 / fed.Rows, 1),
            JournalBytes = Number(status, "journal_bytes"),
            Flushes = Number(status, "journal_flushes"),
            ServerAllocatedBytesPerRow = Math.Round((Number(status, "allocated_bytes") - allocatedBefore) / (double)fed.Rows, 3),
            Server = after,
            Differences = await new IngestBenchCheck(expectation).CompareAsync(server, cancel),
        };
        await server.StopAsync(cancel);
        report.Tell();
        BenchReport.Save(options.Json, report);
        if (report.Differences.Count > 0)
        {
            throw new CommandFailure($"what came out is not what the markets' models say: {string.Join("; ", report.Differences)}");
        }
    }

    private static List<(string Symbol, ExpectedInstrument Expected)> Model(IlpFeederOptions asked)
    {
        var model = MemoryMarshal.Cast<byte, ExpectedInstrument>(File.ReadAllBytes(asked.ModelFile));
        var all = new List<(string, ExpectedInstrument)>(model.Length);
        for (var connection = 0; connection < asked.Connections; connection++)
        {
            // Only its symbols are asked for.
            var market = new SyntheticMarket(
                new SyntheticMarketOptions { Start = new UnixNanos(0), Instruments = asked.InstrumentsOfOne, SymbolPrefix = IlpFeederOptions.Prefix(connection) }, static (_, _) => 0);
            for (var i = 0; i < asked.InstrumentsOfOne; i++)
            {
                all.Add((market.Symbol(i), model[(connection * asked.InstrumentsOfOne) + i]));
            }
        }

        return all;
    }

    private static long Number(JsonElement status, string name) =>
        status.TryGetProperty(name, out var value) && value.TryGetInt64(out var number) ? number : throw new CommandFailure($"the server's status has no '{name}'");
}
