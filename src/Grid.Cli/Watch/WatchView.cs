using System.Globalization;
using Grid.Client.Query;
using Grid.Client.Streams;
using Spectre.Console;

namespace Grid.Cli.Watch;

/// <summary>Shows updates: a live table of the instruments on a terminal, a line for each update otherwise.</summary>
internal sealed class WatchView(TextWriter output, bool isTerminal, TimeSpan refreshEvery)
{
    // Rows of a table that fits no terminal are not shown.
    private const int RowsMax = 200;
    private static readonly string[] Columns = ["instrument", "last", "size", "bid", "bid size", "ask", "ask size", "volume", "trades", "time"];

    private readonly SortedDictionary<string, LatestRow> _rows = new(StringComparer.Ordinal);
    private long _updates;

    /// <summary>Shows until the updates end, or so many came (0: any number).</summary>
    public Task ShowAsync(IAsyncEnumerable<StreamUpdate> updates, long most, CancellationToken cancel) =>
        isTerminal ? ShowTableAsync(updates, most, cancel) : ShowLinesAsync(updates, most, cancel);

    private async Task ShowLinesAsync(IAsyncEnumerable<StreamUpdate> updates, long most, CancellationToken cancel)
    {
        await foreach (var update in updates.WithCancellation(cancel))
        {
            if (update.Latest is { } row)
            {
                output.WriteLine($"{row.Time} {row.Instrument} last {Or(row.Price)} x {Or(row.Size)} bid {Or(row.Bid)} x {Or(row.BidSize)} ask {Or(row.Ask)} x {Or(row.AskSize)}");
                if (++_updates == most)
                {
                    return;
                }
            }
        }
    }

    private async Task ShowTableAsync(IAsyncEnumerable<StreamUpdate> updates, long most, CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(refreshEvery, TimeProvider.System);
        await AnsiConsole.Live(Table()).StartAsync(async live =>
        {
            var taking = Task.Run(() => TakeAsync(updates, most, cancel), cancel);
            while (!taking.IsCompleted)
            {
                await Task.WhenAny(taking, timer.WaitForNextTickAsync(cancel).AsTask());
                live.UpdateTarget(Table());
            }

            await taking;
        });
    }

    private async Task TakeAsync(IAsyncEnumerable<StreamUpdate> updates, long most, CancellationToken cancel)
    {
        await foreach (var update in updates.WithCancellation(cancel))
        {
            if (update.Latest is { } row)
            {
                lock (_rows)
                {
                    _rows[row.Instrument] = row;
                    if (++_updates == most)
                    {
                        return;
                    }
                }
            }
        }
    }

    private Table Table()
    {
        var table = new Table { Border = TableBorder.Simple };
        foreach (var column in Columns)
        {
            table.AddColumn(column is "instrument" or "time" ? new TableColumn(column) : new TableColumn(column).RightAligned());
        }

        lock (_rows)
        {
            table.Title($"{_rows.Count:N0} instruments, {_updates:N0} updates");
            foreach (var row in _rows.Values.Take(RowsMax))
            {
                string?[] cells = [row.Instrument, row.Price, row.Size, row.Bid, row.BidSize, row.Ask, row.AskSize, row.Day?.Volume, row.Day?.Count.ToString("N0", CultureInfo.InvariantCulture), row.Time];
                table.AddRow([.. cells.Select(c => Markup.Escape(c ?? string.Empty))]);
            }
        }

        return table;
    }

    private static string Or(string? text) => text ?? "-";
}
