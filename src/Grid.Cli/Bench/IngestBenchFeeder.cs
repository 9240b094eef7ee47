using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;
using Grid.Client.Feed;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Runtime.Metrics;

namespace Grid.Cli.Bench;

/// <summary>
/// The feeding process of <c>bench ingest</c>: makes a synthetic market whose event times follow the clock, sends it over
/// the binary protocol, and leaves behind what must have come out and how to make the same stream again.
/// </summary>
internal sealed class IngestBenchFeeder(IngestFeederOptions options)
{
    private const int EventsAtOnce = 4096;
    private const int EventsAlone = 10_000_000;
    private static readonly TimeSpan SampleEvery = TimeSpan.FromSeconds(1);

    private readonly MarketEvent[] _events = new MarketEvent[EventsAtOnce];
    private readonly LatencyHistogram _latencies = new();

    // Ends of chunks that are not acknowledged: events given by then, and the time from which their latency counts.
    private readonly Queue<(long Given, long At)> _unacknowledged = new();
    private readonly List<IngestClockStep> _clock = [];

    /// <summary>Feeds; says a sample each second and a report at the end.</summary>
    public async Task RunAsync(Action<IngestFeederLine> say, CancellationToken cancel)
    {
        var alone = GeneratorAlone(options);
        await using var client = await FeedClient.ConnectAsync(
            new FeedClientOptions
            {
                Server = IPEndPoint.Parse(options.Server),
                Producer = "bench",
                Ack = options.Ack,
                BatchEvents = options.BatchEvents,
                OutstandingBatches = options.OutstandingBatches,
                ReconnectAttemptsMax = 0,
            },
            cancel: cancel);
        var start = UnixNanos.From(TimeProvider.System.GetUtcNow());
        var market = new SyntheticMarket(options.Market(start), client.GetOrAdd);
        client.DeclareSource(market.Declaration);
        var usedBefore = ProcessUsage.Of(Process.GetCurrentProcess()).CpuSeconds;
        var allocatedBefore = GC.GetTotalAllocatedBytes(precise: true);
        var startedAt = Stopwatch.GetTimestamp();
        using var stopSampling = new CancellationTokenSource();
        var sampling = SampleAsync(client, startedAt, say, stopSampling.Token);
        await (options.EventsPerSecond == 0 ? FeedAsync(market, client, startedAt, cancel) : FeedPacedAsync(market, client, startedAt, cancel));
        var givenInTurn = market.Given;
        while (market.TryDrain(out var e))
        {
            await client.AddAsync(in e, cancel);
        }

        var totals = await client.DrainAsync(cancel);
        var seconds = Stopwatch.GetElapsedTime(startedAt).TotalSeconds;
        await stopSampling.CancelAsync();
        await sampling;
        Leave(market);
        say(new IngestFeederLine
        {
            Report = new IngestFeederReport
            {
                GeneratorEventsPerSecond = alone,
                Start = start.Value,
                End = market.Now.Value,
                Seconds = Math.Round(seconds, 3),
                Events = totals.EventsAcknowledged,
                Given = market.Given,
                GivenInTurn = givenInTurn,
                Duplicates = market.Duplicates,
                Late = market.Late,
                Batches = totals.BatchesAcknowledged,
                BatchBytes = totals.BatchBytes,
                Reconnects = totals.Reconnects,
                Outcomes = IngestOutcomes.Of(totals.Outcomes),
                CpuSeconds = Math.Round(ProcessUsage.Of(Process.GetCurrentProcess()).CpuSeconds - usedBefore, 2),
                AllocatedBytes = GC.GetTotalAllocatedBytes(precise: true) - allocatedBefore,
                Acknowledgement = _latencies.Figures(),
            },
        });
    }

    // What the generator does when nothing is sent: it must not be what is measured.
    private static long GeneratorAlone(IngestFeederOptions options)
    {
        var names = new GridNames();
        var market = new SyntheticMarket(options.Market(new UnixNanos(0)), (kind, name) => names[kind].GetOrAdd(name));
        for (var i = 0; i < EventsAlone; i++)
        {
            market.Next(out _);
        }

        // The first round was for the compiler.
        var startedAt = Stopwatch.GetTimestamp();
        for (var i = 0; i < EventsAlone; i++)
        {
            market.Next(out _);
        }

        return (long)(EventsAlone / Stopwatch.GetElapsedTime(startedAt).TotalSeconds);
    }

    private async Task FeedAsync(SyntheticMarket market, FeedClient client, long startedAt, CancellationToken cancel)
    {
        while (market.Given < options.Events && Stopwatch.GetElapsedTime(startedAt).TotalSeconds < options.Seconds)
        {
            await AddAsync(market, client, (int)Math.Min(EventsAtOnce, options.Events - market.Given), cancel);
            _unacknowledged.Enqueue((market.Given, Stopwatch.GetTimestamp()));
            NoteAcknowledged(client);
        }
    }

    // Latencies count from when an event was due, whether it could be sent then or not.
    private Task FeedPacedAsync(SyntheticMarket market, FeedClient client, long startedAt, CancellationToken cancel) => BenchPulse.RunAsync(
        async () =>
        {
            NoteAcknowledged(client);
            var due = Math.Min(options.Events, (long)(Stopwatch.GetElapsedTime(startedAt).TotalSeconds * options.EventsPerSecond));
            while (market.Given < due)
            {
                await AddAsync(market, client, (int)Math.Min(EventsAtOnce, due - market.Given), cancel);
                var dueAt = startedAt + (long)(market.Given / (double)options.EventsPerSecond * Stopwatch.Frequency);
                _unacknowledged.Enqueue((market.Given, dueAt));
                NoteAcknowledged(client);
            }

            await client.FlushAsync(cancel);
            NoteAcknowledged(client);
            return market.Given >= options.Events || Stopwatch.GetElapsedTime(startedAt).TotalSeconds >= options.Seconds;
        },
        cancel);

    private ValueTask AddAsync(SyntheticMarket market, FeedClient client, int count, CancellationToken cancel)
    {
        var now = UnixNanos.From(TimeProvider.System.GetUtcNow());
        _clock.Add(new IngestClockStep(market.Given, now.Value));
        market.AdvanceTo(now);
        for (var i = 0; i < count; i++)
        {
            market.Next(out _events[i]);
        }

        return client.AddAsync(_events.AsMemory(0, count), cancel);
    }

    private void NoteAcknowledged(FeedClient client)
    {
        if (_unacknowledged.Count == 0)
        {
            return;
        }

        var acknowledged = client.Totals.EventsAcknowledged;
        var now = Stopwatch.GetTimestamp();
        while (_unacknowledged.TryPeek(out var oldest) && oldest.Given <= acknowledged)
        {
            _latencies.Add((long)Stopwatch.GetElapsedTime(oldest.At, now).TotalNanoseconds);
            _unacknowledged.Dequeue();
        }
    }

    private static async Task SampleAsync(FeedClient client, long startedAt, Action<IngestFeederLine> say, CancellationToken end)
    {
        using var timer = new PeriodicTimer(SampleEvery);
        try
        {
            while (await timer.WaitForNextTickAsync(end))
            {
                var totals = client.Totals;
                say(new IngestFeederLine
                {
                    Sample = new IngestFeederSample(
                        Math.Round(Stopwatch.GetElapsedTime(startedAt).TotalSeconds, 3),
                        totals.EventsAcknowledged,
                        totals.Batches - totals.BatchesAcknowledged),
                });
            }
        }
        catch (OperationCanceledException)
        {
            // All is fed.
        }
    }

    private void Leave(SyntheticMarket market)
    {
        File.WriteAllBytes(options.ModelFile, MemoryMarshal.AsBytes(market.Expected));
        File.WriteAllBytes(options.ClockFile, MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(_clock)));
    }
}
