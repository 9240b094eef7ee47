using Grid.Domain.Instruments;
using Grid.Runtime.Calendars;
using Grid.Storage.Postgres;
using Grid.Storage.Postgres.Committing;
using Microsoft.Extensions.Configuration;

namespace Grid.Silo.Hosting;

/// <summary>What a silo is told: a JSON file with the sections <c>Silo</c>, <c>Commit</c>, <c>Postgres</c>, <c>Rules</c> and <c>Serilog</c>.</summary>
internal sealed class SiloSettings
{
    private static readonly string[] Sections = ["Silo", "Commit", "Postgres", "Rules", "Serilog"];

    private SiloSettings(IConfiguration configuration, GridSiloOptions options, RuleBook rules)
    {
        Configuration = configuration;
        Options = options;
        Rules = rules;
    }

    /// <summary>The file's content, for the log.</summary>
    public IConfiguration Configuration { get; }

    public GridSiloOptions Options { get; }

    public RuleBook Rules { get; }

    /// <summary>Reads and checks the file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="postgres">The database; wins over the file; null does not.</param>
    /// <exception cref="ArgumentException">Something in it is wrong: names every option that is.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static SiloSettings Load(string path, string? postgres)
    {
        var configuration = new ConfigurationBuilder().AddJsonFile(Path.GetFullPath(path), optional: false).Build();
        if (configuration.GetChildren().FirstOrDefault(c => !Sections.Contains(c.Key)) is { } unknown)
        {
            throw new ArgumentException($"Section {unknown.Key} is not known; there are {string.Join(", ", Sections)}.");
        }

        var options = Bind<GridSiloOptions>(configuration, "Silo");
        options.Commit = Bind<GroupCommitOptions>(configuration, "Commit");
        options.Postgres = Bind<PostgresOptions>(configuration, "Postgres");
        options.Postgres.ConnectionString = postgres ?? options.Postgres.ConnectionString;
        options.Validate();
        return new SiloSettings(configuration, options, Bind<RuleBookOptions>(configuration, "Rules").ToRuleBook(ZoneOffsets.Find));
    }

    // An option that does not exist is told, not passed over.
    private static T Bind<T>(IConfiguration configuration, string section)
        where T : new()
    {
        var options = new T();
        try
        {
            configuration.GetSection(section).Bind(options, o => o.ErrorOnUnknownConfiguration = true);
        }
        catch (InvalidOperationException e)
        {
            throw new ArgumentException($"Section {section}: {e.Message}", e);
        }

        return options;
    }
}
