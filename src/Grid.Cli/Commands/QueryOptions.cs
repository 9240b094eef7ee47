using System.CommandLine;
using Grid.Cli.Output;
using Grid.Cli.Queries;
using Grid.Gateway.Http;

namespace Grid.Cli.Commands;

/// <summary>Options that several commands have.</summary>
internal static class QueryOptions
{
    /// <summary>How rows are printed.</summary>
    public static Option<RowFormat?> Format() => CommandLine.ChoiceOption<RowFormat>("--format", "how rows are printed; table unless given");

    /// <summary>Where the server answers queries.</summary>
    public static Option<Uri?> Http() => new("--http")
    {
        Description = $"the server; what the variable {ServerQuery.Variable} says unless given, else http://127.0.0.1:{GatewayOptions.DefaultPort}",
        HelpName = "URL",
        CustomParser = result => CommandLine.Parse(result, ParseUrl, "a URL such as http://127.0.0.1:7400"),
    };

    /// <summary>The server that an option, else the environment, else the usual port says.</summary>
    /// <exception cref="CommandFailure">The environment's is no URL.</exception>
    public static Uri ServerOf(Uri? option)
    {
        if (option is not null)
        {
            return option;
        }

        var text = Environment.GetEnvironmentVariable(ServerQuery.Variable);
        return string.IsNullOrEmpty(text) ? new Uri($"http://127.0.0.1:{GatewayOptions.DefaultPort}")
            : ParseUrl(text) ?? throw new CommandFailure($"the variable {ServerQuery.Variable} '{text}' is not a URL such as http://127.0.0.1:7400");
    }

    // An address and a port is taken for a URL without its scheme.
    private static Uri? ParseUrl(string text) =>
        Uri.TryCreate(CommandLine.TryParseEndPoint(text, out _) ? $"http://{text}" : text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? url
            : null;
}
