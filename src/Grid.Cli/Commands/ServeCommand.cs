using System.CommandLine;
using System.Net;
using Grid.Cli.Logs;
using Grid.Cli.Server;
using Grid.Cli.Settings;
using Serilog.Events;
using Serilog.Extensions.Logging;

namespace Grid.Cli.Commands;

/// <summary><c>grid serve</c>: the embedded server, until SIGINT or SIGTERM.</summary>
internal static class ServeCommand
{
    private static readonly Option<string?> Config = new("--config") { Description = "a JSON file with the sections Data, Grid, Feed, Http, Ilp, Access, Tls, Postgres, Archive, Otlp, Rules and Serilog", HelpName = "F" };
    private static readonly Option<string?> Data = new("--data") { Description = "the data folder; 'data' unless given", HelpName = "DIR" };
    private static readonly Option<EndPoint?> Feed = CommandLine.EndPointOption("--feed", "where the binary feed listens; 127.0.0.1:7401 unless given, port 0 picks a free one");

    private static readonly Option<EndPoint?> Http = CommandLine.EndPointOption("--http", "where HTTP is answered; 127.0.0.1:7400 unless given, port 0 picks a free one");

    private static readonly Option<EndPoint?> Ilp = CommandLine.EndPointOption("--ilp", "where line protocol listens; 127.0.0.1:7402 unless given, port 0 picks a free one");

    private static readonly Option<bool> Archive = new("--archive") { Description = "also write Parquet files by kind and date, in the folder 'archive' of the data folder; the journal is then kept only until they have it" };
    private static readonly Option<string?> Postgres = new("--postgres")
    {
        Description = "also keep everything in this PostgreSQL database, whose schema 'grid migrate' makes: 'Host=…;Username=…;Password=…;Database=…' or postgresql://user:password@host/database; a password is better kept in the configuration",
        HelpName = "CONN",
    };

    private static readonly Option<bool> TakeOver = new("--take-over")
    {
        Description = "take the database over from the data folder that wrote to it before, which is shut out; an empty data folder is filled with what the database holds",
    };

    public static Command Create()
    {
        var command = new Command("serve", "Run the embedded server") { Config, Data, Http, Feed, Ilp, Postgres, TakeOver, Archive };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult line, CancellationToken cancel)
    {
        var settings = ServerSettings.Load(
            line.GetValue(Config),
            line.GetValue(Data),
            CommandLine.Local(line.GetValue(Feed), "--feed"),
            CommandLine.Local(line.GetValue(Http), "--http"),
            CommandLine.Local(line.GetValue(Ilp), "--ilp"),
            line.GetValue(Postgres),
            line.GetValue(Archive),
            line.GetValue(TakeOver));
        await using var log = GridLogs.Start(
            $"serve-{Environment.ProcessId}", LogEventLevel.Information, settings.Grid.DataFolder, settings.Configuration);
        using var logs = new SerilogLoggerFactory(log);
        await using var server = await EmbeddedServer.StartAsync(settings, logs, cancel);
        foreach (var listener in server.Listeners)
        {
            Console.WriteLine(listener);
        }

        var ended = await Task.WhenAny(server.Grid.Failure, Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancel));
        if (ended == server.Grid.Failure)
        {
            // Throws the cause, which becomes the command's one line.
            await server.Grid.Failure;
        }

        log.Information("stopping");
        return 0;
    }
}
