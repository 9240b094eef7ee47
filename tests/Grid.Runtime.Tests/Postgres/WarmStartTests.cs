using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;
using Grid.Runtime.Tests.Embedded;
using Grid.Testing;
using Grid.Testing.Postgres;
using Microsoft.Extensions.Logging.Abstractions;
using static Grid.Runtime.Tests.Postgres.LostGrids;
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

    [Theory]
    [InlineData(91, 3)]
    [InlineData(92, 11)]
    [InlineData(93, 40)]
    public async Task Lost_in_the_middle_of_its_writing_the_grid_goes_on_where_the_database_stands(int seed, int batchEvents)
    {
        await using var rig = await PostgresRig.OpenAsync(server);
        var market = new RandomMarket(seed, eventsPerSource: 150);
        var batches = market.All.Chunk(batchEvents).ToArray();
        var lost = await rig.OpenGridAsync();
        await FeedAsync(lost, market, batches[..(batches.Length / 3)]);
        await using (var feed = await FeedDriver.OpenAsync(lost, market.Names, "plant"))
        {
            foreach (var lines in batches[(batches.Length / 3)..])
            {
                await feed.SubmitAsync(lines);
            }

            await feed.AcknowledgedAsync((ulong)batches.Length);
        }

        var found = await rig.OpenInsteadAsync();
        await using (var feed = await FeedDriver.OpenAsync(found, market.Names, "plant", ack: AckLevel.Committed))
        {
            TestContext.Current.TestOutputHelper!.WriteLine($"{feed.Feed.LastDurableBatch} of {batches.Length} batches were written");
            foreach (var lines in batches[(int)feed.Feed.LastDurableBatch..])
            {
                await feed.SubmitAsync(lines);
            }

            // Nothing is said where everything was written before the loss.
            if (feed.Next > feed.Feed.LastDurableBatch + 1)
            {
                await feed.AcknowledgedAsync((ulong)batches.Length);
            }
        }

        await using var undisturbed = new GridFolder();
        await using var other = await EmbeddedGrid.OpenAsync(undisturbed.Options, TimeProvider.System, NullLoggerFactory.Instance);
        await using (var feed = await FeedDriver.OpenAsync(other, market.Names, "plant"))
        {
            foreach (var lines in batches)
            {
                await feed.SendAsync(lines);
            }
        }

        Assert.Equal((await other.HashAsync()).Market, (await found.HashAsync()).Market);
        await rig.CheckSameAsync(found);
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

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
}
