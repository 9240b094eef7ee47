using System.CommandLine;
using System.CommandLine.Parsing;
using System.Net;
using Grid.Cli.Settings;
using Grid.Domain;
using Grid.Domain.Identifiers;
using Grid.Storage;

namespace Grid.Cli.Commands;

/// <summary>
/// Runs a command line: exit code 0 on success, 1 on a failure that is explained in one line on standard error, 2 on wrong
/// usage. SIGINT and SIGTERM ask the command to end (<see cref="Interruption"/>).
/// </summary>
internal static class CommandLine
{
    public const int Failed = 1;
    public const int WrongUsage = 2;

    public static async Task<int> RunAsync(RootCommand root, string[] args)
    {
        var line = root.Parse(args.Length == 0 ? ["--help"] : args);
        if (line.Errors.Count > 0)
        {
            Console.Error.WriteLine($"grid: {OneLine(line.Errors[0].Message)} See '{NameOf(line.CommandResult)} --help'.");
            return WrongUsage;
        }

        using var ending = new Interruption(TimeProvider.System);
        try
        {
            var settings = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
            return await line.InvokeAsync(settings, ending.Token);
        }
        catch (OperationCanceledException) when (ending.Token.IsCancellationRequested)
        {
            Console.Error.WriteLine("grid: interrupted");
            return Failed;
        }
        catch (Exception e) when (e is CommandFailure or GridException or GridStorageException or IOException or UnauthorizedAccessException or HttpRequestException)
        {
            Console.Error.WriteLine($"grid: {OneLine(e.Message)}");
            return Failed;
        }
    }

    /// <summary>An option of an address and a port; a host name stands for an address.</summary>
    public static Option<EndPoint?> EndPointOption(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "A:P",
        CustomParser = result => Parse(result, text => TryParseEndPoint(text, out var value) ? value : null, "an address and a port, such as 127.0.0.1:7401"),
    };

    /// <summary>An option of a moment.</summary>
    public static Option<UnixNanos?> TimeOption(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "TIME",
        CustomParser = result => Parse<UnixNanos?>(result, text => UnixNanos.TryParse(text, out var time) ? time : null, "a time as 2013-10-07 or 2013-10-07T13:30:00Z"),
    };

    /// <summary>An option of a whole number in a range.</summary>
    public static Option<long> NumberOption(string name, string description, long lowest, long highest, long standard) => new(name)
    {
        Description = $"{description}; {lowest} to {highest}",
        HelpName = "N",
        DefaultValueFactory = _ => standard,
        CustomParser = result => Parse<long?>(
            result, text => long.TryParse(text, out var n) && n >= lowest && n <= highest ? n : null, $"a whole number from {lowest} to {highest}") ?? standard,
    };

    /// <summary>An option that is one of an enum's names, in lower case.</summary>
    public static Option<T?> ChoiceOption<T>(string name, string description)
        where T : struct, Enum => new(name)
        {
            Description = description,
            HelpName = Choices<T>("|"),
            CustomParser = result => Parse<T?>(
                result, text => Array.Find(Enum.GetValues<T>(), v => NameOf(v) == text) is var found && NameOf(found) == text ? found : null, Choices<T>()),
        };

    /// <summary>Takes an argument's text apart; a text that is refused is wrong usage.</summary>
    public static T? Parse<T>(ArgumentResult result, Func<string, T?> parse, string rule)
    {
        var text = result.Tokens[0].Value;
        var value = parse(text);
        if (value is null)
        {
            var name = result.Parent is OptionResult option ? option.Option.Name : result.Argument.Name;
            result.AddError($"{name} '{text}' is not {rule}.");
        }

        return value;
    }

    public static bool TryParseEndPoint(string text, out EndPoint? endPoint)
    {
        endPoint = null;
        var colon = text.LastIndexOf(':');
        if (colon <= 0 || !ushort.TryParse(text.AsSpan(colon + 1), out var port))
        {
            return false;
        }

        var host = text[..colon];
        if (IPAddress.TryParse(host.Trim('[', ']'), out var address))
        {
            endPoint = new IPEndPoint(address, port);
        }
        else if (Uri.CheckHostName(host) == UriHostNameType.Dns)
        {
            endPoint = host == "localhost" ? new IPEndPoint(IPAddress.Loopback, port) : new DnsEndPoint(host, port);
        }

        return endPoint is not null;
    }

    /// <summary>The address of an option that listens, which must not be a host name.</summary>
    /// <exception cref="CommandFailure">It is one.</exception>
    public static IPEndPoint? Local(EndPoint? endPoint, string option) => endPoint switch
    {
        null => null,
        IPEndPoint address => address,
        _ => throw new CommandFailure($"{option} '{endPoint}' is not an address to listen on"),
    };

    private static string Choices<T>(string separator = ", ")
        where T : struct, Enum => string.Join(separator, Enum.GetValues<T>().Select(NameOf));

    private static string NameOf<T>(T choice)
        where T : struct, Enum => choice.ToString().ToLowerInvariant();

    /// <summary>The data folder that a command is for: what was given, or the usual one.</summary>
    /// <exception cref="CommandFailure">It is not there, or has no folder of that name in it.</exception>
    public static string DataFolder(string? given, string inner, string what)
    {
        var folder = given ?? ServerSettings.DefaultDataFolder;
        return !Directory.Exists(folder) ? throw new CommandFailure($"data folder '{folder}' does not exist")
            : !Directory.Exists(Path.Combine(folder, inner)) ? throw new CommandFailure($"'{folder}' holds no {what}")
            : folder;
    }

    private static string NameOf(CommandResult? result)
    {
        var names = new List<string>();
        for (; result is not null; result = result.Parent as CommandResult)
        {
            names.Insert(0, result.Command is RootCommand ? "grid" : result.Command.Name);
        }

        return string.Join(' ', names);
    }

    private static string OneLine(string text) => text.ReplaceLineEndings("; ").TrimEnd(' ', ';');
}
