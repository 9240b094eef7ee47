using Microsoft.Extensions.Configuration;
using Serilog;
using Serilog.Configuration;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting.Json;
using Serilog.Settings.Configuration;

namespace Grid.Cli.Logs;

/// <summary>
/// The log of one command: the console (standard error), and with a data folder six rolling files of JSON lines under
/// <c>logs/</c>, by what the line is about. Each line carries an OperationId, so that one operation can be followed through
/// all of them. A section <c>Serilog</c> of the configuration is applied on top.
/// </summary>
internal static class GridLogs
{
    /// <summary>The files, and which loggers write to them: the first whose prefix fits, else <c>pipeline</c>.</summary>
    internal static readonly (string File, string[] Prefixes)[] Routes =
    [
        ("db", ["Grid.Db", "Grid.Storage.Postgres", "Npgsql"]),
        ("cusip", ["Grid.Cusip"]),
        ("quality", ["Grid.Quality"]),
        ("audit", ["Grid.Audit"]),
    ];

    private const string PipelineFile = "pipeline";
    private const string ErrorFile = "error";
    private const long FileBytesMax = 64L << 20;
    private const int FilesKeptMax = 14;
    private const int LinesQueuedMax = 10_000;

    /// <summary>Starts the log.</summary>
    /// <param name="operation">OperationId of lines that belong to no narrower operation.</param>
    /// <param name="consoleLevel">From which level on the console shows lines.</param>
    /// <param name="dataFolder">Where <c>logs/</c> is; null for no files.</param>
    /// <param name="configuration">May have a section <c>Serilog</c>.</param>
    /// <exception cref="CommandFailure">The section cannot be applied.</exception>
    public static Logger Start(string operation, LogEventLevel consoleLevel, string? dataFolder, IConfiguration? configuration)
    {
        var log = new LoggerConfiguration()
            .MinimumLevel.Information()
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)

            // What stops a listener from starting is told by the command itself.
            .MinimumLevel.Override("Microsoft.Extensions.Hosting", LogEventLevel.Fatal)
            .Enrich.FromLogContext()
            .Enrich.With(new OperationIdEnricher(operation))
            .WriteTo.Console(consoleLevel, "{Timestamp:HH:mm:ss.fff} {Level:u3} {Message:lj}{NewLine}{Exception}", standardErrorFromLevel: LogEventLevel.Verbose);
        if (dataFolder is not null)
        {
            AddFiles(log, Path.Combine(dataFolder, "logs"));
        }

        try
        {
            if (configuration?.GetSection("Serilog").Exists() == true)
            {
                log.ReadFrom.Configuration(configuration, new ConfigurationReaderOptions { SectionName = "Serilog" });
            }

            return log.CreateLogger();
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException or FileNotFoundException)
        {
            throw new CommandFailure($"the configuration's section Serilog cannot be applied: {e.Message}", e);
        }
    }

    /// <summary>The file that a logger of the given name writes to.</summary>
    internal static string FileOf(string? loggerName)
    {
        foreach (var (file, prefixes) in Routes)
        {
            if (loggerName is not null && Array.Exists(prefixes, p => loggerName.StartsWith(p, StringComparison.Ordinal)))
            {
                return file;
            }
        }

        return PipelineFile;
    }

    private static void AddFiles(LoggerConfiguration log, string folder)
    {
        foreach (var file in Routes.Select(r => r.File).Append(PipelineFile))
        {
            log.WriteTo.Logger(part => ToFile(part.Filter.ByIncludingOnly(e => FileOf(NameOf(e)) == file).WriteTo, folder, file));
        }

        log.WriteTo.Logger(part => ToFile(part.Filter.ByIncludingOnly(e => e.Level >= LogEventLevel.Error).WriteTo, folder, ErrorFile));
    }

    // A line is written by a thread of its own. When its queue is full the caller waits: lines are not lost.
    private static void ToFile(LoggerSinkConfiguration sink, string folder, string name) => sink.Async(
        queued => queued.File(
            new JsonFormatter(renderMessage: true),
            Path.Combine(folder, name + "-.json"),
            rollingInterval: RollingInterval.Day,
            rollOnFileSizeLimit: true,
            fileSizeLimitBytes: FileBytesMax,
            retainedFileCountLimit: FilesKeptMax),
        LinesQueuedMax,
        blockWhenFull: true);

    private static string? NameOf(LogEvent line) =>
        line.Properties.TryGetValue(Constants.SourceContextPropertyName, out var name) && name is ScalarValue { Value: string text } ? text : null;
}
