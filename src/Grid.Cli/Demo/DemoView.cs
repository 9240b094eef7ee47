using System.Diagnostics;
using Grid.Cli.Bench;
using Grid.Client.Feed;
using Grid.Domain.Identifiers;
using Grid.Runtime;
using Spectre.Console;

namespace Grid.Cli.Demo;

/// <summary>Shows a running demo: a live table on a terminal, one line a second otherwise.</summary>
internal sealed class DemoView(IGrid grid, SyntheticMarket market, FeedClient client, TextWriter output)
{
    private const int InstrumentsShownMax = 10;

    private readonly long _startedAt = Stopwatch.GetTimestamp();
    private long _eventsBefore;
    private long _timeBefore = Stopwatch.GetTimestamp();

    /// <summary>Shows until a task ends.</summary>
    public async Task ShowUntilAsync(Task ended, TimeSpan period)
    {
        using var timer = new PeriodicTimer(period);
        if (Console.IsOutputRedirected)
        {
            while (await TickAsync(timer, ended))
            {
                output.WriteLine(Line());
            }

            return;
        }

        await AnsiConsole.Live(new Table()).StartAsync(async live =>
        {
            while (await TickAsync(timer, ended))
            {
                live.UpdateTarget(Table());
            }
        });
    }

    private static async Task<bool> TickAsync(PeriodicTimer timer, Task ended) =>
        await Task.WhenAny(timer.WaitForNextTickAsync().AsTask(), ended) != ended;

    private string Line()
    {
        var (seconds, rate) = Rate();
        var first = Find(0);
        return $"{seconds,4:F0} s  {client.Totals.EventsAcknowledged,12:N0} events  {rate,10:N0}/s  {market.Symbol(0)} {first?.Last.Price.ToString() ?? "-"}";
    }

    private Table Table()
    {
        var (seconds, rate) = Rate();
        var table = new Table().Title($"{seconds:F0} s, {client.Totals.EventsAcknowledged:N0} events, {rate:N0}/s");
        foreach (var column in new[] { "instrument", "last", "size", "bid", "ask", "trades", "volume" })
        {
            table.AddColumn(column == "instrument" ? new TableColumn(column) : new TableColumn(column).RightAligned());
        }

        for (var i = 0; i < Math.Min(InstrumentsShownMax, market.Expected.Length); i++)
        {
            if (Find(i) is { } latest)
            {
                table.AddRow(
                    market.Symbol(i), latest.Last.Price.ToString(), latest.Last.Size.ToString(), latest.Bid.Price.ToString(), latest.Ask.Price.ToString(),
                    $"{latest.Day.Count:N0}", $"{latest.Day.Volume / Quantity.One:N0}");
            }
        }

        return table;
    }

    private Domain.Instruments.Latest? Find(int index)
    {
        var number = grid.Names.Instruments.Find(market.Symbol(index));
        return number >= 0 && grid.TryGetLatest(new InstrumentId((uint)number), out var latest) ? latest : null;
    }

    private (double Seconds, double Rate) Rate()
    {
        var (events, now) = (client.Totals.EventsAcknowledged, Stopwatch.GetTimestamp());
        var rate = (events - _eventsBefore) / Stopwatch.GetElapsedTime(_timeBefore, now).TotalSeconds;
        (_eventsBefore, _timeBefore) = (events, now);
        return (Stopwatch.GetElapsedTime(_startedAt, now).TotalSeconds, rate);
    }
}
