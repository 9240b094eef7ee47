using System.Diagnostics;
using Grid.Cli.Bench;
using Grid.Cli.Server;
using Grid.Cli.Settings;
using Grid.Client.Feed;
using Grid.Domain.Identifiers;
using Grid.Runtime.Recovery;
using Microsoft.Extensions.Logging;

namespace Grid.Cli.Demo;

/// <summary>A synthetic market fed to an embedded server over its own feed, shown while it runs and checked at the end.</summary>
internal sealed class DemoRun(ServerSettings settings, DemoOptions options, TextWriter output)
{
    private static readonly TimeSpan ShowEvery = TimeSpan.FromSeconds(1);

    /// <summary>Runs for the time asked, or until the token ends it.</summary>
    /// <exception cref="CommandFailure">What came out is not what must come out.</exception>
    public async Task RunAsync(ILoggerFactory logs, CancellationToken cancel)
    {
        var differences = new List<string>();
        (string Market, string Full) hash;
        await using (var server = await EmbeddedServer.StartAsync(settings, logs, cancel))
        {
            foreach (var line in server.Listeners)
            {
                output.WriteLine(line);
            }

            output.WriteLine($"dashboard {server.Http}");
            var startedAt = Stopwatch.GetTimestamp();
            await using var client = await FeedClient.ConnectAsync(new FeedClientOptions { Server = server.Feed, Producer = "demo" }, cancel: cancel);
            var market = MakeMarket(client);
            await FeedAsync(server, market, client, cancel);
            var elapsed = Stopwatch.GetElapsedTime(startedAt);
            differences.AddRange(MarketCheck.Compare(server.Grid, market));
            var totals = client.Totals;
            if (totals.Outcomes.Duplicate != market.Duplicates)
            {
                differences.Add($"{totals.Outcomes.Duplicate} duplicates were found; {market.Duplicates} were sent");
            }

            var status = server.Grid.GetStatus();
            output.WriteLine($"events      {totals.EventsAcknowledged:N0} in {elapsed.TotalSeconds:F1} s, {totals.EventsAcknowledged / elapsed.TotalSeconds:N0}/s");
            output.WriteLine($"accepted    {totals.Outcomes.Accepted:N0}");
            output.WriteLine($"flagged     {totals.Outcomes.Flagged:N0}");
            output.WriteLine($"duplicate   {totals.Outcomes.Duplicate:N0} of {market.Duplicates:N0} sent twice; {market.Late:N0} came late");
            output.WriteLine($"rejected    {totals.Outcomes.Rejected:N0}");
            output.WriteLine($"journal     {status.JournalBytes:N0} bytes in {status.JournalFlushes:N0} flushes");
            hash = await server.Grid.HashAsync();
        }

        var replayed = await JournalReplay.HashAsync(settings.Grid, cancel: CancellationToken.None);
        if ((replayed.Market, replayed.Full) != hash)
        {
            differences.Add("the state after closing and replaying is not the state before");
        }

        output.WriteLine(differences.Count == 0
            ? $"recovered   the same state, and every price is what the market's model says (market hash {hash.Market[..16]})"
            : $"recovered   {differences.Count} differences");
        if (differences.Count > 0)
        {
            throw new CommandFailure(string.Join("; ", differences));
        }
    }

    private SyntheticMarket MakeMarket(FeedClient client)
    {
        var start = UnixNanos.From(TimeProvider.System.GetUtcNow());
        return new SyntheticMarket(
            new SyntheticMarketOptions
            {
                Start = start,
                Instruments = options.Instruments,
                SpacingNs = UnixNanos.PerSecond / options.EventsPerSecond,
                Source = "demo",
                Channel = $"market.{start.Value}",
                Seed = options.Seed,
            },
            client.GetOrAdd);
    }

    private async Task FeedAsync(EmbeddedServer server, SyntheticMarket market, FeedClient client, CancellationToken cancel)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        if (options.Duration is { } duration)
        {
            end.CancelAfter(duration);
        }

        var feeding = new MarketFeeder(market, client, options.EventsPerSecond, TimeProvider.System).RunAsync(end.Token);
        await new DemoView(server.Grid, market, client, output).ShowUntilAsync(Task.WhenAny(feeding, server.Grid.Failure), ShowEvery);
        if (server.Grid.Failure.IsCompleted)
        {
            await server.Grid.Failure;
        }

        await feeding;
    }
}
