using Grid.Client.Feed;
using Grid.Domain;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;

namespace Grid.Cli.Bench;

/// <summary>Sends a synthetic market at a steady rate, with event times of now.</summary>
internal sealed class MarketFeeder(SyntheticMarket market, FeedClient client, long eventsPerSecond, TimeProvider time)
{
    private const int EventsAtOnceMax = 4096;
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);

    private readonly MarketEvent[] _events = new MarketEvent[EventsAtOnceMax];

    /// <summary>Runs until asked to end, then sends what the market still holds back and waits for all acknowledgements.</summary>
    /// <exception cref="GridException">The client cannot go on.</exception>
    public async Task RunAsync(CancellationToken end)
    {
        client.DeclareSource(market.Declaration);
        var startedAt = time.GetTimestamp();
        using var timer = new PeriodicTimer(Step, time);
        long sent = 0;
        while (!end.IsCancellationRequested)
        {
            market.AdvanceTo(UnixNanos.From(time.GetUtcNow()));
            var due = (long)(time.GetElapsedTime(startedAt).TotalSeconds * eventsPerSecond);
            while (sent < due && !end.IsCancellationRequested)
            {
                var count = (int)Math.Min(due - sent, EventsAtOnceMax);
                for (var i = 0; i < count; i++)
                {
                    market.Next(out _events[i]);
                }

                await client.AddAsync(_events.AsMemory(0, count), CancellationToken.None);
                sent += count;
            }

            await timer.WaitForNextTickAsync(CancellationToken.None);
        }

        while (market.TryDrain(out var e))
        {
            await client.AddAsync(in e, CancellationToken.None);
        }

        await client.DrainAsync(CancellationToken.None);
    }
}
