using Grid.Domain.Events;
using Grid.Runtime.Tests.Embedded;
using Grid.Testing;
using static Grid.Testing.TestMarket;

namespace Grid.Runtime.Tests.Subscriptions;

/// <summary>Subscribers that come and go while events pour in from several producers.</summary>
public sealed class SubscriptionLoadTests : IAsyncDisposable
{
    private const int Seed = 20261124;
    private const int Batches = 300;
    private const int BatchLines = 50;
    private const int Producers = 3;
    private static readonly string[] Symbols = ["AAPL", "MSFT", "T-2030", "ZZZ"];

    private readonly GridFolder _folder = new();

    public ValueTask DisposeAsync() => _folder.DisposeAsync();

    [Fact]
    public async Task Subscribers_that_join_at_any_moment_see_each_tick_after_their_snapshot_once()
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {Seed}");
        var random = new Random(Seed);
        var grid = await _folder.OpenAsync();
        var feeding = Task.WhenAll(Enumerable.Range(0, Producers).Select(p => Task.Run(() => FeedAsync(grid, p))));
        var subscribers = new List<Subscriber>();
        while (!feeding.IsCompleted)
        {
            var first = random.Next(Symbols.Length);
            var request = new SubscriptionRequest
            {
                Instruments = random.Next(2) == 0 ? Symbols : [Symbols[first]],
                Patterns = random.Next(3) == 0 ? ["*"] : [],
                Kinds = SubscriptionKinds.Trades | SubscriptionKinds.Quotes | (random.Next(2) == 0 ? SubscriptionKinds.Latest : SubscriptionKinds.None),
                TicksBehindMax = 100_000_000,
            };
            subscribers.Add(new Subscriber(grid, request) { UpdatesAtOnce = random.Next(1, 200) });
            subscribers[random.Next(subscribers.Count)].ReadAll();
            await Task.Yield();
        }

        await feeding;
        var ticks = new Dictionary<string, IReadOnlyList<(ulong Sequence, EventKind Kind)>>();
        foreach (var symbol in Symbols)
        {
            ticks[symbol] = Appended(grid, symbol);
        }

        Assert.True(subscribers.Count > 10, "too few subscribers joined");
        foreach (var subscriber in subscribers)
        {
            await subscriber.UntilAsync(told => told.Select(t => t.Symbol).Distinct().All(
                s => told.Last(t => t.Symbol == s).Version == (ulong)ticks[s].Count));
            foreach (var updates in subscriber.Told.GroupBy(t => t.Symbol))
            {
                AssertIsWhole([.. updates], ticks[updates.Key]);
            }

            subscriber.Dispose();
        }
    }

    [Fact]
    public async Task Ten_thousand_subscriptions_get_the_newest_while_some_never_read()
    {
        var grid = await _folder.OpenAsync();
        await FeedAsync(grid, producer: 1);
        var wakes = 0;
        var idle = Enumerable.Range(0, 10_000)
            .Select(i => grid.Subscribe(new SubscriptionRequest { Instruments = [Symbols[i % 4]] }, () => Interlocked.Increment(ref wakes)))
            .ToList();
        using var subscriber = new Subscriber(grid, new() { Patterns = ["*"] });
        await FeedAsync(grid, producer: 0);
        await subscriber.UntilAsync(told => Symbols.All(s => told.Exists(t => t.Symbol == s && t.Version == grid.Latest(s).Ticks)));

        // Each of those that never read was woken once and holds no more than that.
        foreach (var subscription in idle)
        {
            using (subscription)
            {
                var told = new Subscriber.Counter(1);
                Assert.False(subscription.Read(told));
                Assert.Equal(1, told.Updates);
            }
        }

        Assert.InRange(wakes, 10_000, 20_000);
    }

    private static void AssertIsWhole(List<Told> updates, IReadOnlyList<(ulong Sequence, EventKind Kind)> ticks)
    {
        Assert.Equal("snapshot", updates[0].What);
        var next = updates[0].Version;
        foreach (var update in updates.Skip(1))
        {
            if (update.What == "tick")
            {
                Assert.Equal(++next, update.Version);
                Assert.Equal(ticks[(int)update.Version - 1], (update.Event.Sequence, update.Event.Kind));
            }
            else
            {
                // The latest never runs ahead of the ticks told, nor behind.
                Assert.Equal(("latest", next), (update.What, update.Version));
            }
        }

        Assert.Equal((ulong)ticks.Count, next);
    }

    // The instrument's ticks in the order in which they were applied.
    private static List<(ulong Sequence, EventKind Kind)> Appended(EmbeddedGrid grid, string symbol)
    {
        using var all = new Subscriber(grid, new()
        {
            Instruments = [symbol], Kinds = SubscriptionKinds.Trades | SubscriptionKinds.Quotes, From = new Dictionary<string, ulong> { [symbol] = 0 }, TicksBehindMax = 100_000_000,
        });
        all.ReadAll();
        return [.. all.Told.Where(t => t.What == "tick").Select(t => (t.Event.Sequence, t.Event.Kind))];
    }

    private static async Task FeedAsync(EmbeddedGrid grid, int producer)
    {
        var random = new Random(Seed + producer);
        await using var feed = await FeedDriver.OpenAsync(grid, Names, producer: $"producer-{producer}");
        ulong sequence = 0;
        ulong last = 0;
        for (var batch = 0; batch < Batches; batch++)
        {
            var lines = Enumerable.Range(0, BatchLines).Select(_ =>
            {
                var number = (++sequence * Producers) + (ulong)producer;
                var instrument = (uint)random.Next(1, 5);
                return random.Next(3) == 0 ? Quote(number, "10:00:00", "10", "11", ByNothing, instrument)
                    : random.Next(20) == 0 ? Define(number, "10:00:00", new Domain.Instruments.InstrumentDefinition(), instrument)
                    : Trade(number, "10:00:00", "10", "1", ByNothing, instrument);
            }).ToArray();
            last = await feed.SubmitAsync(lines);
        }

        await feed.AcknowledgedAsync(last);
    }
}
