using System.CommandLine;
using System.Globalization;
using Grid.Cli.Output;
using Grid.Cli.Settings;
using Grid.Domain.Identifiers;
using Grid.Gateway.Access;

namespace Grid.Cli.Commands;

/// <summary><c>grid keys create|list|revoke</c>: changes the key file of a data folder. A running server takes the change over within a second.</summary>
internal static class KeysCommand
{
    private static readonly Option<string?> Config = new("--config") { Description = "the server's configuration, if it names another data folder or key file", HelpName = "F" };
    private static readonly Option<string?> Data = new("--data") { Description = "the data folder; 'data' unless given", HelpName = "DIR" };
    private static readonly Option<RowFormat?> Format = QueryOptions.Format();

    private static readonly Option<AccessRole?> Role = CommandLine.ChoiceOption<AccessRole>("--role", "what the key is for; admin is for everything");
    private static readonly Option<string[]> Sources = new("--source")
    {
        Description = "a source that a feed key may write, or a pattern with * and ?; may be given several times",
        HelpName = "PATTERN",
    };

    private static readonly Option<string[]> Producers = new("--producer")
    {
        Description = "a producer's name that a feed key may feed as, or a pattern with * and ?; may be given several times; any unless given",
        HelpName = "PATTERN",
    };

    private static readonly Option<DateTimeOffset?> Expires = new("--expires")
    {
        Description = "when the key ends: a time, or from now such as 90d or 12h; never unless given",
        HelpName = "TIME",
        CustomParser = result => CommandLine.Parse<DateTimeOffset?>(result, ParseExpiry, "a time as 2027-01-01 or 2027-01-01T13:30:00Z, or from now as 90d or 12h"),
    };

    private static readonly Option<long> Rate = CommandLine.NumberOption("--rate", "most requests (on the feed: batches) a second; any number unless given", 0, 1_000_000, 0);
    private static readonly Option<string?> Description = new("--description") { Description = "whose it is, for people" };
    private static readonly Option<string?> Certificate = new("--certificate")
    {
        Description = "a client certificate that stands for the key: sha256: and its thumbprint, or subject: and its subject's name",
        HelpName = "C",
    };

    private static readonly Argument<string> Id = new("ID") { Description = "the key's id, as 'grid keys list' shows it" };

    public static Command Create()
    {
        Role.Required = true;
        var create = new Command("create", "Make a key and print it, this once") { Role, Sources, Producers, Expires, Rate, Description, Certificate, Data, Config };
        create.SetAction(CreateAsync);
        var list = new Command("list", "Show the keys, without their secrets") { Data, Config, Format };
        list.SetAction(List);
        var revoke = new Command("revoke", "Revoke a key; what it has open is closed") { Id, Data, Config };
        revoke.SetAction(RevokeAsync);
        return new Command("keys", "Make, show and revoke the keys that a server asks for") { create, list, revoke };
    }

    private static async Task<int> CreateAsync(ParseResult line, CancellationToken cancel)
    {
        var now = TimeProvider.System.GetUtcNow();
        var key = ApiKey.Create();
        var record = new KeyRecord
        {
            Id = key.Id,
            Hash = KeyRecord.HashText(key),
            Role = line.GetValue(Role)!.Value,
            Sources = line.GetValue(Sources) ?? [],
            Producers = line.GetValue(Producers) is { Length: > 0 } producers ? producers : null,
            Description = line.GetValue(Description) ?? string.Empty,
            Created = now,
            Expires = line.GetValue(Expires),
            Rate = line.GetValue(Rate) is > 0 and var rate ? (int)rate : null,
            Certificate = line.GetValue(Certificate),
        };
        if (record.Expires <= now)
        {
            throw new CommandFailure($"--expires {Text(record.Expires)} is over");
        }

        var file = FileOf(line);
        await KeyFile.ChangeAsync(file, keys => [.. keys, record], TimeProvider.System, cancel);

        // The key alone goes to standard output, so that a script can take it.
        Console.Error.WriteLine($"key '{key.Id}' is in '{file}'; its text is shown this once:");
        Console.Out.WriteLine(key.Text);
        return 0;
    }

    private static int List(ParseResult line)
    {
        var now = TimeProvider.System.GetUtcNow();
        RowWriter.Write(
            line.GetValue(Format) ?? RowFormat.Table,
            Console.Out,
            !Console.IsOutputRedirected,
            ["id", "role", "sources", "producers", "state", "created", "expires", "revoked", "rate", "certificate", "description"],
            KeyFile.Read(FileOf(line)).OrderBy(k => k.Created).Select(k => Row(k, now)));
        return 0;
    }

    private static IReadOnlyList<Cell> Row(KeyRecord key, DateTimeOffset now) =>
    [
        key.Id,
        key.Role.ToString().ToLowerInvariant(),
        key.Role == AccessRole.Admin ? "*" : string.Join(' ', key.Sources),
        key.Role == AccessRole.Read ? string.Empty : string.Join(' ', key.Producers ?? ["*"]),
        key.StateAt(now),
        Text(key.Created),
        Text(key.Expires),
        Text(key.Revoked),
        key.Rate is { } rate ? (long)rate : default(Cell),
        key.Certificate,
        key.Description,
    ];

    private static async Task<int> RevokeAsync(ParseResult line, CancellationToken cancel)
    {
        var id = line.GetValue(Id)!;
        var file = FileOf(line);
        var now = TimeProvider.System.GetUtcNow();
        await KeyFile.ChangeAsync(
            file,
            keys => keys.Any(k => k.Id == id)
                ? [.. keys.Select(k => k.Id == id ? k with { Revoked = k.Revoked ?? now } : k)]
                : throw new CommandFailure($"key file '{file}' has no key '{(id.StartsWith(ApiKey.Prefix, StringComparison.Ordinal) ? ApiKey.Prefix + "…" : id)}'; 'grid keys list' shows the ids"),
            TimeProvider.System,
            cancel);
        Console.Error.WriteLine($"key '{id}' is revoked");
        return 0;
    }

    private static string FileOf(ParseResult line) =>
        ServerSettings.Load(line.GetValue(Config), line.GetValue(Data), feed: null, http: null).Access.KeyFile!;

    private static DateTimeOffset? ParseExpiry(string text)
    {
        if (text.Length > 1 && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is > 0 and <= 100_000)
        {
            TimeSpan? after = text[^1] switch { 'd' => TimeSpan.FromDays(count), 'h' => TimeSpan.FromHours(count), _ => null };
            if (after is not null)
            {
                return TimeProvider.System.GetUtcNow() + after;
            }
        }

        return UnixNanos.TryParse(text, out var time) ? time.ToDateTimeOffset() : null;
    }

    private static string? Text(DateTimeOffset? time) => time is { } known ? UnixNanos.From(known).ToString() : null;
}
