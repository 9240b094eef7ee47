using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;
using Grid.Runtime.Tests.Embedded;
using Grid.Storage;
using Grid.Testing;
using Grid.Testing.Postgres;
using static Grid.Testing.TestMarket;

namespace Grid.Runtime.Tests.Postgres;

/// <summary>Grids whose data folder is lost, begun again in an empty one with what PostgreSQL holds.</summary>
public sealed class WarmStartTests(PrivatePostgres server)
{
    private const string AllSums = """
        SELECT (SELECT count(*) FROM grid.tick), (SELECT sum(size) FROM grid.tick), (SELECT count(*) FROM grid.run), (SELECT count(*) FROM grid.quarantine),
            (SELECT sum(volume) FROM grid.bar), (SELECT sum(count) FROM grid.bar), (SELECT sum(day_volume) FROM grid.latest), (SELECT sum(ticks) FROM grid.latest),
            (SELECT sum(accepted) FROM grid.data_quality_log), (SELECT sum(flagged) FROM grid.data_quality_log), (SELECT sum(rejected) FROM grid.data_quality_log)
        """;

    [Theory]
    [InlineData(51, 1)]
    [InlineData(52, 9)]
    [InlineData(53, 100)]
    [InlineData(54, 1000)]
    public async Task What_the_lost_grid_knew_the_new_one_knows(int seed, int batchEvents)
    {
        await using var rig = await PostgresRig.OpenAsync(server);
        rig.Postgres.StateInterval = TimeSpan.Zero;
        var market = new RandomMarket(seed, eventsPerSource: 150);
        var lost = await rig.OpenGridAsync();
        await FeedAsync(lost, market, market.All.Chunk(batchEvents));
        await RepeatAsync(lost, market, [.. market.All.Take(40)]);
        var expected = await PictureAsync(lost);
        await lost.DisposeAsync();

        var found = await rig.OpenInsteadAsync();
        Assert.Equal(expected, await PictureAsync(found));
        Assert.Equal((await lost.GetProducersAsync(Cancel)).Select(p => (p.Name, p.Epoch, p.LastBatch)), (await found.GetProducersAsync(Cancel)).Select(p => (p.Name, p.Epoch, p.LastBatch)));
        Assert.Equal(await SourcesAsync(lost), await SourcesAsync(found));
        Assert.StartsWith("filled from the database: its oldest rows and ", found.Recovery.Restored, StringComparison.Ordinal);

        // And it is in the folder: neither a crash nor a stop after the start takes it away.
        var recovered = await rig.OpenAfterKillAsync();
        Assert.Equal(expected, await PictureAsync(recovered));
        Assert.Null(recovered.Recovery.Restored);
        await rig.CheckSameAsync(recovered);
    }

    [Theory]
    [InlineData(61)]
    [InlineData(62)]
    [InlineData(63)]
    public async Task With_saved_states_everything_is_known_but_the_history_before_them(int seed)
    {
        await using var rig = await PostgresRig.OpenAsync(server);
        var market = new RandomMarket(seed, eventsPerSource: 150);
        var lost = await FeedWithStatesAsync(rig, market);
        await FeedAsync(lost, market, market.All.Take(30).Select(l => new[] { l }), "repeats");
        var expected = await PictureAsync(lost, withHistory: false);
        await lost.DisposeAsync();

        var found = await rig.OpenInsteadAsync();
        Assert.StartsWith("filled from the database: its state of 20", found.Recovery.Restored, StringComparison.Ordinal);
        Assert.Equal(expected, await PictureAsync(found, withHistory: false));
        await CheckNothingTwiceAsync(rig, found, market);
    }

    [Fact]
    public async Task Everything_sent_again_is_a_duplicate_and_what_is_new_counts_once()
    {
        await using var rig = await PostgresRig.OpenAsync(server);
        var market = new RandomMarket(71, eventsPerSource: 150);
        var lost = await rig.OpenGridAsync();
        var payloads = new List<byte[]>();
        await using (var feed = await FeedDriver.OpenAsync(lost, market.Names, "plant", epoch: 3, ack: AckLevel.Committed))
        {
            foreach (var lines in market.All.Chunk(25))
            {
                await feed.AnnounceAsync(lines);
                payloads.Add(feed.Encode(lines));
                await feed.SubmitAsync((ulong)payloads.Count, payloads[^1]);
            }

            await feed.AcknowledgedAsync((ulong)payloads.Count);
        }

        await lost.DisposeAsync();
        var sums = await rig.Database.RowsAsync(AllSums);
        var found = await rig.OpenInsteadAsync();
        await using (var feed = await FeedDriver.OpenAsync(found, market.Names, "plant", epoch: 3, ack: AckLevel.Committed))
        {
            Assert.Equal((ulong)payloads.Count, feed.Feed.LastDurableBatch);
            await feed.AnnounceAsync([.. market.All]);
            for (var i = 0; i < payloads.Count; i++)
            {
                await feed.SubmitAsync((ulong)i + 1, payloads[i]);
            }

            // The next number is acknowledged behind all that were sent again.
            var line = Trade(1, "10:00:00", "10", source: (ushort)MarketSource.Tape);
            await feed.SendAsync(line with { Event = line.Event with { Session = 7 } });
            Assert.Equal(market.All.Count + 1, feed.Events);
        }

        Assert.Equal(payloads.Sum(p => (long)EventBatchDecoder.CountOf(p)), market.All.Count);
        Assert.Equal(
            await rig.Database.ScalarAsync<long>("SELECT sum(accepted + flagged)::bigint FROM grid.data_quality_log"),
            long.Parse(sums[0].Split('|')[8]) + long.Parse(sums[0].Split('|')[9]) + 1);
        await CheckNothingTwiceAsync(rig, found, market);
    }

    [Fact]
    public async Task Volume_goes_on_where_it_was()
    {
        await using var rig = await PostgresRig.OpenAsync(server);
        var lost = await rig.OpenGridAsync();
        await using (var feed = await FeedDriver.OpenAsync(lost, Names, ack: AckLevel.Committed))
        {
            await feed.SendAsync([.. Enumerable.Range(1, 50).Select(i => Trade((ulong)i, $"10:{i:00}:00", "10", "2"))]);
        }

        await lost.DisposeAsync();
        var found = await rig.OpenInsteadAsync();
        await using (var feed = await FeedDriver.OpenAsync(found, Names, "another", ack: AckLevel.Committed))
        {
            // Ten that were there, ten that were not.
            await feed.SendAsync([.. Enumerable.Range(41, 20).Select(i => Trade((ulong)i, $"10:{i - 1:00}:30", "11", "2"))]);
            Assert.Equal((10, 10), (feed.Outcomes[Outcome.Duplicate], feed.Outcomes[Outcome.Accepted]));
        }

        Assert.Equal(60, found.Latest("AAPL").Day.Count);
        Assert.Equal(120 * Quantity.One, found.Latest("AAPL").Day.Volume);
        Assert.Equal(["60|120|60|120|60"], await rig.Database.RowsAsync("""
            SELECT count(*), (sum(size) / 100000000)::bigint, (SELECT day_count FROM grid.latest), (SELECT (sum(volume) / 100000000)::bigint FROM grid.bar), (SELECT sum(count) FROM grid.bar) FROM grid.tick
            """));
        await rig.CheckSameAsync(found);
    }

    [Fact]
    public async Task A_batch_number_with_other_content_is_refused_where_the_state_knows_the_content()
    {
        await using var rig = await PostgresRig.OpenAsync(server);
        rig.Postgres.StateInterval = TimeSpan.FromMilliseconds(10);
        var lost = await rig.OpenGridAsync();
        await using (var feed = await FeedDriver.OpenAsync(lost, Names, ack: AckLevel.Committed))
        {
            await feed.SendAsync(Trade(1, "10:00:00", "10", source: ByBatch));
            await StateSavedAsync(rig);
            await feed.SendAsync(Trade(2, "10:00:01", "10", source: ByBatch));
            await StateSavedAsync(rig);
        }

        await lost.DisposeAsync();
        var found = await rig.OpenInsteadAsync();
        await using var again = await FeedDriver.OpenAsync(found, Names, ack: AckLevel.Committed);
        await again.AnnounceAsync(Trade(3, "10:00:02", "12", source: ByBatch));

        // Of the second only the number is known.
        await again.SubmitAsync(2, again.Encode(Trade(2, "10:00:01", "99", source: ByBatch)));
        var refused = await Assert.ThrowsAsync<Domain.GridException>(() => again.SubmitAsync(1, again.Encode(Trade(1, "10:00:00", "99", source: ByBatch))));
        Assert.Equal(Domain.GridErrorCode.BatchNumberReused, refused.Code);
        Assert.Equal(2, await rig.Database.ScalarAsync<long>("SELECT count(*) FROM grid.tick"));
    }

    [Fact]
    public async Task Without_being_told_to_an_empty_folder_takes_nothing_over()
    {
        await using var rig = await PostgresRig.OpenAsync(server);
        var running = await rig.OpenGridAsync();
        await using var feed = await FeedDriver.OpenAsync(running, Names, ack: AckLevel.Committed);
        await feed.SendAsync(Trade(1, "10:00:00", "10"));

        var refused = await Assert.ThrowsAsync<GridStorageException>(() => rig.OpenInsteadAsync(takesOver: false));
        Assert.Contains($"written to by pid {Environment.ProcessId} on {Environment.MachineName} until ", refused.Message, StringComparison.Ordinal);
        Assert.Contains("where that folder is lost and nobody writes any more, take this one over with serve --take-over", refused.Message, StringComparison.Ordinal);

        // The one that runs has not noticed, and the folder is as empty as it was.
        await feed.SendAsync(Trade(2, "10:00:01", "11"));
        Assert.Empty(running.FindTroubles());
        Assert.False(File.Exists(Path.Combine(rig.Options.DataFolder, "filling")));

        var found = await rig.OpenInsteadAsync();
        Assert.Equal(2UL, found.Latest("AAPL").Ticks);
        await feed.SubmitAsync(Trade(3, "10:00:02", "12"));
        Assert.Contains("was taken over", (await feed.Closed).Message, StringComparison.Ordinal);
        Assert.Equal(2, await rig.Database.ScalarAsync<long>("SELECT count(*) FROM grid.tick"));
    }

    [Fact]
    public async Task An_empty_folder_with_an_empty_database_begins_with_nothing()
    {
        await using var rig = await PostgresRig.OpenAsync(server);
        var first = await rig.OpenInsteadAsync();
        Assert.Null(first.Recovery.Restored);
        await first.DisposeAsync();
        var second = await rig.OpenInsteadAsync();
        Assert.Null(second.Recovery.Restored);
        await PostgresGridTests.CommittedAsync(second, Names);
    }

    [Fact]
    public async Task A_start_that_breaks_off_begins_again_and_is_never_half()
    {
        await using var own = new PrivatePostgres();
        await using var rig = await PostgresRig.OpenAsync(own);
        var market = new RandomMarket(81, eventsPerSource: 150);
        var lost = await FeedWithStatesAsync(rig, market);
        var expected = await PictureAsync(lost, withHistory: false);
        await lost.DisposeAsync();
        await using var relay = new CuttingRelay(own.Port);
        rig.Postgres.ConnectionString = rig.Postgres.ConnectionString.Replace($"Port={own.Port}", $"Port={relay.Port}", StringComparison.Ordinal);
        rig.Postgres.TakeOver = true;
        rig.UseAnotherFolder();
        var (broken, begun) = (0, 0);
        EmbeddedGrid? found = null;
        for (var bytes = 2_000L; found is null; bytes += 6_000)
        {
            relay.CutAfter(bytes);
            try
            {
                found = await rig.OpenGridAsync();
            }
            catch (GridStorageException)
            {
                broken++;
                begun += File.Exists(Path.Combine(rig.Options.DataFolder, "filling")) ? 1 : 0;
            }
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{broken} starts broke off, {begun} of them while the folder was filled");
        Assert.True(begun >= 3, $"only {begun} starts broke off while the folder was filled");
        relay.CutAfter(long.MaxValue);
        Assert.Equal(expected, await PictureAsync(found, withHistory: false));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(2));
        while (!found.GetStatus().Postgres!.IsClaimed)
        {
            await timer.WaitForNextTickAsync(Cancel);
        }

        await CheckNothingTwiceAsync(rig, found, market);
    }

    [Fact]
    public async Task A_folder_that_is_being_filled_needs_its_database()
    {
        await using var rig = await PostgresRig.OpenAsync(server);
        var lost = await rig.OpenGridAsync();
        await PostgresGridTests.CommittedAsync(lost, Names);
        await lost.DisposeAsync();
        rig.UseAnotherFolder();
        Directory.CreateDirectory(rig.Options.DataFolder);
        File.WriteAllText(Path.Combine(rig.Options.DataFolder, "filling"), "");
        var postgres = rig.Options.Postgres;
        rig.Options.Postgres = null;
        Assert.Contains("was being filled from a database and has nothing yet", (await Assert.ThrowsAsync<GridStorageException>(rig.OpenGridAsync)).Message, StringComparison.Ordinal);

        rig.Options.Postgres = postgres;
        postgres!.TakeOver = true;
        var found = await rig.OpenGridAsync();
        Assert.Equal(1UL, found.Latest("AAPL").Ticks);
        Assert.False(File.Exists(Path.Combine(rig.Options.DataFolder, "filling")));
    }

    [Fact]
    public async Task A_filled_folder_without_a_whole_snapshot_is_refused()
    {
        await using var rig = await PostgresRig.OpenAsync(server);
        var lost = await rig.OpenGridAsync();
        await PostgresGridTests.CommittedAsync(lost, Names);
        await lost.DisposeAsync();
        var found = await rig.OpenInsteadAsync();
        await found.DisposeAsync();
        foreach (var snapshot in Directory.GetFiles(Path.Combine(rig.Options.DataFolder, "snapshots")))
        {
            var bytes = await File.ReadAllBytesAsync(snapshot, Cancel);
            bytes[^1] ^= 1;
            await File.WriteAllBytesAsync(snapshot, bytes, Cancel);
        }

        var refused = await Assert.ThrowsAsync<GridStorageException>(rig.OpenGridAsync);
        Assert.Contains("was filled from a database and has no whole snapshot any more (", refused.Message, StringComparison.Ordinal);
        Assert.Equal(1UL, (await rig.OpenInsteadAsync()).Latest("AAPL").Ticks);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static async Task FeedAsync(EmbeddedGrid grid, RandomMarket market, IEnumerable<MarketLine[]> batches, string producer = "plant")
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
    private static async Task<EmbeddedGrid> FeedWithStatesAsync(PostgresRig rig, RandomMarket market)
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
    private static Task RepeatAsync(EmbeddedGrid grid, RandomMarket market, MarketLine[] lines) =>
        FeedAsync(grid, market, lines.Where(l => l.Event.Source.Value is (ushort)MarketSource.Exchange or (ushort)MarketSource.Venue).Select(l => new[] { l }), "repeats");

    private static async Task CheckNothingTwiceAsync(PostgresRig rig, EmbeddedGrid grid, RandomMarket market)
    {
        var before = await rig.Database.RowsAsync("SELECT count(*), sum(size) FROM grid.tick");
        var outcomes = grid.GetStatus().Outcomes;
        MarketLine[] numbered = [.. market.All.Where(l => l.Event.Source.Value is (ushort)MarketSource.Exchange or (ushort)MarketSource.Venue && l.Event.Sequence > 0)];
        await FeedAsync(grid, market, numbered.Chunk(50), "once-more");
        Assert.Equal(before, await rig.Database.RowsAsync("SELECT count(*), sum(size) FROM grid.tick"));
        var more = grid.GetStatus().Outcomes;
        Assert.Equal((numbered.Length, 0L), (more.Duplicate - outcomes.Duplicate, more.Rejected - outcomes.Rejected));
    }

    // Both of the kept ones are newer than what is in the database now.
    private static async Task StateSavedAsync(PostgresRig rig)
    {
        var committed = await rig.Database.ScalarAsync<long>("SELECT max(lsn) FROM grid.watermark");
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(2));
        while (await rig.Database.ScalarAsync<long>("SELECT max(lsn) FROM grid.saved_state") < committed)
        {
            await timer.WaitForNextTickAsync(Cancel);
        }
    }

    // All that a user sees, by names: the numbers behind them may be others.
    private static async Task<string> PictureAsync(EmbeddedGrid grid, bool withHistory = true)
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

    private static async Task<IEnumerable<string>> SourcesAsync(EmbeddedGrid grid) =>
        (await grid.GetSourcesAsync(Cancel)).Select(s => s.ToString()).Order(StringComparer.Ordinal);
}
