using System.Net;
using Grid.Cli.Commands;
using Grid.Cli.Telemetry;
using Grid.Domain.Instruments;
using Grid.Gateway.Access;
using Grid.Gateway.Feed;
using Grid.Gateway.Http;
using Grid.Gateway.Ilp;
using Grid.Gateway.Tls;
using Grid.Runtime;
using Grid.Runtime.Calendars;
using Grid.Storage.Archive;
using Grid.Storage.Postgres;
using Microsoft.Extensions.Configuration;

namespace Grid.Cli.Settings;

/// <summary>
/// Everything that a server is told: a JSON file with the sections <c>Data</c>, <c>Grid</c>, <c>Feed</c>, <c>Http</c>,
/// <c>Ilp</c>, <c>Access</c>, <c>Tls</c>, <c>Postgres</c>, <c>Archive</c>, <c>Otlp</c>, <c>Rules</c> and <c>Serilog</c>, and the command line's options, which win.
/// </summary>
internal sealed class ServerSettings
{
    /// <summary>The data folder of a server that is not told another.</summary>
    public const string DefaultDataFolder = "data";

    private const string DataKey = "Data";
    private const string TlsKey = "Tls";
    private const string PostgresKey = "Postgres";
    private const string ArchiveKey = "Archive";
    private const string EndPointKey = "EndPoint";
    private static readonly string[] Sections = [DataKey, "Grid", "Feed", "Http", "Ilp", "Access", TlsKey, PostgresKey, ArchiveKey, "Otlp", "Rules", "Serilog"];

    // What is wrong, all of it.
    private readonly List<string> _faults = [];
    private readonly ConfigurationLines? _lines;

    private ServerSettings(IConfiguration configuration, ConfigurationLines? lines)
    {
        Configuration = configuration;
        _lines = lines;
    }

    /// <summary>The file's content, for the log.</summary>
    public IConfiguration Configuration { get; }

    /// <summary>The engine, with its data folder and rules.</summary>
    public EmbeddedGridOptions Grid { get; private set; } = new();

    /// <summary>The binary feed.</summary>
    public FeedOptions Feed { get; private set; } = new();

    /// <summary>Where metrics are sent.</summary>
    public OtlpOptions Otlp { get; private set; } = new();

    /// <summary>HTTP.</summary>
    public GatewayOptions Http { get; private set; } = new();

    /// <summary>Line protocol over TCP; null to leave it out.</summary>
    public IlpOptions? Ilp { get; set; } = new();

    /// <summary>Who is let in, with the key file's path.</summary>
    public AccessOptions Access { get; private set; } = new();

    /// <summary>Reads the file, if there is one, lets options win over it, and checks all of it.</summary>
    /// <param name="path">The file; null for none.</param>
    /// <param name="dataFolder">Wins over the file; null does not.</param>
    /// <param name="feed">Wins over the file; null does not.</param>
    /// <param name="http">Wins over the file; null does not.</param>
    /// <param name="ilp">Wins over the file; null does not.</param>
    /// <param name="postgres">The database; wins over the file; null does not.</param>
    /// <param name="archive">True to archive, whatever the file says.</param>
    /// <param name="takeOver">True to take the database over, whatever the file says.</param>
    /// <exception cref="CommandFailure">The file cannot be read, or something in it is wrong: names every option that is.</exception>
    public static ServerSettings Load(
        string? path, string? dataFolder, IPEndPoint? feed, IPEndPoint? http, IPEndPoint? ilp = null, string? postgres = null, bool archive = false, bool takeOver = false)
    {
        var configuration = ReadFile(path, out var found);
        var settings = new ServerSettings(configuration, found);
        settings.CheckSections();
        settings.Feed = settings.Bind<FeedOptions>("Feed");
        settings.Feed.EndPoint = feed ?? settings.EndPointOf("Feed") ?? settings.Feed.EndPoint;
        settings.Http = settings.Bind<GatewayOptions>("Http");
        settings.Http.EndPoint = http ?? settings.EndPointOf("Http") ?? settings.Http.EndPoint;
        var lines = settings.Bind<IlpOptions>("Ilp");
        lines.EndPoint = ilp ?? settings.EndPointOf("Ilp") ?? lines.EndPoint;
        settings.Ilp = lines;
        settings.Grid = settings.Bind<EmbeddedGridOptions>("Grid");
        settings.Grid.DataFolder = dataFolder ?? configuration[DataKey] ?? DefaultDataFolder;
        settings.Grid.Postgres = settings.PostgresOf(postgres, takeOver);
        settings.Grid.Archive = archive || configuration.GetSection(ArchiveKey).Exists() ? settings.Bind<ArchiveOptions>(ArchiveKey) : null;
        settings.Access = settings.Bind<AccessOptions>("Access");
        settings.Access.KeyFile ??= Path.Combine(settings.Grid.DataFolder, KeyFile.Name);
        settings.UseTlsForAllPorts();
        settings.Try(() => settings.Grid.Rules = settings.Bind<RuleBookOptions>("Rules").ToRuleBook(ZoneOffsets.Find));
        settings.Try(settings.Grid.Validate);
        settings.Otlp = settings.Bind<OtlpOptions>("Otlp");
        settings.Otlp.Endpoint = configuration[$"Otlp:{EndPointKey}"] ?? settings.Otlp.Endpoint;
        settings.Try(settings.Otlp.Validate);
        settings.Http.IlpMapping ??= lines.Mapping;
        settings.Try(settings.Access.Validate);

        // Whether there are keys is known when the server starts.
        settings.CheckPorts(hasKeys: true);
        return settings._faults.Count == 0 ? settings
            : throw new CommandFailure((path is null ? string.Empty : $"'{path}': ") + string.Join("; ", settings._faults.Select(settings.Placed)));
    }

    /// <summary>Refuses to listen where others could come in without a key.</summary>
    /// <exception cref="CommandFailure">Names every address that needs keys, of which there are none.</exception>
    public void RequireKeysWhereNeeded(bool hasKeys)
    {
        CheckPorts(hasKeys);
        if (_faults.Count > 0)
        {
            throw new CommandFailure(string.Join("; ", _faults));
        }
    }

    private void CheckPorts(bool hasKeys)
    {
        Try(() => Feed.Validate(hasKeys));
        Try(() => Http.Validate(hasKeys));
        if (Ilp is { } ilp)
        {
            Try(() => ilp.Validate(hasKeys));
        }
    }

    // What the section Tls says holds for each port that does not say it itself.
    private void UseTlsForAllPorts()
    {
        if (Configuration.GetSection(TlsKey).Exists())
        {
            var tls = Bind<TlsOptions>(TlsKey);
            Feed.Tls ??= tls;
            Http.Tls ??= tls;
            Ilp?.Tls ??= tls;
        }
    }

    // A section without a connection string is half of one: that is told.
    private PostgresOptions? PostgresOf(string? connection, bool takeOver)
    {
        if (connection is null && !Configuration.GetSection(PostgresKey).Exists())
        {
            if (takeOver)
            {
                _faults.Add("--take-over: there is no database to take over; name it with --postgres or in section Postgres");
            }

            return null;
        }

        var options = Bind<PostgresOptions>(PostgresKey);
        options.ConnectionString = connection ?? options.ConnectionString;
        options.TakeOver |= takeOver;
        return options;
    }

    private string Placed(string fault) => _lines is null ? fault : _lines.Placed(fault);

    private static IConfigurationRoot ReadFile(string? path, out ConfigurationLines? lines)
    {
        lines = null;
        if (path is null)
        {
            return new ConfigurationBuilder().Build();
        }

        if (Directory.Exists(path))
        {
            throw new CommandFailure($"'{path}' is a folder; a file is needed");
        }

        try
        {
            var read = new ConfigurationBuilder().AddJsonFile(Path.GetFullPath(path), optional: false, reloadOnChange: false).Build();
            lines = ConfigurationLines.Of(File.ReadAllBytes(path));
            return read;
        }
        catch (FileNotFoundException e)
        {
            throw new CommandFailure($"'{path}' does not exist", e);
        }
        catch (Exception e) when (e is InvalidDataException or FormatException or IOException or UnauthorizedAccessException)
        {
            throw new CommandFailure($"'{path}' cannot be read: {(e.InnerException ?? e).Message}", e);
        }
    }

    private void CheckSections()
    {
        foreach (var section in Configuration.GetChildren().Where(s => !Sections.Contains(s.Key, StringComparer.OrdinalIgnoreCase)))
        {
            _faults.Add($"there is no section '{section.Key}', only {string.Join(", ", Sections)}");
        }

        if (Configuration.GetSection(DataKey).GetChildren().Any())
        {
            _faults.Add($"{DataKey} must be the path of a folder");
        }

        foreach (var option in _lines?.Empty.Where(o => !o.StartsWith("Serilog", StringComparison.OrdinalIgnoreCase)) ?? [])
        {
            _faults.Add($"option {option} is empty");
        }
    }

    // The address is left out: the binder does not know how to read one.
    private T Bind<T>(string section)
        where T : class, new()
    {
        var values = Configuration.GetSection(section).AsEnumerable(makePathsRelative: true)
            .Where(v => v.Value is not null && v.Key.Length > 0 && !v.Key.Equals(EndPointKey, StringComparison.OrdinalIgnoreCase));
        var bound = new T();
        try
        {
            new ConfigurationBuilder().AddInMemoryCollection(values).Build().Bind(bound, binder => binder.ErrorOnUnknownConfiguration = true);
        }
        catch (InvalidOperationException e)
        {
            _faults.Add($"section {section}: {e.Message}{(e.InnerException is { } why ? $" ({why.Message})" : string.Empty)}");
        }

        return bound;
    }

    private IPEndPoint? EndPointOf(string section)
    {
        var text = Configuration[$"{section}:{EndPointKey}"];
        if (text is null)
        {
            return null;
        }

        if (CommandLine.TryParseEndPoint(text, out var endPoint) && endPoint is IPEndPoint address)
        {
            return address;
        }

        _faults.Add($"option {section}:{EndPointKey} '{text}' is not an address and a port");
        return null;
    }

    private void Try(Action check)
    {
        try
        {
            check();
        }
        catch (ArgumentException e)
        {
            _faults.AddRange(e.Message.ReplaceLineEndings("\n").Split('\n'));
        }
    }
}
