using System.CommandLine;
using Grid.Cli.Output;
using Grid.Cli.Queries;
using Grid.Client.Query;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;

namespace Grid.Cli.Commands;

/// <summary>The commands that ask a running server: latest, ticks, bars, runs, quality, quarantine, gaps, sources, producers, status.</summary>
internal static class QueryCommands
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private static readonly Option<Uri?> Http = QueryOptions.Http();
    private static readonly Option<string?> Key = QueryOptions.Key();
    private static readonly Option<string?> TlsCa = QueryOptions.TlsCa();
    private static readonly Option<RowFormat?> Format = QueryOptions.Format();
    private static readonly Option<UnixNanos?> From = CommandLine.TimeOption("--from", "the first moment");
    private static readonly Option<UnixNanos?> To = CommandLine.TimeOption("--to", "the moment before which it ends");
    private static readonly Option<long> Limit = CommandLine.NumberOption("--limit", "most rows", 1, 10_000_000, 1_000);
    private static readonly Option<long> After = CommandLine.NumberOption("--after", "only those with a greater id", 0, long.MaxValue, 0);
    private static readonly Argument<string> Symbol = new("SYMBOL") { Description = "an instrument" };
    private static readonly Argument<string[]> Symbols = new("SYMBOL")
    {
        Description = "instruments; a single one may be a pattern with * and ?",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly Argument<string> Cusip = new("CUSIP") { Description = "a CUSIP" };
    private static readonly Option<string?> Date = new("--date") { Description = "the session date, such as 2013-10-07; the newest unless given", HelpName = "DATE" };
    private static readonly Argument<string[]> AnySymbols = new("SYMBOL")
    {
        Description = "instruments; a single one may be a pattern with * and ?; all unless given",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private static readonly Option<string?> Interval = new("--interval")
    {
        Description = "length of the bars; 1m unless given",
        HelpName = string.Join('|', BarInterval.All.Select(i => i.Key)),
        CustomParser = result => CommandLine.Parse(
            result, text => BarInterval.TryParse(text, out _) ? text : null, string.Join(", ", BarInterval.All.Select(i => i.Key))),
    };

    public static IEnumerable<Command> Create()
    {
        yield return Make("latest", "Show what is known of instruments now", LatestAsync, [Symbols], [Limit]);
        yield return Make("ticks", "Show the events of an instrument", TicksAsync, [Symbol], [From, To, Limit]);
        yield return Make("bars", "Show the bars of an instrument", BarsAsync, [Symbol], [Interval, From, To, Limit]);
        yield return Make("runs", "Show what dealers show for a CUSIP", RunsAsync, [Cusip], [Date]);
        yield return Make("quality", "Show how good the events of instruments are", QualityAsync, [AnySymbols], [Limit]);
        yield return Make("quarantine", "Show rejected events, whole, with the reason", QuarantineAsync, [], [After, Limit]);
        yield return Make("gaps", "Show sequence numbers that sources left out", GapsAsync, [], [Limit]);
        yield return Make("sources", "Show the sources and what they declared", SourcesAsync, [], []);
        yield return Make("producers", "Show the feeding clients and how far each has come", ProducersAsync, [], []);
        yield return Make("status", "Show counters and positions", StatusAsync, [], []);
    }

    private static Command Make(
        string name, string description, Func<QueryClient, ParseResult, RowFormat, CancellationToken, Task> run, Argument[] arguments, Option[] options)
    {
        var command = new Command(name, description);
        foreach (var argument in arguments)
        {
            command.Arguments.Add(argument);
        }

        foreach (var option in (Option[])[.. options, Format, Http, Key, TlsCa])
        {
            command.Options.Add(option);
        }

        command.SetAction(async (line, cancel) =>
        {
            using var server = new QueryClient(
                QueryOptions.ServerOf(line.GetValue(Http)), QueryOptions.KeyOf(line.GetValue(Key)), QueryOptions.TlsOf(line.GetValue(TlsCa))) { Timeout = Patience };
            await run(server, line, line.GetValue(Format) ?? RowFormat.Table, cancel);
            return 0;
        });
        return command;
    }

    private static async Task LatestAsync(QueryClient server, ParseResult line, RowFormat format, CancellationToken cancel)
    {
        var symbols = line.GetValue(Symbols)!;
        using var json = await QueryOutput.ReadJsonAsync(
            server,
            "v1/latest",
            IsPattern(symbols) ? [("pattern", symbols[0]), ("limit", $"{line.GetValue(Limit)}")] : [("instruments", string.Join(',', symbols))],
            cancel);
        QueryOutput.WriteLatest(json.RootElement, format);
    }

    private static bool IsPattern(string[] symbols) => symbols.Length == 1 && symbols[0].AsSpan().ContainsAny('*', '?');

    private static async Task RunsAsync(QueryClient server, ParseResult line, RowFormat format, CancellationToken cancel)
    {
        var path = $"v1/runs/{Uri.EscapeDataString(line.GetValue(Cusip)!)}";
        if (format == RowFormat.Csv)
        {
            await QueryOutput.WriteRowsAsync(server, path, [("date", line.GetValue(Date))], format, cancel);
            return;
        }

        using var json = await QueryOutput.ReadJsonAsync(server, path, [("date", line.GetValue(Date))], cancel);
        QueryOutput.WriteObject(json.RootElement, format, rows: "runs");
    }

    private static Task QualityAsync(QueryClient server, ParseResult line, RowFormat format, CancellationToken cancel)
    {
        var symbols = line.GetValue(AnySymbols) ?? [];
        var isPattern = IsPattern(symbols);
        return QueryOutput.WriteRowsAsync(
            server,
            "v1/quality",
            symbols.Length == 0 || isPattern
                ? [("pattern", isPattern ? symbols[0] : null), ("limit", $"{line.GetValue(Limit)}")]
                : [("instruments", string.Join(',', symbols))],
            format,
            cancel);
    }

    private static Task ProducersAsync(QueryClient server, ParseResult line, RowFormat format, CancellationToken cancel) =>
        QueryOutput.WriteRowsAsync(server, "v1/producers", [], format, cancel);

    private static Task TicksAsync(QueryClient server, ParseResult line, RowFormat format, CancellationToken cancel) => SeriesAsync(server, "ticks", null, line, format, cancel);

    private static Task BarsAsync(QueryClient server, ParseResult line, RowFormat format, CancellationToken cancel) =>
        SeriesAsync(server, "bars", line.GetValue(Interval) ?? "1m", line, format, cancel);

    private static Task QuarantineAsync(QueryClient server, ParseResult line, RowFormat format, CancellationToken cancel) =>
        QueryOutput.WriteRowsAsync(server, "v1/quarantine", [("after", $"{line.GetValue(After)}"), ("limit", $"{line.GetValue(Limit)}")], format, cancel);

    private static Task GapsAsync(QueryClient server, ParseResult line, RowFormat format, CancellationToken cancel) =>
        QueryOutput.WriteRowsAsync(server, "v1/gaps", [("limit", $"{line.GetValue(Limit)}")], format, cancel);

    private static Task SourcesAsync(QueryClient server, ParseResult line, RowFormat format, CancellationToken cancel) =>
        QueryOutput.WriteRowsAsync(server, "v1/sources", [], format, cancel);

    private static async Task StatusAsync(QueryClient server, ParseResult line, RowFormat format, CancellationToken cancel)
    {
        using var json = await QueryOutput.ReadJsonAsync(server, "v1/status", [], cancel);
        QueryOutput.WriteObject(json.RootElement, format);
    }

    private static Task SeriesAsync(QueryClient server, string series, string? interval, ParseResult line, RowFormat format, CancellationToken cancel) => QueryOutput.WriteRowsAsync(
        server,
        $"v1/{series}/{Uri.EscapeDataString(line.GetValue(Symbol)!)}",
        [("interval", interval), ("from", line.GetValue(From)?.ToString()), ("to", line.GetValue(To)?.ToString()), ("limit", $"{line.GetValue(Limit)}")],
        format,
        cancel);
}
