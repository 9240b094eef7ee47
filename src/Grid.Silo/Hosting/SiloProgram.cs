using System.CommandLine;
using Grid.Silo.Stores;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Serilog;
using Serilog.Core;
using Serilog.Events;

namespace Grid.Silo.Hosting;

/// <summary>
/// The executable <c>grid-silo</c>: a silo until SIGINT or SIGTERM. Exit code 0 when it was asked to end, 1 on a failure that one line on
/// standard error explains, 2 on wrong usage.
/// </summary>
internal static class SiloProgram
{
    private const int Failed = 1;
    private const int WrongUsage = 2;

    private static readonly Option<string> Config = new("--config")
    {
        Description = "a JSON file with the sections Silo, Commit, Postgres, Rules and Serilog", HelpName = "F", Required = true,
    };

    private static readonly Option<string?> Postgres = new("--postgres")
    {
        Description = "the cluster's database, whose schema 'grid migrate' makes; a password is better kept in the file", HelpName = "CONN",
    };

    public static async Task<int> RunAsync(string[] args)
    {
        var root = new RootCommand("A silo of a Grid cluster") { Config, Postgres };
        root.SetAction((line, cancel) => RunAsync(line.GetRequiredValue(Config), line.GetValue(Postgres), cancel));
        var line = root.Parse(args);
        if (line.Errors.Count > 0)
        {
            Console.Error.WriteLine($"grid-silo: {line.Errors[0].Message} See 'grid-silo --help'.");
            return WrongUsage;
        }

        try
        {
            // The host listens to the signals.
            return await line.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (Exception e)
        {
            Console.Error.WriteLine($"grid-silo: {e.Message.ReplaceLineEndings(" ")}");
            return Failed;
        }
    }

    private static async Task<int> RunAsync(string config, string? postgres, CancellationToken cancel)
    {
        var settings = SiloSettings.Load(config, postgres);
        await using var log = StartLog(settings);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.AddSerilog(log);
        builder.AddGridSilo(settings.Options, settings.Rules, TimeProvider.System);
        using var host = builder.Build();
        await host.StartAsync(cancel);
        Console.WriteLine($"silo {settings.Options.Commit.Silo} {settings.Options.Address}:{settings.Options.SiloPort}");

        // A silo that commits no more, as a later start has claimed its name, is of no use.
        var committing = host.Services.GetRequiredService<SiloStore>().Committer.Completion;
        var stopping = host.WaitForShutdownAsync(cancel);
        var isShutOut = await Task.WhenAny(committing, stopping) == committing && !host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested;
        if (isShutOut)
        {
            await host.StopAsync(CancellationToken.None);
            Console.Error.WriteLine($"grid-silo: silo '{settings.Options.Commit.Silo}' was claimed by a later start; this one commits no more");
            return Failed;
        }

        await stopping;
        return 0;
    }

    private static Logger StartLog(SiloSettings settings) => new LoggerConfiguration()
        .MinimumLevel.Information()
        .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
        .MinimumLevel.Override("Orleans", LogEventLevel.Warning)
        .WriteTo.Console(
            outputTemplate: "{Timestamp:HH:mm:ss.fff} {Level:u3} {Message:lj}{NewLine}{Exception}", standardErrorFromLevel: LogEventLevel.Verbose)
        .ReadFrom.Configuration(settings.Configuration)
        .CreateLogger();
}
