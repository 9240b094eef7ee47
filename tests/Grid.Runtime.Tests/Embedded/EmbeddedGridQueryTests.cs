using Grid.Domain;
using Grid.Domain.Dedup;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;
using Grid.Testing;
using static Grid.Testing.TestMarket;

namespace Grid.Runtime.Tests.Embedded;

public sealed class EmbeddedGridQueryTests : IAsyncDisposable
{
    private readonly GridFolder _folder = new();

    public ValueTask DisposeAsync() => _folder.DisposeAsync();

    [Fact]
    public async Task Nothing_is_known_of_what_never_came()
    {
        var grid = await _folder.OpenAsync();
        Assert.False(grid.TryGetLatest(new InstrumentId(7), out _));
        Assert.False(grid.TryGetLatest(InstrumentId.None, out _));
        Assert.Empty((await grid.GetTicksAsync(new InstrumentId(7), default, new UnixNanos(long.MaxValue), 10, CancellationToken.None)).Ticks);
        Assert.Empty(await grid.GetBarsAsync(new InstrumentId(7), UnixNanos.PerMinute, default, new UnixNanos(long.MaxValue), 10, CancellationToken.None));
        Assert.Null(await grid.GetDefinitionAsync(new InstrumentId(7), CancellationToken.None));
    }

    [Fact]
    public async Task Rejected_events_are_listed_with_their_reason()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        await feed.SendAsync(
            Trade(1, "10:00:00", "-1"), Trade(2, "10:00:00", "10", "-1"), Trade(0, "10:00:00", "10"), Trade(3, "10:00:00", "10", source: Strict));
        var quarantined = await grid.GetQuarantineAsync(0, 10, CancellationToken.None);
        Assert.Equal(
            [RejectReason.PriceNotPositive, RejectReason.SizeNegative, RejectReason.SequenceMissing, RejectReason.UnknownInstrument],
            quarantined.Select(q => q.Outcome.Reason));
        Assert.Equal([1UL, 2UL, 3UL, 4UL], quarantined.Select(q => q.Id));
        Assert.All(quarantined, q => Assert.Equal(("tester", true), (q.Producer, q.Lsn > 0)));
        Assert.Equal(2UL, Assert.Single(await grid.GetQuarantineAsync(1, 1, CancellationToken.None)).Id);
        Assert.False(grid.TryGetLatest(grid.Id("AAPL"), out _));
        Assert.Equal(4, grid.GetStatus().Outcomes.Rejected);
    }

    [Fact]
    public async Task Gaps_open_and_close()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        await feed.SendAsync(Trade(1, "10:00:00", "10", source: Contiguous), Trade(5, "10:00:01", "10", source: Contiguous));
        var gap = Assert.Single(await grid.GetGapsAsync(10, CancellationToken.None));
        Assert.Equal((2UL, 4UL), (gap.FirstMissing, gap.LastMissing));
        await feed.SendAsync(Trade(3, "10:00:02", "10", source: Contiguous, instrument: Msft));
        Assert.Equal(2, grid.GetStatus().OpenGaps);
        await feed.SendAsync(Trade(2, "10:00:02", "10", source: Contiguous), Trade(4, "10:00:02", "10", source: Contiguous));
        Assert.Empty(await grid.GetGapsAsync(10, CancellationToken.None));
    }

    [Fact]
    public async Task Definition_changes_the_rules_that_hold()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        var equity = new InstrumentDefinition { Class = "equity", TickSize = Price.Parse("0.05"), Currency = "USD" };
        await feed.SendAsync(Trade(1, "10:00:00", "10.01"), Define(2, "10:00:00", equity), Trade(3, "10:00:01", "10.01"), Trade(4, "10:00:02", "-1"));
        Assert.Equal(1, feed.Outcomes[Outcome.Flag(RejectReason.OffTick)]);
        Assert.Equal(1, feed.Outcomes[Outcome.Reject(RejectReason.PriceNotPositive)]);
        Assert.Equal(equity, await grid.GetDefinitionAsync(grid.Id("AAPL"), CancellationToken.None));
        await feed.SendAsync(Define(5, "10:00:05", new InstrumentDefinition { Class = "future" }), Trade(6, "10:00:06", "-1"));
        Assert.Equal("-1", grid.Latest("AAPL").Last.Price.ToString());

        // One that is older by its own time changes nothing, however late it comes.
        await feed.SendAsync(Define(7, "10:00:01", equity), Trade(8, "10:00:07", "-2"));
        Assert.Equal("-2", grid.Latest("AAPL").Last.Price.ToString());
    }

    [Fact]
    public async Task Event_is_judged_by_the_definition_that_is_valid_at_its_time_also_after_a_restart()
    {
        var grid = await _folder.OpenAsync();
        await using (var feed = await FeedDriver.OpenAsync(grid, Names))
        {
            await feed.SendAsync(
                Define(1, "09:00:00", new InstrumentDefinition { Class = "equity", ValidTo = At("10:00:00") }),
                Define(2, "09:00:01", new InstrumentDefinition { Class = "future", ValidFrom = At("10:00:00") }),
                Trade(3, "10:00:00", "-1"),
                Trade(4, "09:59:59", "-1"));
            Assert.Equal(1, feed.Outcomes[Outcome.Reject(RejectReason.PriceNotPositive)]);
        }

        await grid.DisposeAsync();
        grid = await _folder.OpenAsync();
        await using var again = await FeedDriver.OpenAsync(grid, Names, epoch: 2);
        await again.SendAsync(Trade(5, "10:00:01", "-1"), Trade(6, "09:59:59", "-1"), Trade(7, "10:00:02", "-1"));
        Assert.Equal((2L, 1L), (again.Outcomes[Outcome.Accepted], again.Outcomes[Outcome.Reject(RejectReason.PriceNotPositive)]));
    }

    [Fact]
    public async Task Definitions_that_never_hold_are_forgotten_and_those_over_the_limit_refused()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        await feed.SendAsync([.. Enumerable.Range(1, GridLimits.DefinitionsPerInstrumentMax).Select(i =>
            Define((ulong)i, "09:00:00", new InstrumentDefinition { ValidFrom = new UnixNanos(i), ValidTo = new UnixNanos(i + 1) }))]);
        await feed.SendAsync(Define(2001, "09:00:00", new InstrumentDefinition { ValidTo = new UnixNanos(1) }));
        Assert.Equal(1, feed.Outcomes[Outcome.Reject(RejectReason.TooManyDefinitions)]);

        // One that covers all the others makes room.
        await feed.SendAsync(
            Define(2002, "09:00:01", new InstrumentDefinition { Class = "fx" }), Define(2003, "09:00:02", new InstrumentDefinition { ValidTo = new UnixNanos(1) }));
        Assert.Equal(1, grid.GetStatus().Outcomes.Rejected);
        Assert.Equal("fx", (await grid.GetDefinitionAsync(grid.Id("AAPL"), CancellationToken.None))!.Class);
    }

    [Fact]
    public async Task Amendments_change_last_bars_and_day_and_say_while_they_wait()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        await feed.SendAsync(Trade(1, "10:00:00", "10"), Trade(2, "10:01:00", "11"), Trade(3, "10:02:00", "12"));
        await feed.SendAsync(Cancel(4, "10:02:01", amends: 3), Correct(5, "10:02:02", amends: 1, "9", "4"));
        var latest = grid.Latest("AAPL");
        Assert.Equal(("11", 5), (latest.Last.Price.ToString(), (int)(latest.Day.Volume / Quantity.One)));
        Assert.Equal(["9", "11"], (await grid.BarsAsync("AAPL", "1m")).Select(b => b.Close.ToString()));
        Assert.Equal(["9", "11"], (await grid.BarsAsync("AAPL", "1s")).Select(b => b.Close.ToString()));
        await feed.SendAsync(Cancel(6, "10:02:03", amends: 77));
        var all = new UnixNanos(long.MaxValue);
        Assert.True((await grid.GetTicksAsync(grid.Id("AAPL"), default, all, 10, CancellationToken.None)).AmendmentPending);
        await feed.SendAsync(Trade(77, "10:03:00", "50"));
        Assert.False((await grid.GetTicksAsync(grid.Id("AAPL"), default, all, 10, CancellationToken.None)).AmendmentPending);
        Assert.Equal("11", grid.Latest("AAPL").Last.Price.ToString());
    }

    [Fact]
    public async Task Amendment_that_names_no_number_amends_nothing()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        await feed.SendAsync(
            Trade(0, "10:00:00", "10", source: ByNothing), Cancel(0, "10:00:01", amends: 0, source: ByNothing), Trade(0, "10:00:02", "11", source: ByNothing));
        Assert.Equal((2L, "11"), (grid.Latest("AAPL").Day.Count, grid.Latest("AAPL").Last.Price.ToString()));
    }

    [Fact]
    public async Task Bars_are_whole_and_begin_in_the_range_asked_for()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        await feed.SendAsync(
            Trade(1, "10:00:30", "10"), Trade(2, "10:04:59.9", "11"), Trade(3, "10:05:00", "12"), Trade(4, "10:07:00", "13"), Trade(5, "10:10:00", "14"));
        Assert.Equal([2L, 2L, 1L], (await FiveMinutes("10:00:00", "11:00:00")).Select(b => b.Count));
        Assert.Equal([2L], (await FiveMinutes("10:00:00", "10:01:00")).Select(b => b.Count));
        Assert.Equal([2L], (await FiveMinutes("10:00:01", "10:06:00")).Select(b => b.Count));
        Assert.Equal([At("10:00:00")], (await FiveMinutes("10:00:00", "10:05:00")).Select(b => b.Start));
        Assert.Equal([2L], (await grid.GetBarsAsync(
            grid.Id("AAPL"), 5 * UnixNanos.PerMinute, At("10:00:00"), At("11:00:00"), 1, CancellationToken.None)).Select(b => b.Count));
        var wrong = await Assert.ThrowsAsync<GridException>(() => grid.GetBarsAsync(
            grid.Id("AAPL"), 7, At("10:00:00"), At("11:00:00"), 1, CancellationToken.None).AsTask());
        Assert.Equal((GridErrorCode.BadArgument, "there are no bars of 7 ns; intervals are 1s, 1m, 5m, 15m, 1h, 1d"), (wrong.Code, wrong.Message));

        ValueTask<IReadOnlyList<Bar>> FiveMinutes(string from, string to) =>
            grid.GetBarsAsync(grid.Id("AAPL"), 5 * UnixNanos.PerMinute, At(from), At(to), 100, CancellationToken.None);
    }

    [Fact]
    public async Task Bars_carry_the_quote_in_force_at_their_end_in_seconds_and_minutes()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        await feed.SendAsync(
            Quote(1, "09:59:00", "9", "11"), Trade(2, "10:00:00", "10"), Quote(3, "10:00:00.5", "9.5", null), Trade(4, "10:00:05", "10"),
            Quote(5, "10:00:59", "", null), Trade(6, "10:02:00", "10"));
        Assert.Equal(["9 11", "none 11", "none 11"], (await grid.BarsAsync("AAPL", "1m")).Select(Quoted));
        Assert.Equal(
            ["9 11", "9.5 11", "9.5 11", "none 11", "none 11"], (await grid.BarsAsync("AAPL", "1s")).Select(Quoted));
        Assert.Equal(["none 11"], (await grid.BarsAsync("AAPL", "1d")).Select(Quoted));

        static string Quoted(Bar b) => $"{(b.Bid.IsSet ? b.Bid.Price : "none")} {b.Ask.Price}";
    }

    [Fact]
    public async Task Instruments_are_found_by_pattern_in_pages()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        await feed.SendAsync(Trade(1, "10:00:00", "10"), Trade(1, "10:00:00", "10", instrument: Msft), Trade(1, "10:00:00", "10", instrument: Bond));
        Assert.Equal(["AAPL", "MSFT", "T-2030"], await FindAsync("*", null, 10));
        Assert.Equal(["MSFT"], await FindAsync("*", "AAPL", 1));
        Assert.Equal(["AAPL"], await FindAsync("?A*L", null, 10));
        Assert.Equal(["T-2030"], await FindAsync("T-20?0", null, 10));
        Assert.Empty(await FindAsync("Z*", null, 10));

        async Task<IEnumerable<string>> FindAsync(string pattern, string? after, int limit) =>
            (await grid.FindInstrumentsAsync(pattern, after, limit, CancellationToken.None)).Select(grid.Names.Symbol);
    }

    [Fact]
    public async Task Content_policy_tells_runs_by_their_wider_part_too()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        var quote = Quote(0, "10:00:00", "99", "101", ByContent, Bond);
        var cusip = Domain.Cusips.Cusip.Parse("037833100");
        var run = quote with { Event = quote.Event with { Kind = Domain.Events.EventKind.Run }, Run = new(cusip, 100, 90, 1, 2, default) };
        await feed.SendAsync(run, run, run with { Run = run.Run with { BidYield = 3 } });
        Assert.Equal((2L, 1L), (feed.Outcomes[Outcome.Accepted], feed.Outcomes[Outcome.Duplicate]));
        Assert.Contains(await grid.GetSourcesAsync(CancellationToken.None), s => s is { Name: "by-content", Policy: DedupPolicy.Content });
    }
}
