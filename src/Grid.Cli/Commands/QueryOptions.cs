using System.CommandLine;
using Grid.Cli.Output;
using Grid.Client.Tls;
using Grid.Gateway.Http;
using Grid.Storage.Postgres;

namespace Grid.Cli.Commands;

/// <summary>Options that several commands have.</summary>
internal static class QueryOptions
{
    /// <summary>The environment variable that says where the server is.</summary>
    public const string ServerVariable = "GRID_HTTP";

    /// <summary>The environment variable that holds the key.</summary>
    public const string KeyVariable = "GRID_KEY";

    /// <summary>How rows are printed.</summary>
    public static Option<RowFormat?> Format() => CommandLine.ChoiceOption<RowFormat>("--format", "how rows are printed; table unless given");

    /// <summary>Where the server answers queries.</summary>
    public static Option<Uri?> Http() => new("--http")
    {
        Description = $"the server; what the variable {ServerVariable} says unless given, else http://127.0.0.1:{GatewayOptions.DefaultPort}",
        HelpName = "URL",
        CustomParser = result => CommandLine.Parse(result, ParseUrl, "a URL such as http://127.0.0.1:7400"),
    };

    /// <summary>The key for a server that asks for one.</summary>
    public static Option<string?> Key() => new("--key")
    {
        Description = $"the key for a server that asks for one; what the variable {KeyVariable} says unless given, which other users of the machine cannot see",
        HelpName = "KEY",
    };

    /// <summary>Whom to trust.</summary>
    public static Option<string?> TlsCa() => new("--tls-ca") { Description = "trust the certificates that the authorities in this PEM file signed", HelpName = "F" };

    /// <summary>A database.</summary>
    public static Option<PostgresAddress?> Postgres(string what, string more = "") => new("--postgres")
    {
        Description = $"{what}, as Host=…;Username=…;Password=…;Database=… or postgresql://user:password@host:port/database{more}",
        HelpName = "CONN",
        CustomParser = result =>
        {
            try
            {
                return PostgresAddress.Parse(result.Tokens[0].Value);
            }
            catch (ArgumentException e)
            {
                result.AddError($"--postgres: {e.Message}.");
                return null;
            }
        },
    };

    /// <summary>The key that an option, else the environment says; null for none.</summary>
    public static string? KeyOf(string? option) =>
        (option ?? Environment.GetEnvironmentVariable(KeyVariable)) is { Length: > 0 } key ? key : null;

    /// <summary>Whom an option says to trust; null for whom the machine does.</summary>
    public static ClientTlsOptions? TlsOf(string? authorities) => authorities is null ? null : new ClientTlsOptions { CaFile = authorities };

    /// <summary>The server that an option, else the environment, else the usual port says.</summary>
    /// <exception cref="CommandFailure">The environment's is no URL.</exception>
    public static Uri ServerOf(Uri? option)
    {
        if (option is not null)
        {
            return option;
        }

        var text = Environment.GetEnvironmentVariable(ServerVariable);
        return string.IsNullOrEmpty(text) ? new Uri($"http://127.0.0.1:{GatewayOptions.DefaultPort}")
            : ParseUrl(text) ?? throw new CommandFailure($"the variable {ServerVariable} '{text}' is not a URL such as http://127.0.0.1:7400");
    }

    // An address and a port is taken for a URL without its scheme.
    private static Uri? ParseUrl(string text) =>
        Uri.TryCreate(CommandLine.TryParseEndPoint(text, out _) ? $"http://{text}" : text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? url
            : null;
}
