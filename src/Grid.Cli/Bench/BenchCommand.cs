using System.CommandLine;
using Grid.Cli.Commands;
using Grid.Domain;
using Grid.Domain.Feed;

namespace Grid.Cli.Bench;

/// <summary><c>grid bench ingest|ilp|recovery|query|stream</c>: measures, over the public protocols, and says what machine it ran on.</summary>
internal static class BenchCommand
{
    private const long Endless = long.MaxValue;

    private static readonly Option<string?> Json = new("--json") { Description = "also write all figures to this file", HelpName = "F" };
    private static readonly Option<string?> Keep = new("--keep") { Description = "leave the data in this folder, which must be empty", HelpName = "DIR" };
    private static readonly Option<string?> Config = new("--config") { Description = "the server's configuration", HelpName = "F" };
    private static readonly Option<long> Instruments = CommandLine.NumberOption("--instruments", "instruments of the market", 1, 99_999, 5_000);
    private static readonly Option<long> Seed = CommandLine.NumberOption("--seed", "makes the market", 0, long.MaxValue, 1);
    private static readonly Option<long> Events = CommandLine.NumberOption("--events", "stop after so many events instead of by time", 1, Endless, Endless);
    private static readonly Option<long> Seconds = CommandLine.NumberOption("--seconds", "stop after so long", 1, 86_400, 60);

    private static readonly Argument<BenchPart> Part = new("PART");
    private static readonly Argument<string> PartOptions = new("OPTIONS");

    public static Command Create() => new("bench", "Measure this machine")
    {
        Ingest(),
        Ilp(),
        Recovery(),
        Query(),
        Streams(),
        HiddenPart(),
    };

    private static Command Ingest()
    {
        var rate = CommandLine.NumberOption("--rate", "events due in a second; 0 for as many as the server takes", 0, 100_000_000, 0);
        var ack = CommandLine.ChoiceOption<FeedAck>("--ack", "the acknowledgement asked for; journaled unless given");
        var batch = CommandLine.NumberOption("--batch", "events of a batch", 1, GridLimits.BatchEventsMax, IngestFeederOptions.UsualBatchEvents);
        var outstanding = CommandLine.NumberOption("--outstanding", "batches that may be unacknowledged", 1, GridLimits.FeedOutstandingBatchesMax, IngestFeederOptions.UsualOutstandingBatches);
        var bare = CommandLine.NumberOption("--bare-seconds", "time of the bare loops to compare with, half before and half after; 0 for none", 0, 3_600, 60);
        var postgres = new Option<string?>("--postgres") { Description = "also write to this database, an empty one with the schema, and compare the writer with COPY alone there", HelpName = "CONN" };
        var checkHash = new Option<bool>("--check-hash") { Description = "apply the stream a second time in another process and compare market hashes" };
        var command = new Command("ingest", "Feed a synthetic market over the binary protocol, beside a bare socket-to-disk loop, and check what came out")
        {
            Instruments, Events, Seconds, rate, ack, batch, outstanding, Seed, bare, checkHash, postgres, Config, Keep, Json,
        };
        command.SetAction((line, cancel) =>
        {
            var events = line.GetValue(Events);
            return new IngestBench(new IngestBenchOptions
            {
                Instruments = (int)line.GetValue(Instruments),
                Seed = (ulong)line.GetValue(Seed),
                Seconds = events == Endless ? line.GetValue(Seconds) : double.MaxValue,
                Events = events,
                EventsPerSecond = line.GetValue(rate),
                Ack = line.GetValue(ack) ?? FeedAck.Journaled,
                BatchEvents = (int)line.GetValue(batch),
                OutstandingBatches = (int)line.GetValue(outstanding),
                BareSeconds = line.GetValue(bare),
                CheckHash = line.GetValue(checkHash),
                Config = line.GetValue(Config),
                Postgres = line.GetValue(postgres),
                Keep = line.GetValue(Keep),
                Json = line.GetValue(Json),
            }).RunAsync(cancel);
        });
        return command;
    }

    private static Command Ilp()
    {
        var connections = CommandLine.NumberOption("--connections", "keep-alive connections, each with one request at a time", 1, 256, 8);
        var rows = CommandLine.NumberOption("--rows", "rows of a request", 1, 100_000, 8_192);
        var command = new Command("ilp", "Write a synthetic market as line protocol over HTTP, and check what came out") { Instruments, Seconds, connections, rows, Seed, Config, Keep, Json };
        command.SetAction((line, cancel) => new IlpBench(new IlpBenchOptions
        {
            Instruments = (int)line.GetValue(Instruments),
            Seed = (ulong)line.GetValue(Seed),
            Seconds = line.GetValue(Seconds),
            Connections = (int)line.GetValue(connections),
            Rows = (int)line.GetValue(rows),
            Config = line.GetValue(Config),
            Keep = line.GetValue(Keep),
            Json = line.GetValue(Json),
        }).RunAsync(cancel));
        return command;
    }

    private static Command Recovery()
    {
        var events = CommandLine.NumberOption("--events", "events of the journal", 1, 10_000_000_000, 30_000_000);
        var command = new Command("recovery", "Feed a server, kill it, and open what it leaves: journal alone, then snapshot") { events, Instruments, Seed, Json };
        command.SetAction((line, cancel) => new RecoveryBench(new RecoveryBenchOptions
        {
            Events = line.GetValue(events),
            Instruments = (int)line.GetValue(Instruments),
            Seed = (ulong)line.GetValue(Seed),
            Json = line.GetValue(Json),
        }).RunAsync(cancel));
        return command;
    }

    private static Command Query()
    {
        var seconds = CommandLine.NumberOption("--seconds", "time of each of the two measurements", 1, 3_600, 15);
        var rate = CommandLine.NumberOption("--rate", "requests due in a second where latency is measured", 1, 10_000_000, 20_000);
        var connections = CommandLine.NumberOption("--connections", "keep-alive connections", 1, 1_000, 32);
        var command = new Command("query", "Ask for latest prices over HTTP: as many as possible, then at a steady rate for latency")
        {
            Instruments, seconds, rate, connections, Seed, Json,
        };
        command.SetAction((line, cancel) => new QueryBench(new QueryBenchOptions
        {
            Instruments = (int)line.GetValue(Instruments),
            Seconds = line.GetValue(seconds),
            RequestsPerSecond = line.GetValue(rate),
            Connections = (int)line.GetValue(connections),
            Seed = (ulong)line.GetValue(Seed),
            Json = line.GetValue(Json),
        }).RunAsync(cancel));
        return command;
    }

    private static Command Streams()
    {
        var seconds = CommandLine.NumberOption("--seconds", "time measured", 1, 3_600, 60);
        var rate = CommandLine.NumberOption("--rate", "events of the market due in a second; 0 for none", 0, 100_000_000, 500_000);
        var probes = CommandLine.NumberOption("--probes", "single events due in a second, each of which is timed", 1, 1_000, 200);
        var watchers = CommandLine.NumberOption("--watchers", "connections that subscribe to all instruments", 0, 1_000, 0);
        var command = new Command("stream", "Time single events from the feed to a WebSocket subscriber and to a query, while a market is fed at a steady rate")
        {
            Instruments, rate, probes, watchers, seconds, Seed, Json,
        };
        command.SetAction((line, cancel) => new StreamBench(new StreamBenchOptions
        {
            Instruments = (int)line.GetValue(Instruments),
            EventsPerSecond = line.GetValue(rate),
            ProbesPerSecond = line.GetValue(probes),
            Seconds = line.GetValue(seconds),
            Watchers = (int)line.GetValue(watchers),
            Seed = (ulong)line.GetValue(Seed),
            Json = line.GetValue(Json),
        }).RunAsync(cancel));
        return command;
    }

    private static Command HiddenPart()
    {
        var command = new Command("part", "Run a part of a benchmark for its parent process") { Part, PartOptions };
        command.Hidden = true;
        command.SetAction((line, cancel) => BenchPartRun.RunAsync(line.GetValue(Part), line.GetValue(PartOptions)!, cancel));
        return command;
    }
}
