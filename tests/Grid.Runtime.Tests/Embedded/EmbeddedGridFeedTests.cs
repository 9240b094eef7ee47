using System.Text;
using Grid.Domain;
using Grid.Domain.Dedup;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;
using Grid.Testing;
using static Grid.Testing.TestMarket;

namespace Grid.Runtime.Tests.Embedded;

public sealed class EmbeddedGridFeedTests : IAsyncDisposable
{
    private readonly GridFolder _folder = new();

    public ValueTask DisposeAsync() => _folder.DisposeAsync();

    [Fact]
    public async Task Acknowledged_events_answer_queries()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        await feed.SendAsync(Trade(1, "10:00:00", "10"), Trade(2, "10:00:01.5", "11", "3"), Quote(3, "10:00:02", "12", "13"));
        Assert.Equal((3L, 3L), (feed.Events, feed.Outcomes[Outcome.Accepted]));
        var latest = grid.Latest("AAPL");
        Assert.Equal(("11", "12", "13"), (latest.Last.Price.ToString(), latest.Bid.Price.ToString(), latest.Ask.Price.ToString()));
        Assert.Equal([1UL, 2UL, 3UL], (await grid.TicksAsync("AAPL")).Select(t => t.Event.Sequence));
        var bar = Assert.Single(await grid.BarsAsync("AAPL", "1m"));
        Assert.Equal(("10", "11", "10.75"), (bar.Open.ToString(), bar.Close.ToString(), bar.Vwap.ToString()));
    }

    [Fact]
    public async Task Retried_batch_is_applied_once()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        await feed.SendAsync(Trade(0, "10:00:00", "10", source: ByNothing));
        await feed.SubmitAsync(1, feed.Encode(Trade(0, "10:00:00", "10", source: ByNothing)));
        await feed.SendAsync(Trade(0, "10:00:01", "11", source: ByNothing));
        Assert.Equal(2, (await grid.TicksAsync("AAPL")).Count);
        Assert.Equal((2L, 1L), (feed.Outcomes[Outcome.Accepted], feed.Outcomes[Outcome.Duplicate]));
    }

    [Fact]
    public async Task Acknowledgements_never_go_back_when_an_old_batch_is_retried()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        await feed.SendAsync(Trade(1, "10:00:00", "10"));
        await feed.SendAsync(Trade(2, "10:00:01", "11"));
        await feed.SubmitAsync(1, feed.Encode(Trade(1, "10:00:00", "10")));
        await feed.SendAsync(Trade(3, "10:00:02", "12"));
        await feed.AcknowledgedAsync(3);
        Assert.Equal(4, feed.Events);
    }

    [Fact]
    public async Task Batch_that_is_retried_before_it_is_acknowledged_is_acknowledged_as_both()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        for (ulong i = 1; i <= 200; i++)
        {
            var number = await feed.SubmitAsync(Trade(i, "10:00:00", "10"));
            await feed.SubmitAsync(number, feed.Encode(Trade(i, "10:00:00", "10")));
        }

        await feed.SendAsync(Trade(201, "10:00:01", "10"));
        Assert.Equal((201L, 200L), (feed.Outcomes[Outcome.Accepted], feed.Outcomes[Outcome.Duplicate]));
    }

    [Fact]
    public async Task Producer_that_asks_for_received_goes_on_behind_what_was_received()
    {
        var grid = await _folder.OpenAsync();
        for (ulong connection = 1; connection <= 50; connection++)
        {
            await using var feed = await FeedDriver.OpenAsync(grid, Names, ack: AckLevel.Received);
            Assert.Equal(connection - 1, feed.Feed.LastDurableBatch);
            await feed.SubmitAsync(Trade(connection, "10:00:00", "10"));
        }
    }

    [Fact]
    public async Task Numbers_that_are_used_again_left_out_or_too_old_are_refused_and_the_feed_goes_on()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names, ack: AckLevel.Received);
        await feed.SendAsync(Trade(1, "10:00:00", "10"));
        var other = feed.Encode(Trade(2, "10:00:01", "11"));
        var reused = await Assert.ThrowsAsync<GridException>(() => feed.SubmitAsync(1, other));
        Assert.Equal((GridErrorCode.BatchNumberReused, "producer 'tester' sends batch 1 again with other content"), (reused.Code, reused.Message));
        var skipped = await Assert.ThrowsAsync<GridException>(() => feed.SubmitAsync(3, other));
        Assert.Equal((GridErrorCode.BatchNumberSkipped, "producer 'tester' sends batch 3, but 2 is next"), (skipped.Code, skipped.Message));
        Assert.Equal(GridErrorCode.BatchTooOld, (await Assert.ThrowsAsync<GridException>(() => feed.SubmitAsync(0, other))).Code);
        for (var i = 0; i < GridLimits.ProducerBatchesRemembered; i++)
        {
            await feed.SubmitAsync(Trade((ulong)i + 2, "10:00:01", "11"));
        }

        var old = await Assert.ThrowsAsync<GridException>(() => feed.SubmitAsync(1, feed.Encode(Trade(1, "10:00:00", "10"))));
        Assert.Equal(GridErrorCode.BatchTooOld, old.Code);
        await feed.SubmitAsync(2, feed.Encode(Trade(2, "10:00:01", "11")));
        Assert.Equal(GridLimits.ProducerBatchesRemembered + 2, feed.Events);
    }

    [Fact]
    public async Task Newer_connection_of_a_producer_replaces_the_older_and_resumes_behind_it()
    {
        var grid = await _folder.OpenAsync();
        await using var older = await FeedDriver.OpenAsync(grid, Names);
        await older.SendAsync(Trade(1, "10:00:00", "10"));
        await using var newer = await FeedDriver.OpenAsync(grid, Names);
        Assert.Equal(GridErrorCode.ProducerBusy, (await older.Closed).Code);
        Assert.Equal(1UL, newer.Feed.LastDurableBatch);
        Assert.Equal(GridErrorCode.ProducerBusy, (await Assert.ThrowsAsync<GridException>(() => older.SubmitAsync(Trade(2, "10:00:01", "11")))).Code);
        await newer.SendAsync(Trade(2, "10:00:01", "11"));
        await older.DisposeAsync();
        await newer.SendAsync(Trade(3, "10:00:02", "12"));
        Assert.Equal(3UL, grid.Latest("AAPL").Last.Sequence);
    }

    [Fact]
    public async Task New_epoch_begins_with_batch_one_and_older_ones_are_refused()
    {
        var grid = await _folder.OpenAsync();
        await using var first = await FeedDriver.OpenAsync(grid, Names, epoch: 5);
        await first.SendAsync(Trade(1, "10:00:00", "10"));
        await using var second = await FeedDriver.OpenAsync(grid, Names, epoch: 6);
        Assert.Equal(0UL, second.Feed.LastDurableBatch);
        await second.SendAsync(Trade(2, "10:00:01", "11"));
        var stale = await Assert.ThrowsAsync<GridException>(() => FeedDriver.OpenAsync(grid, Names, epoch: 5));
        Assert.Equal((GridErrorCode.EpochStale, "producer 'tester' connects with epoch 5, but has been seen with epoch 6"), (stale.Code, stale.Message));
    }

    [Fact]
    public async Task Hello_that_breaks_a_rule_is_refused()
    {
        var grid = await _folder.OpenAsync();
        Assert.Equal(GridErrorCode.AckUnavailable, await RefusalAsync("p", 1, AckLevel.Committed));
        Assert.Equal(GridErrorCode.BadName, await RefusalAsync("a b", 1, AckLevel.Journaled));
        Assert.Equal(GridErrorCode.BadArgument, await RefusalAsync("p", 0, AckLevel.Journaled));

        async Task<GridErrorCode> RefusalAsync(string producer, ulong epoch, AckLevel ack) =>
            (await Assert.ThrowsAsync<GridException>(() => FeedDriver.OpenAsync(grid, Names, producer, epoch, ack))).Code;
    }

    [Fact]
    public async Task Source_that_is_declared_otherwise_than_before_is_refused()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        await feed.SendAsync(Trade(1, "10:00:00", "10"));
        var other = Names.Declarations[BySequence] with { Policy = DedupPolicy.None };
        var differs = await Assert.ThrowsAsync<GridException>(() => feed.Feed.DeclareSourceAsync(other, CancellationToken.None).AsTask());
        Assert.Equal(GridErrorCode.SourceDiffers, differs.Code);
        await feed.Feed.DeclareSourceAsync(Names.Declarations[BySequence], CancellationToken.None);
        var badName = new SourceDeclaration { Name = "a\tb" };
        Assert.Equal(
            GridErrorCode.BadName, (await Assert.ThrowsAsync<GridException>(() => feed.Feed.DeclareSourceAsync(badName, CancellationToken.None).AsTask())).Code);
        Assert.Equal("by-sequence", Assert.Single(await grid.GetSourcesAsync(CancellationToken.None)).Name);
    }

    [Fact]
    public async Task Payload_that_breaks_a_rule_is_refused_whole_and_the_feed_goes_on()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        var payload = feed.Encode(Trade(1, "10:00:00", "10"));
        var unknown = await Assert.ThrowsAsync<GridException>(() => feed.SubmitAsync(1, payload));
        Assert.Equal(GridErrorCode.UnknownName, unknown.Code);
        feed.Feed.AddName(NameKind.Instrument, "AAPL"u8);
        feed.Feed.AddName(NameKind.Source, "by-sequence"u8);
        Assert.Equal(GridErrorCode.UnknownName, (await Assert.ThrowsAsync<GridException>(() => feed.SubmitAsync(1, payload))).Code);
        await feed.Feed.DeclareSourceAsync(Names.Declarations[BySequence], CancellationToken.None);
        Assert.Equal(GridErrorCode.Malformed, (await Assert.ThrowsAsync<GridException>(() => feed.SubmitAsync(1, payload[..^1]))).Code);
        var tooLarge = await Assert.ThrowsAsync<GridException>(() => feed.SubmitAsync(1, new byte[GridLimits.BatchBytesMax + 1]));
        Assert.Equal(GridErrorCode.TooLarge, tooLarge.Code);
        var version = payload.ToArray();
        version[0] = 9;
        Assert.Equal(GridErrorCode.UnsupportedVersion, (await Assert.ThrowsAsync<GridException>(() => feed.SubmitAsync(1, version))).Code);
        Assert.Equal(GridErrorCode.BadName, Assert.Throws<GridException>(() => feed.Feed.AddName(NameKind.Venue, Encoding.ASCII.GetBytes("a b"))).Code);
        await feed.SubmitAsync(1, payload);
        await feed.AcknowledgedAsync(1);
        Assert.Equal((1, 0), ((await grid.TicksAsync("AAPL")).Count, grid.GetStatus().QueuedBatches));
    }

    [Fact]
    public async Task Source_that_is_announced_twice_can_be_used_under_both_numbers()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        feed.Feed.AddName(NameKind.Instrument, "AAPL"u8);
        feed.Feed.AddName(NameKind.Source, "by-sequence"u8);
        feed.Feed.AddName(NameKind.Source, "by-sequence"u8);
        await feed.Feed.DeclareSourceAsync(Names.Declarations[BySequence], CancellationToken.None);
        await feed.SubmitAsync(1, feed.Encode(Trade(1, "10:00:00", "10", source: 1), Trade(2, "10:00:00", "10", source: 2)));
        await feed.AcknowledgedAsync(1);
        Assert.Single((await grid.TicksAsync("AAPL")).Select(t => t.Event.Source).Distinct());
    }

    [Fact]
    public async Task Received_is_acknowledged_without_outcomes_and_what_is_refused_does_not_count()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names, ack: AckLevel.Received);
        await feed.SubmitAsync(Trade(1, "10:00:00", "10"), Trade(2, "10:00:01", "11"));
        await Assert.ThrowsAsync<GridException>(() => feed.SubmitAsync(7, feed.Encode(Trade(3, "10:00:02", "12"))));
        await feed.SubmitAsync(Trade(3, "10:00:02", "12"));
        Assert.Equal(3, feed.Events);
        Assert.Empty(feed.Outcomes);
    }

    [Theory]
    [InlineData(BySequence, 1)]
    [InlineData(ByBatch, 2)]
    [InlineData(ByContent, 1)]
    [InlineData(ByNothing, 2)]
    public async Task Event_that_comes_twice_in_different_batches_is_told_as_its_source_declares(ushort source, int applied)
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        await feed.SendAsync(Trade(1, "10:00:00", "10", source: source));
        await feed.SendAsync(Trade(1, "10:00:00", "10", source: source));
        Assert.Equal(applied, (await grid.TicksAsync("AAPL")).Count);
        Assert.Equal(2 - applied, feed.Outcomes.GetValueOrDefault(Outcome.Duplicate));
    }
}
