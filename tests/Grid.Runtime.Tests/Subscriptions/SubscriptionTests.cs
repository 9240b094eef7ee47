using Grid.Domain;
using Grid.Domain.Cusips;
using Grid.Domain.Events;
using Grid.Domain.Instruments;
using Grid.Runtime.Tests.Embedded;
using Grid.Testing;
using static Grid.Testing.TestMarket;

namespace Grid.Runtime.Tests.Subscriptions;

public sealed class SubscriptionTests : IAsyncDisposable
{
    private readonly GridFolder _folder = new();

    public ValueTask DisposeAsync() => _folder.DisposeAsync();

    [Fact]
    public async Task Snapshot_comes_first_and_then_each_tick_once()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        await feed.SendAsync(Trade(1, "10:00:00", "10"), Trade(2, "10:00:01", "11"));
        using var subscriber = new Subscriber(grid, new() { Instruments = ["AAPL"], Kinds = SubscriptionKinds.Trades });
        Assert.Equal((1, 0, 0), (subscriber.Answer.Instruments, subscriber.Answer.Waiting.Count, subscriber.Answer.Reset.Count));
        subscriber.ReadAll();
        await feed.SendAsync(Trade(3, "10:00:02", "12"), Quote(4, "10:00:02", "1", "2"), Trade(5, "10:00:03", "13"), Trade(5, "10:00:03", "13"));
        await subscriber.UntilAsync("tick", 5);
        Assert.Equal(["snapshot 2", "tick 3", "tick 5"], subscriber.Told.Select(t => $"{t.What} {t.Version}"));
        Assert.Equal("13", subscriber.Told[^1].Event.Price.ToString());
    }

    [Fact]
    public async Task Definition_that_moves_the_session_date_is_no_tick()
    {
        _folder.Options.Rules = RandomMarket.Rules;
        var grid = await _folder.OpenAsync();
        await using (var feed = await FeedDriver.OpenAsync(grid, Names))
        {
            await feed.SendAsync(Trade(1, "01:00:00", "10"));
            using var subscriber = new Subscriber(grid, new() { Instruments = ["AAPL"], Kinds = SubscriptionKinds.Trades });
            subscriber.ReadAll();
            await feed.SendAsync(Define(2, "01:00:01", new InstrumentDefinition { Calendar = "west" }));
            await feed.SendAsync(Trade(3, "01:00:02", "11"), Define(4, "01:00:03", new InstrumentDefinition { Calendar = "east" }), Trade(5, "01:00:04", "12"));
            await subscriber.UntilAsync("tick", 3);
            Assert.Equal(["10", "11", "12"], subscriber.Told.Where(t => t.What is "snapshot" or "tick").Select(t => (t.What == "tick" ? t.Event.Price : t.Latest.Last.Price).ToString()));
            Assert.Equal((3UL, 3), (grid.Latest("AAPL").Ticks, (await grid.TicksAsync("AAPL")).Count));
        }

        await grid.DisposeAsync();
        Assert.Equal(3UL, (await _folder.OpenAsync()).Latest("AAPL").Ticks);
    }

    [Fact]
    public async Task Latest_is_conflated_and_its_newest_is_never_lost()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        await feed.SendAsync(Trade(1, "10:00:00", "10"));
        using var subscriber = new Subscriber(grid, new() { Instruments = ["AAPL"] });
        subscriber.ReadAll();
        await feed.SendAsync(Trade(2, "10:00:01", "11"), Trade(3, "10:00:02", "12"));
        await feed.SendAsync(Trade(4, "10:00:03", "13"));
        var newest = await subscriber.UntilAsync("latest", 4);
        Assert.Equal("13", newest.Latest.Last.Price.ToString());
        Assert.InRange(subscriber.Told.Count, 2, 4);
        subscriber.ReadAll();
        Assert.Same(newest, subscriber.Told[^1]);
    }

    [Fact]
    public async Task Patterns_and_symbols_hold_for_instruments_that_come_later()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        using var pattern = new Subscriber(grid, new() { Patterns = ["?S*", "T-*"], Kinds = SubscriptionKinds.Trades });
        using var symbol = new Subscriber(grid, new() { Instruments = ["MSFT", "ZZZ"], Kinds = SubscriptionKinds.Trades });
        Assert.Equal(["MSFT", "ZZZ"], symbol.Answer.Waiting);
        await feed.SendAsync(
            Trade(1, "10:00:00", "10"), Trade(1, "10:00:00", "10", instrument: Msft), Trade(1, "10:00:00", "10", instrument: Bond));
        await feed.SendAsync(Trade(2, "10:00:00", "10", instrument: Msft), Trade(2, "10:00:00", "10", instrument: Bond));
        await pattern.UntilAsync(told => Newest(told, "MSFT") == 2 && Newest(told, "T-2030") == 2);
        await symbol.UntilAsync(told => Newest(told, "MSFT") == 2);
        foreach (var told in (List<Told>[])[pattern.Told, symbol.Told])
        {
            Assert.DoesNotContain(told, t => t.Symbol == "AAPL");
            Assert.All(told.GroupBy(t => t.Symbol), AssertWithoutGap);
        }
    }

    [Fact]
    public async Task Subscriber_of_ticks_that_is_too_slow_is_told_what_it_missed_and_what_is_known()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        await feed.SendAsync(Trade(1, "10:00:00", "10"));
        using var subscriber = new Subscriber(grid, new() { Instruments = ["AAPL"], Kinds = SubscriptionKinds.Trades, TicksBehindMax = 3 });
        await subscriber.UntilAsync("snapshot", 1);
        await feed.SendAsync([.. Enumerable.Range(2, 10).Select(i => Trade((ulong)i, "10:00:01", "11"))]);
        await subscriber.UntilAsync("snapshot", 11);
        Assert.Equal(["snapshot 1", "dropped 11", "snapshot 11"], subscriber.Told.Select(t => $"{t.What} {t.Version}"));
        Assert.Equal(10UL, subscriber.Told[1].Count);
        await feed.SendAsync(Trade(12, "10:00:02", "12"));
        Assert.Equal("12", (await subscriber.UntilAsync("tick", 12)).Event.Price.ToString());
    }

    [Fact]
    public async Task Subscriber_that_asked_to_be_closed_when_too_slow_is_closed()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        await feed.SendAsync(Trade(1, "10:00:00", "10"));
        using var subscriber = new Subscriber(
            grid, new() { Instruments = ["AAPL"], Kinds = SubscriptionKinds.Trades, TicksBehindMax = 3, Slow = SlowConsumer.Close });
        await subscriber.UntilAsync("snapshot", 1);
        await feed.SendAsync([.. Enumerable.Range(2, 10).Select(i => Trade((ulong)i, "10:00:01", "11"))]);
        var refusal = await Assert.ThrowsAsync<GridException>(() => subscriber.UntilAsync("tick", 11));
        Assert.Equal(
            (GridErrorCode.TooSlow, "the subscriber is 10 ticks behind instrument AAPL; 3 are allowed"), (refusal.Code, refusal.Message));
    }

    [Fact]
    public async Task Subscriber_goes_on_after_the_tick_that_it_has()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        await feed.SendAsync(Define(1, "10:00:00", new InstrumentDefinition()), Trade(2, "10:00:00", "10"), Trade(3, "10:00:01", "11"));
        await feed.SendAsync(Define(4, "10:00:00", new InstrumentDefinition()), Trade(5, "10:00:02", "12"));
        var from = new Dictionary<string, ulong> { ["AAPL"] = 1, ["MSFT"] = 7 };
        using var subscriber = new Subscriber(grid, new() { Instruments = ["AAPL", "MSFT"], Kinds = SubscriptionKinds.Trades, From = from });
        Assert.Equal(["MSFT"], subscriber.Answer.Reset);
        await subscriber.UntilAsync("tick", 3);
        Assert.Equal(["tick 2 11", "tick 3 12"], subscriber.Told.Select(t => $"{t.What} {t.Version} {t.Event.Price}"));

        from["AAPL"] = 4;
        using var ahead = new Subscriber(grid, new() { Instruments = ["AAPL"], Kinds = SubscriptionKinds.Trades, From = from });
        Assert.Contains("AAPL", ahead.Answer.Reset);
        await ahead.UntilAsync("snapshot", 3);
    }

    [Fact]
    public async Task Ticks_keep_their_numbers_over_a_restart()
    {
        var grid = await _folder.OpenAsync();
        await using (var feed = await FeedDriver.OpenAsync(grid, Names))
        {
            await feed.SendAsync(Define(1, "10:00:00", new InstrumentDefinition()), Trade(2, "10:00:00", "10"), Trade(3, "10:00:01", "11"));
        }

        await grid.SnapshotAsync();
        await grid.DisposeAsync();
        var reopened = await _folder.OpenAsync();
        Assert.NotEqual(grid.Run, reopened.Run);
        using var subscriber = new Subscriber(
            reopened, new() { Instruments = ["AAPL"], Kinds = SubscriptionKinds.Trades, From = new Dictionary<string, ulong> { ["AAPL"] = 1 } });
        var tick = await subscriber.UntilAsync("tick", 2);
        Assert.Equal(("11", 2UL), (tick.Event.Price.ToString(), tick.Version));
        Assert.True(tick.Frame <= reopened.FlushedFrame);
    }

    [Fact]
    public async Task What_was_flushed_keeps_its_numbers_over_a_crash()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        using var before = new Subscriber(grid, new() { Patterns = ["*"], Kinds = SubscriptionKinds.Trades });
        await feed.SendAsync(Trade(1, "10:00:00", "10"));
        await before.UntilAsync("snapshot", 1);
        await feed.SendAsync(Trade(2, "10:00:01", "11"), Trade(3, "10:00:02", "12"));
        await before.UntilAsync("tick", 3);
        Assert.All(before.Told, t => Assert.True(t.Frame <= grid.FlushedFrame));
        var reopened = await _folder.OpenAfterKillAsync();
        using var after = new Subscriber(
            reopened, new() { Patterns = ["*"], Kinds = SubscriptionKinds.Trades, From = new Dictionary<string, ulong> { ["AAPL"] = 1 } });
        await after.UntilAsync("tick", 3);
        Assert.Equal(
            before.Told.Where(t => t.What == "tick").Select(t => (t.Version, t.Event.Sequence)), after.Told.Select(t => (t.Version, t.Event.Sequence)));
    }

    [Fact]
    public async Task Update_is_durable_once_its_frame_is_flushed()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        using var subscriber = new Subscriber(grid, new() { Instruments = ["AAPL"], Kinds = SubscriptionKinds.Trades });
        await feed.SendAsync(Trade(1, "10:00:00", "10"));
        Assert.True((await subscriber.UntilAsync("snapshot", 1)).Frame <= grid.FlushedFrame);
    }

    [Fact]
    public async Task Bars_are_told_open_closed_and_amended()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        await feed.SendAsync(Trade(1, "10:00:00", "10"));
        using var subscriber = new Subscriber(grid, new() { Instruments = ["AAPL"], Kinds = SubscriptionKinds.Bars });
        await subscriber.UntilAsync("bar", 1);
        await feed.SendAsync(Trade(2, "10:00:10", "12"), Quote(3, "10:00:20", "11", "13"));
        await feed.SendAsync(Trade(4, "10:01:00", "14"));
        var closed = await subscriber.UntilAsync("closed bar", 4);
        Assert.Equal((At("10:00:00"), "12", 2L, "13"), (closed.Bar.Start, closed.Bar.Close.ToString(), closed.Bar.Count, closed.Bar.Ask.Price.ToString()));
        var open = await subscriber.UntilAsync("bar", 4);
        Assert.Equal((At("10:01:00"), "14", "11"), (open.Bar.Start, open.Bar.Open.ToString(), open.Bar.Bid.Price.ToString()));

        await feed.SendAsync(Cancel(5, "10:01:01", amends: 2));
        Assert.Equal(("10", 1L), (await subscriber.UntilAsync("closed bar", 5)) is { } amended ? (amended.Bar.Close.ToString(), amended.Bar.Count) : default);
        await feed.SendAsync(Cancel(6, "10:01:02", amends: 1));
        var empty = await subscriber.UntilAsync("closed bar", 6);
        Assert.Equal((At("10:00:00"), false, 0L), (empty.Bar.Start, empty.Bar.HasPrices, empty.Bar.Count));
    }

    [Fact]
    public async Task Market_of_a_cusip_is_told_as_it_changes()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        var cusip = Cusip.Parse("037833100");
        using var subscriber = new Subscriber(grid, new() { Cusips = [cusip] });
        subscriber.ReadAll();
        Assert.Empty(subscriber.Told);
        await feed.SendAsync(Run(1, "10:00:00", "99", "101", BySequence));
        await subscriber.UntilAsync("market", 1);
        await feed.SendAsync(Run(2, "10:00:01", "100", "102", Contiguous));
        var market = (await subscriber.UntilAsync("market", 2)).Market;
        Assert.Equal(("100", "101", 2), (market.Bid.Price.ToString(), market.Ask.Price.ToString(), market.DealerCount));

        MarketLine Run(ulong sequence, string at, string bid, string ask, ushort dealer)
        {
            var quote = Quote(sequence, at, bid, ask, dealer, Bond);
            return quote with { Event = quote.Event with { Kind = EventKind.Run }, Run = new(cusip, 100, 90, 1, 2, default) };
        }
    }

    [Fact]
    public async Task Nothing_is_watched_any_more_when_the_last_subscription_has_ended()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        await feed.SendAsync(Trade(1, "10:00:00", "10"));
        var first = new Subscriber(grid, new() { Instruments = ["AAPL"] });
        var second = new Subscriber(grid, new() { Patterns = ["*"] });
        first.Dispose();
        await feed.SendAsync(Trade(2, "10:00:01", "11"), Trade(1, "10:00:00", "10", instrument: Msft));
        await second.UntilAsync(told => Newest(told, "AAPL") == 2 && Newest(told, "MSFT") == 1);
        second.Dispose();
        second.Dispose();
        await feed.SendAsync(Trade(3, "10:00:02", "12"));
        second.ReadAll();
        Assert.Equal(2UL, Newest(second.Told, "AAPL"));
    }

    [Fact]
    public async Task Stopping_grid_tells_its_subscribers_and_takes_no_more()
    {
        var grid = await _folder.OpenAsync();
        using var subscriber = new Subscriber(grid, new() { Patterns = ["*"] });
        var waiting = Assert.ThrowsAsync<GridException>(() => subscriber.UntilAsync("latest", 1));
        await grid.DisposeAsync();
        Assert.Equal(GridErrorCode.Stopping, (await waiting).Code);
        Assert.Equal(GridErrorCode.Stopping, Assert.Throws<GridException>(() => new Subscriber(grid, new() { Patterns = ["*"] })).Code);
    }

    [Theory]
    [InlineData("A B", "instrument: name 'A B' has byte 0x20 at position 1; only printable ASCII without spaces (0x21 to 0x7E) is allowed")]
    [InlineData("", "instrument: a name is empty; it must have 1 to 64 printable ASCII bytes")]
    public async Task Symbol_that_breaks_the_rule_is_refused(string symbol, string message)
    {
        var grid = await _folder.OpenAsync();
        var refusal = Assert.Throws<GridException>(() => new Subscriber(grid, new() { Instruments = [symbol] }));
        Assert.Equal((GridErrorCode.BadName, message), (refusal.Code, refusal.Message));
    }

    // A snapshot, or nothing, and then every number.
    private static void AssertWithoutGap(IGrouping<string, Told> updates)
    {
        var versions = updates.Select(u => u.Version).ToList();
        Assert.Equal("snapshot", updates.First().What);
        Assert.Equal(Enumerable.Range(0, versions.Count).Select(i => versions[0] + (ulong)i), versions);
    }

    private static ulong Newest(List<Told> told, string symbol) => told.Where(t => t.Symbol == symbol).Select(t => t.Version).LastOrDefault();
}
