using Grid.Domain.Cusips;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Testing;
using static Grid.Testing.TestMarket;

namespace Grid.Runtime.Tests.Embedded;

/// <summary>What operators ask of instruments, producers and CUSIPs.</summary>
public sealed class EmbeddedGridQualityTests : IAsyncDisposable
{
    private static readonly Cusip BondCusip = Cusip.Parse("037833100");
    private static readonly UnixNanos Forever = new(long.MaxValue);
    private readonly GridFolder _folder = new();

    public ValueTask DisposeAsync() => _folder.DisposeAsync();

    [Fact]
    public async Task Counts_of_an_instrument_are_the_same_after_a_restart()
    {
        var grid = await _folder.OpenAsync();
        await using (var feed = await FeedDriver.OpenAsync(grid, Names))
        {
            await feed.SendAsync(
                Trade(1, "10:00:02", "10"), Trade(1, "10:00:02", "10"), Trade(2, "10:00:01", "10"), Trade(3, "10:00:03", "-1"), Trade(4, "10:00:03", "20"),
                Trade(1, "10:00:00", "-1", instrument: Msft));
        }

        var before = Quality(grid, "AAPL");
        Assert.Equal((2, 1, 1, 1, 1), (before.Counts.Accepted, before.Counts.Flagged, before.Counts.Duplicate, before.Counts.Rejected, before.Counts.Late));
        Assert.Equal(At("10:00:03"), before.LastEvent);
        var rejectedOnly = Quality(grid, "MSFT");
        Assert.Equal((0L, 1L, null), (rejectedOnly.Counts.Accepted, rejectedOnly.Counts.Rejected, rejectedOnly.LastEvent));
        Assert.Equal(["AAPL", "MSFT"], (await grid.GetQualityAsync("*", null, 10, default)).Select(q => grid.Names.Symbol(q.Instrument)));
        Assert.Equal(["MSFT"], (await grid.GetQualityAsync("*", "AAPL", 10, default)).Select(q => grid.Names.Symbol(q.Instrument)));
        Assert.False(grid.TryGetQuality(new InstrumentId(99), out _));

        grid = await _folder.OpenAfterKillAsync();
        Assert.Equal(before, Quality(grid, "AAPL"));
        Assert.Equal(rejectedOnly, Quality(grid, "MSFT"));
        await grid.DisposeAsync();
        grid = await _folder.OpenAsync();
        Assert.Equal(before, Quality(grid, "AAPL"));
        Assert.Equal(rejectedOnly, Quality(grid, "MSFT"));
    }

    [Fact]
    public async Task Open_gaps_are_those_of_the_domains_in_which_the_instrument_is_numbered()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);

        await feed.SendAsync(
            Trade(1, "10:00:00", "10", source: Contiguous), Trade(5, "10:00:01", "10", source: Contiguous), Trade(1, "10:00:00", "10", instrument: Msft));

        Assert.Equal((1, 0), (Quality(grid, "AAPL").OpenGaps, Quality(grid, "MSFT").OpenGaps));
    }

    [Fact]
    public async Task Producers_say_how_far_they_have_come_and_whether_they_are_connected()
    {
        var grid = await _folder.OpenAsync();
        var feed = await FeedDriver.OpenAsync(grid, Names, epoch: 7);
        await feed.SendAsync(Trade(1, "10:00:00", "10"));

        var connected = Assert.Single(await grid.GetProducersAsync(default));
        await feed.DisposeAsync();
        var gone = Assert.Single(await grid.GetProducersAsync(default));

        Assert.Equal(("tester", 7UL, 1UL, 1UL), (connected.Name, connected.Epoch, connected.LastBatch, connected.DurableBatch));
        Assert.NotNull(connected.ConnectedSince);
        Assert.True(connected.LastSeen >= connected.ConnectedSince);
        Assert.Null(gone.ConnectedSince);
        Assert.True(gone.LastSeen >= connected.LastSeen);
        await grid.DisposeAsync();
        grid = await _folder.OpenAsync();
        Assert.Equal(new ProducerStatus("tester", 7, 1, 1, null, null), Assert.Single(await grid.GetProducersAsync(default)));
    }

    [Fact]
    public async Task Runs_of_a_cusip_are_the_newest_of_each_dealer()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        Assert.Null(await grid.GetRunsAsync(BondCusip, null, default));

        await feed.SendAsync(Run(ByBatch, "10:00:00", "99", "101"), Run(ByContent, "10:00:01", "100", "102"), Run(ByBatch, "10:00:02", "98", "101.5"));

        var found = await grid.GetRunsAsync(BondCusip, null, default);
        Assert.Equal(("100", "101.5", 2), (found!.Market.Bid.Price.ToString(), found.Market.Ask.Price.ToString(), found.Market.DealerCount));
        Assert.Equal(2, found.Runs.Count);
        Assert.Equal(found.Market.Date, Assert.Single(found.Dates));
        Assert.Equal(found.Runs, (await grid.GetRunsAsync(BondCusip, found.Market.Date, default))!.Runs);
        Assert.Equal(0U, (await grid.GetRunsAsync(BondCusip, 19990101, default))!.Market.Date);
    }

    [Fact]
    public async Task Quotes_of_every_source_keep_their_versions()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        await feed.SendAsync(
            Quote(9, "10:00:02", "10", ""), Quote(8, "10:00:01", "9", "11"), Quote(1, "10:00:00", null, "12", source: ByBatch), Trade(1, "10:00:00", "10", instrument: Msft));

        var quotes = await grid.GetQuotesAsync(grid.Id("AAPL"), default);

        Assert.Equal(["by-batch", "by-sequence"], quotes.Select(q => grid.Names.Sources.Text(q.Source.Value)));
        Assert.Equal((SideState.Absent, SideState.Set, 1UL), (quotes[0].Bid.State, quotes[0].Ask.State, quotes[0].Ask.Sequence));
        Assert.Equal((SideState.Set, Price.Of(10).Raw, 9UL), (quotes[1].Bid.State, quotes[1].Bid.Price, quotes[1].Bid.Sequence));
        Assert.Equal((SideState.Cleared, 9UL), (quotes[1].Ask.State, quotes[1].Ask.Sequence));
        Assert.Empty(await grid.GetQuotesAsync(grid.Id("MSFT"), default));
        Assert.Empty(await grid.GetQuotesAsync(new InstrumentId(99), default));
    }

    [Fact]
    public async Task Pages_of_ticks_give_each_once_while_more_arrive()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);

        // Twelve at one moment, three of them with the same content, and what the source numbers in no order.
        ulong[] numbers = [7, 3, 9, 1, 5, 8, 2, 6, 4];
        await feed.SendAsync([.. numbers.Select(n => Trade(n, "10:00:00", "10"))]);
        await feed.SendAsync(Trade(0, "10:00:00", "10", source: ByNothing), Trade(0, "10:00:00", "10", source: ByNothing), Trade(0, "10:00:00", "10", source: ByNothing));
        var whole = (await grid.GetTicksAsync(grid.Id("AAPL"), default, Forever, 100, default)).Ticks.Select(Key).ToList();
        Assert.Equal(12, whole.Count);
        for (var limit = 1; limit <= 12; limit++)
        {
            var page = await grid.GetTicksAsync(grid.Id("AAPL"), default, Forever, limit, default);
            var seen = page.Ticks.Select(Key).ToList();
            while (page.Next is { } next)
            {
                page = await grid.GetTicksAfterAsync(grid.Id("AAPL"), next, Forever, limit, default);
                Assert.InRange(page.Ticks.Count, 1, limit);
                seen.AddRange(page.Ticks.Select(Key));
            }

            Assert.Equal(whole, seen);
        }

        // What arrives before the place is not given any more, what arrives behind it is; nothing is given twice.
        var first = await grid.GetTicksAsync(grid.Id("AAPL"), default, Forever, 6, default);
        await feed.SendAsync(Trade(100, "09:59:59", "10"), Trade(101, "10:00:00", "10"), Trade(102, "10:00:01", "10"));
        var rest = await grid.GetTicksAfterAsync(grid.Id("AAPL"), first.Next!.Value, Forever, 100, default);
        var all = first.Ticks.Concat(rest.Ticks).Select(Key).ToList();
        Assert.True(rest.IsComplete);
        Assert.Equal(14, all.Count);
        Assert.DoesNotContain(100UL, all.Select(k => k.Sequence));
        Assert.Equal(102UL, all[^1].Sequence);
        Assert.Equal(whole, all.Where(k => k.Sequence < 100));
    }

    private static MarketLine Run(ushort dealer, string at, string bid, string ask)
    {
        var quote = Quote(0, at, bid, ask, dealer, Bond);
        return quote with { Event = quote.Event with { Kind = EventKind.Run }, Run = new(BondCusip, 1, 2, 3, 4, default) };
    }

    private static (SourceId Source, ulong Sequence) Key(Tick tick) => (tick.Event.Source, tick.Event.Sequence);

    private static InstrumentQuality Quality(EmbeddedGrid grid, string symbol) =>
        grid.TryGetQuality(grid.Id(symbol), out var quality) ? quality : throw new InvalidOperationException($"no event of {symbol} came");
}
