using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using Grid.Cli.Demo;
using Grid.Cli.Logs;
using Grid.Cli.Settings;
using Grid.Gateway.Feed;
using Grid.Gateway.Http;
using Serilog.Events;
using Serilog.Extensions.Logging;

namespace Grid.Cli.Commands;

/// <summary><c>grid demo</c>: an embedded server with a synthetic market feeding it.</summary>
internal static class DemoCommand
{
    private static readonly Option<long> Seconds = CommandLine.NumberOption("--seconds", "how long; 0 is until it is interrupted", 0, 86_400, 0);
    private static readonly Option<long> Rate = CommandLine.NumberOption("--rate", "events per second", 1, 10_000_000, 10_000);
    private static readonly Option<long> Instruments = CommandLine.NumberOption("--instruments", "instruments of the market", 1, 1_000_000, 500);
    private static readonly Option<long> Seed = CommandLine.NumberOption("--seed", "makes the market", 0, long.MaxValue, 1);
    private static readonly Option<string?> Data = new("--data") { Description = "the data folder, which is kept; unless given, one that is removed at the end", HelpName = "DIR" };

    public static Command Create()
    {
        var command = new Command("demo", "Run an embedded server with a synthetic market feeding it, and check what comes out") { Seconds, Rate, Instruments, Seed, Data };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult line, CancellationToken cancel)
    {
        var kept = line.GetValue(Data);
        var folder = kept ?? Directory.CreateTempSubdirectory("grid-demo-").FullName;
        try
        {
            var settings = ServerSettings.Load(path: null, folder, FreeOr(new FeedOptions().EndPoint), FreeOr(new GatewayOptions().EndPoint));
            settings.Ilp = null;
            var seconds = line.GetValue(Seconds);
            var options = new DemoOptions(
                seconds == 0 ? null : TimeSpan.FromSeconds(seconds), line.GetValue(Rate), (int)line.GetValue(Instruments), (ulong)line.GetValue(Seed));
            await using var log = GridLogs.Start($"demo-{Environment.ProcessId}", LogEventLevel.Warning, folder, configuration: null);
            using var logs = new SerilogLoggerFactory(log);
            await new DemoRun(settings, options, Console.Out).RunAsync(logs, cancel);
            return 0;
        }
        finally
        {
            if (kept is null)
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    // The usual address if nobody listens there, else any free port: a demo beside a server should just run.
    private static IPEndPoint FreeOr(IPEndPoint usual)
    {
        using var probe = new TcpListener(usual);
        try
        {
            probe.Start();
            return usual;
        }
        catch (SocketException)
        {
            return new IPEndPoint(usual.Address, 0);
        }
    }
}
