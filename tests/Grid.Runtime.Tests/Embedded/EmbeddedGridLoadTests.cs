using Grid.Domain.Identifiers;
using Grid.Testing;
using static Grid.Testing.TestMarket;

namespace Grid.Runtime.Tests.Embedded;

/// <summary>Real threads at once: producers, readers and snapshots.</summary>
public sealed class EmbeddedGridLoadTests : IAsyncDisposable
{
    private const int Batches = 150;
    private const int BatchLines = 40;
    private const int Trades = Batches * BatchLines;
    private readonly GridFolder _folder = new();

    public ValueTask DisposeAsync() => _folder.DisposeAsync();

    [Fact]
    public async Task Readers_see_whole_states_only_while_events_pour_in()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        await feed.SendAsync(Counting(0));
        var isFed = false;
        var latest = Read(() =>
        {
            var seen = grid.Latest("AAPL");
            CheckWhole((long)seen.Last.Sequence, seen.Day.Count, seen.Day.Volume);
            return (long)seen.Last.Sequence;
        });
        var bars = Read(() =>
        {
            var minutes = grid.BarsAsync("AAPL", "1m").GetAwaiter().GetResult();
            var count = minutes.Sum(b => b.Count);
            CheckWhole(count, count, minutes.Aggregate(default(Int128), (sum, b) => sum + b.Volume));
            return count;
        });
        var ticks = Read(() =>
        {
            var page = grid.TicksAsync("AAPL").GetAwaiter().GetResult();
            Assert.Equal(Enumerable.Range(1, page.Count).Select(i => (ulong)i), page.Select(t => t.Event.Sequence));
            return page.Count;
        });
        await FeedAsync(feed, from: 1);
        Volatile.Write(ref isFed, true);
        Assert.All(await Task.WhenAll(latest, bars, ticks), last => Assert.Equal(Trades, last));

        // Each reads until the feeding is over and then once more; what it sees never goes back.
        Task<long> Read(Func<long> read) => Task.Factory.StartNew(
            () =>
            {
                long last = 0;
                for (var isLast = false; ; isLast = Volatile.Read(ref isFed))
                {
                    var now = read();
                    Assert.True(now >= last, $"{now} after {last}");
                    last = now;
                    if (isLast)
                    {
                        return last;
                    }
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
    }

    [Fact]
    public async Task Snapshots_taken_while_events_pour_in_lose_nothing()
    {
        var grid = await _folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        var isFed = false;
        var snapshots = Task.Run(async () =>
        {
            while (!Volatile.Read(ref isFed))
            {
                await grid.SnapshotAsync();
            }
        });
        await FeedAsync(feed, from: 0);
        Volatile.Write(ref isFed, true);
        await snapshots;
        var before = await grid.HashAsync();
        var reopened = await _folder.OpenAfterKillAsync();
        Assert.True(reopened.Recovery.SnapshotLsn > 0);
        Assert.Equal(before, await reopened.HashAsync());
        Assert.Equal(Trades, (await reopened.TicksAsync("AAPL")).Count);
    }

    [Fact]
    public async Task Producers_that_share_a_pool_of_four_batches_lose_nothing()
    {
        _folder.Options.BatchesInFlightMax = 4;
        var grid = await _folder.OpenAsync();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(async p =>
        {
            await using var feed = await FeedDriver.OpenAsync(grid, Names, producer: $"producer-{p}");
            ulong last = 0;
            for (var i = 0; i < 100; i++)
            {
                last = await feed.SubmitAsync(Trade(0, "10:00:00", "10", source: ByNothing, instrument: (uint)p + 1));
            }

            await feed.AcknowledgedAsync(last);
        }));
        Assert.Equal((400L, 0), (grid.GetStatus().Outcomes.Accepted, grid.GetStatus().QueuedBatches));
        Assert.Equal(100, grid.Latest("T-2030").Day.Count);
    }

    // Trade i has size i, so that count and volume of a whole state follow from its last trade.
    private static MarketLine[] Counting(int batch) =>
    [
        .. Enumerable.Range((batch * BatchLines) + 1, BatchLines).Select(i =>
        {
            var line = Trade((ulong)i, "10:00:00", "10");
            return line with { Event = line.Event with { F1 = i, EventTime = new UnixNanos(line.Event.EventTime.Value + (i * 50_000_000L)) } };
        }),
    ];

    private static async Task FeedAsync(FeedDriver feed, int from)
    {
        ulong last = 0;
        for (var batch = from; batch < Batches; batch++)
        {
            last = await feed.SubmitAsync(Counting(batch));
        }

        await feed.AcknowledgedAsync(last);
    }

    private static void CheckWhole(long last, long count, Int128 volume)
    {
        Assert.Equal(last, count);
        Assert.Equal((Int128)last * (last + 1) / 2, volume);
    }
}
