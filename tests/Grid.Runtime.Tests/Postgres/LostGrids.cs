using Grid.Runtime.Tests.Embedded;
using Grid.Testing;

namespace Grid.Runtime.Tests.Postgres;

/// <summary>Feeds grids that tests are going to lose, and tells what a grid knows.</summary>
internal static class LostGrids
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task FeedAsync(EmbeddedGrid grid, RandomMarket market, IEnumerable<MarketLine[]> batches, string producer = "plant")
    {
        await using var feed = await FeedDriver.OpenAsync(grid, market.Names, producer, ack: AckLevel.Committed);
        ulong last = 0;
        foreach (var lines in batches)
        {
            last = await feed.SubmitAsync(lines);
        }

        await feed.AcknowledgedAsync(last);
    }

    // Two states are saved in the first half, by a first life of the grid; behind them comes the rest, in a second.
    public static async Task<EmbeddedGrid> FeedWithStatesAsync(PostgresRig rig, RandomMarket market)
    {
        rig.Postgres.StateInterval = TimeSpan.FromMilliseconds(10);
        var parts = market.All.Chunk((market.All.Count / 4) + 1).ToArray();
        var first = await rig.OpenGridAsync();
        foreach (var part in parts[..2])
        {
            await FeedAsync(first, market, part.Chunk(7));
            await StateSavedAsync(rig);
        }

        await first.DisposeAsync();
        rig.Postgres.StateInterval = TimeSpan.Zero;
        var second = await rig.OpenGridAsync();
        foreach (var part in parts[2..])
        {
            await FeedAsync(second, market, part.Chunk(7));
        }

        return second;
    }

    // The numbered ones of them: others would count again.
    public static Task RepeatAsync(EmbeddedGrid grid, RandomMarket market, MarketLine[] lines) =>
        FeedAsync(grid, market, lines.Where(l => l.Event.Source.Value is (ushort)MarketSource.Exchange or (ushort)MarketSource.Venue).Select(l => new[] { l }), "repeats");

    public static async Task CheckNothingTwiceAsync(PostgresRig rig, EmbeddedGrid grid, RandomMarket market)
    {
        var before = await rig.Database.RowsAsync("SELECT count(*), sum(size) FROM grid.tick");
        var outcomes = grid.GetStatus().Outcomes;
        MarketLine[] numbered = [.. market.All.Where(l => l.Event.Source.Value is (ushort)MarketSource.Exchange or (ushort)MarketSource.Venue && l.Event.Sequence > 0)];
        await FeedAsync(grid, market, numbered.Chunk(50), "once-more");
        Assert.Equal(before, await rig.Database.RowsAsync("SELECT count(*), sum(size) FROM grid.tick"));
        var more = grid.GetStatus().Outcomes;
        Assert.Equal((numbered.Length, 0L), (more.Duplicate - outcomes.Duplicate, more.Rejected - outcomes.Rejected));
    }

    // Returns when a state is saved that holds all that is committed now.
    public static async Task StateSavedAsync(PostgresRig rig)
    {
        var committed = await rig.Database.ScalarAsync<long>("SELECT max(lsn) FROM grid.watermark");
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(2));
        while (await rig.Database.ScalarAsync<long>("SELECT max(lsn) FROM grid.saved_state") < committed)
        {
            await timer.WaitForNextTickAsync(Cancel);
        }
    }

    // All that a user sees, by names: the numbers behind them may be others.
    public static async Task<string> PictureAsync(EmbeddedGrid grid, bool withHistory = true)
    {
        var lines = new List<string>();
        foreach (var id in await grid.FindInstrumentsAsync("*", null, int.MaxValue, Cancel))
        {
            var symbol = grid.Names.Symbol(id);
            lines.Add(LatestText(grid, symbol));
            lines.AddRange(await QuotesAsync(grid, symbol));
            lines.AddRange((withHistory ? await grid.BarsAsync(symbol, "1m") : []).Select(b => $"{symbol} {b.Start.Value} {b.Open} {b.High} {b.Low} {b.Close} {b.Volume} {b.Notional} {b.Count} {Side(grid, b.Bid)} {Side(grid, b.Ask)}"));
            Assert.True(grid.TryGetQuality(id, out var quality));
            lines.Add($"{symbol} {quality.Counts.Accepted} {quality.Counts.Flagged} {quality.Counts.Duplicate} {quality.Counts.Rejected} {quality.Counts.Late}");
        }

        lines.AddRange(await RunsAsync(grid));
        lines.AddRange((await grid.GetGapsAsync(int.MaxValue, Cancel)).Select(g => $"{grid.Names.Sources.Text(g.Source.Value)} {g.Session} {g.FirstMissing} {g.LastMissing}").Order(StringComparer.Ordinal));
        lines.AddRange(grid.GetStatus().Outcomes.NonZero().Select(o => $"{o.Key} {o.Value}"));
        lines.AddRange((await grid.GetQuarantineAsync(0, int.MaxValue, Cancel))
            .Select(q => $"{q.Outcome} {q.Producer} {grid.Names.Symbol(q.Event.Instrument)} {q.Event.Kind} {q.Event.Sequence} {q.Run} {q.Definition}").Order(StringComparer.Ordinal));
        lines.Add(withHistory ? (await grid.HashAsync()).Market : "without history");
        return string.Join('\n', lines);
    }

    private static string LatestText(EmbeddedGrid grid, string symbol)
    {
        var l = grid.Latest(symbol);
        return $"{symbol} {l.Ticks} {l.Version} {l.Time.Value} {l.Last.F0} {l.Last.F1} {l.Last.Sequence} {grid.Names.Sources.Text(l.Last.Source.Value)} {Side(grid, l.Bid)} {Side(grid, l.Ask)} "
            + $"{l.Day.Date} {l.Day.Open} {l.Day.High} {l.Day.Low} {l.Day.Volume} {l.Day.Notional} {l.Day.Count}";
    }

    private static string Side(EmbeddedGrid grid, Domain.Instruments.Side side) => $"{side.Price} {side.Size} {side.Time.Value} {grid.Names.Sources.Text(side.Source.Value)}";

    private static async Task<IEnumerable<string>> QuotesAsync(EmbeddedGrid grid, string symbol) =>
        (await grid.GetQuotesAsync(grid.Id(symbol), Cancel)).Select(q => $"{symbol} {grid.Names.Sources.Text(q.Source.Value)} {q.Bid} {q.Ask}");

    private static async Task<IReadOnlyList<string>> RunsAsync(EmbeddedGrid grid)
    {
        var lines = new List<string>();
        foreach (var bond in (string[])["037833100", "92940*118"])
        {
            if (await grid.GetRunsAsync(Domain.Cusips.Cusip.Parse(bond), null, Cancel) is { } runs)
            {
                lines.Add($"{bond} {string.Join(',', runs.Dates)}");
                lines.AddRange(runs.Runs.Select(r => $"{grid.Names.Sources.Text(r.Event.Source.Value)} {r.Event.EventTime.Value} {r.Event.F0} {r.Event.F2} {r.Detail}").Order(StringComparer.Ordinal));
            }
        }

        return lines;
    }

    public static async Task<IEnumerable<string>> SourcesAsync(EmbeddedGrid grid) =>
        (await grid.GetSourcesAsync(Cancel)).Select(s => s.ToString()).Order(StringComparer.Ordinal);
}
