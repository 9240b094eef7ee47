using System.CommandLine;
using Grid.Cli.Watch;
using Grid.Client.Streams;

namespace Grid.Cli.Commands;

/// <summary><c>grid watch</c>: what is known of instruments as it changes, until it is interrupted.</summary>
internal static class WatchCommand
{
    private static readonly TimeSpan RefreshEvery = TimeSpan.FromMilliseconds(250);

    private static readonly Option<Uri?> Http = QueryOptions.Http();
    private static readonly Option<string?> Key = QueryOptions.Key();
    private static readonly Option<string?> TlsCa = QueryOptions.TlsCa();
    private static readonly Option<long> Updates = CommandLine.NumberOption("--updates", "end after so many updates; 0 is never", 0, long.MaxValue, 0);
    private static readonly Argument<string[]> Patterns = new("PATTERN")
    {
        Description = "symbols, or patterns with * and ?",
        Arity = ArgumentArity.OneOrMore,
    };

    public static Command Create()
    {
        var command = new Command("watch", "Show instruments as they change: a live table on a terminal, else a line for each update") { Patterns, Updates, Http, Key, TlsCa };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult line, CancellationToken cancel)
    {
        var asked = line.GetValue(Patterns)!;
        var isTerminal = !Console.IsOutputRedirected;
        var request = new StreamRequest
        {
            Instruments = [.. asked.Where(p => !IsPattern(p))],
            Patterns = [.. asked.Where(IsPattern)],

            // Nobody reads faster than the table is drawn.
            Interval = isTerminal ? RefreshEvery : TimeSpan.Zero,
        };
        var client = new StreamClient(new StreamClientOptions
        {
            Server = QueryOptions.ServerOf(line.GetValue(Http)),
            ApiKey = QueryOptions.KeyOf(line.GetValue(Key)),
            Tls = QueryOptions.TlsOf(line.GetValue(TlsCa)),
        });
        try
        {
            await new WatchView(Console.Out, isTerminal, RefreshEvery).ShowAsync(client.SubscribeAsync(request, cancel), line.GetValue(Updates), cancel);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // That is how watching ends.
        }

        return 0;
    }

    private static bool IsPattern(string text) => text.AsSpan().ContainsAny('*', '?');
}
