using System.Text;
using Grid.Domain;
using Grid.Domain.Cusips;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;
using Grid.Testing;
using static Grid.Testing.TestMarket;

namespace Grid.Runtime.Tests.Embedded;

/// <summary>What a client controls is bounded: what goes beyond is refused and told, and the grid goes on.</summary>
public sealed class EmbeddedGridLimitsTests : IAsyncDisposable
{
    private readonly GridFolder _folder = new();

    public ValueTask DisposeAsync() => _folder.DisposeAsync();

    [Fact]
    public async Task Names_that_are_only_announced_take_no_place()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        for (var i = 0; i < 1000; i++)
        {
            foreach (var kind in Enum.GetValues<NameKind>())
            {
                feed.Feed.AddName(kind, Encoding.ASCII.GetBytes($"unused-{i}"));
            }
        }

        await using var other = await FeedDriver.OpenAsync(grid, Names, producer: "other");
        await other.SendAsync(Trade(1, "10:00:00", "10"), Trade(1, "10:00:00", "10", instrument: Bond));
        Assert.Equal((3, 2, 1, 1), CountsOf(grid));
        Assert.Equal(-1, grid.Names.Instruments.Find("MSFT"));
        var reopened = await _folder.OpenAfterKillAsync();
        Assert.Equal((3, 2, 1, 1), CountsOf(reopened));

        static (int, int, int, int) CountsOf(EmbeddedGrid g) => (g.Names.Instruments.Count, g.Names.Sources.Count, g.Names.Venues.Count, g.Names.Channels.Count);
    }

    [Fact]
    public async Task Batch_that_is_refused_makes_no_names_known()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        await feed.AnnounceAsync(Trade(1, "10:00:00", "10"));
        var payload = feed.Encode(Trade(1, "10:00:00", "10"));
        await Assert.ThrowsAsync<GridException>(() => feed.SubmitAsync(1, payload[..^1]));
        await Assert.ThrowsAsync<GridException>(() => feed.SubmitAsync(2, payload));
        Assert.Equal(1, grid.Names.Instruments.Count);
        await feed.SubmitAsync(1, payload);
        await feed.AcknowledgedAsync(1);
        Assert.Equal(2, grid.Names.Instruments.Count);
    }

    [Fact]
    public async Task Batch_with_an_instrument_over_the_limit_is_refused_and_known_instruments_go_on()
    {
        _folder.Options.InstrumentsMax = 2;
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        await feed.SendAsync(Trade(1, "10:00:00", "10"), Trade(1, "10:00:00", "10", instrument: Msft));
        var refused = await Assert.ThrowsAsync<GridException>(() => feed.SubmitAsync(Trade(1, "10:00:00", "10", instrument: Bond)));
        Assert.Equal(
            (GridErrorCode.TooLarge, "Instrument 'T-2030' (number 3) is new, and the grid holds its limit of 2 names of that kind; the batch is not taken"),
            (refused.Code, refused.Message));
        await feed.SendAsync(Trade(2, "10:00:01", "11"));
        _folder.Options.InstrumentsMax = 1;
        grid = await _folder.OpenAfterKillAsync();
        await using var again = await FeedDriver.OpenAsync(grid, Names, epoch: 2);
        await again.SendAsync(Trade(2, "10:00:01", "11", instrument: Msft));
        Assert.Equal((2, 2), (grid.GetStatus().Instruments, (await grid.TicksAsync("MSFT")).Count));
    }

    [Fact]
    public async Task Connection_of_a_producer_over_the_limit_is_refused_and_those_that_never_sent_are_forgotten()
    {
        _folder.Options.ProducersMax = 2;
        var grid = await _folder.OpenAsync();
        for (var i = 0; i < 10; i++)
        {
            await (await FeedDriver.OpenAsync(grid, Names, producer: $"silent-{i}")).DisposeAsync();
        }

        await using var first = await FeedDriver.OpenAsync(grid, Names, producer: "first");
        await using (var second = await FeedDriver.OpenAsync(grid, Names, producer: "second"))
        {
            await second.SendAsync(Trade(1, "10:00:00", "10"));
        }

        var refused = await Assert.ThrowsAsync<GridException>(() => FeedDriver.OpenAsync(grid, Names, producer: "third"));
        Assert.Equal(
            (GridErrorCode.TooLarge, "producer 'third' is new, and 2 are remembered already, which is the limit (ProducersMax)"), (refused.Code, refused.Message));
        await using var again = await FeedDriver.OpenAsync(grid, Names, producer: "second");
        Assert.Equal(1UL, again.Feed.LastDurableBatch);
        Assert.Equal(["first", "second"], (await grid.GetProducersAsync(CancellationToken.None)).Select(p => p.Name));
    }

    [Fact]
    public async Task Run_or_definition_with_a_cusip_over_the_limit_is_rejected_and_replays_so()
    {
        _folder.Options.CusipsMax = 1;
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        await feed.SendAsync(Define(1, "09:00:00", new InstrumentDefinition { Class = "bond", Cusip = Cusip.Parse("037833100") }, Bond));
        await feed.SendAsync(
            Define(2, "09:00:00", new InstrumentDefinition { Class = "bond", Cusip = Cusip.Parse("594918104") }, Msft),
            Run("037833100"),
            Run("594918104"));
        Assert.Equal(2, feed.Outcomes[Outcome.Reject(RejectReason.TooManyCusips)]);
        var before = await grid.HashAsync();
        _folder.Options.CusipsMax = 2;
        var reopened = await _folder.OpenAfterKillAsync();
        Assert.Equal(before, await reopened.HashAsync());
        Assert.Null(await reopened.GetRunsAsync(Cusip.Parse("594918104"), null, CancellationToken.None));
        Assert.NotNull(await reopened.GetRunsAsync(Cusip.Parse("037833100"), null, CancellationToken.None));
    }

    private static MarketLine Run(string cusip)
    {
        var quote = Quote(0, "10:00:00", "99", "101", ByBatch, cusip[0] == '0' ? Bond : Apple);
        return quote with { Event = quote.Event with { Kind = EventKind.Run }, Run = new(Cusip.Parse(cusip), 1, 2, 3, 4, default) };
    }
}
