using Grid.Cli.Bench;
using Grid.Client.Feed;
using Grid.Domain;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;

namespace Grid.Cli.Feeds;

/// <summary>How files are sent.</summary>
internal sealed record FeedRunOptions
{
    /// <summary>Largest <see cref="ShuffleWindow"/>: what is read at once.</summary>
    public const int ShuffleWindowMax = GridLimits.BatchEventsMax;

    /// <summary>How many times faster than the event times; 0 for as fast as the server takes them.</summary>
    public double Speed { get; init; }

    /// <summary>Events are sent in random order within runs of this many; 1 leaves their order.</summary>
    public int ShuffleWindow { get; init; } = 1;

    /// <summary>Of the random order.</summary>
    public ulong Seed { get; init; }

    /// <summary>Events at the beginning that the server has from an earlier try of the same epoch.</summary>
    public long EventsToSkip { get; init; }
}

/// <summary>Sends what a reader gives, and waits until all of it is acknowledged.</summary>
internal sealed class FeedRun(FeedClient client, EventReader reader, FeedSources sources, TimeProvider time, FeedRunOptions options)
{
    private const int EventsReadAtOnce = 4096;
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(1);

    private readonly EventBatch _batch = new(EventsReadAtOnce);
    private RandomStream _random = new(options.Seed);
    private long _skipped;
    private long _sent;

    // Of a paced run: the event time and the moment that this session's pace counts from.
    private uint _session;
    private UnixNanos _sessionStart;
    private long _sessionStartedAt;

    /// <summary>Events handed to the client so far.</summary>
    public long EventsSent => Volatile.Read(ref _sent);

    /// <summary>Events that were left out because the server has them from an earlier try.</summary>
    public long EventsSkipped => _skipped;

    /// <summary>Runs to the end of the files.</summary>
    /// <exception cref="GridException">The server refused, or cannot be reached any more.</exception>
    /// <exception cref="CommandFailure">A file cannot be read.</exception>
    public async Task RunAsync(CancellationToken cancel)
    {
        await Task.Yield();
        var atOnce = options.ShuffleWindow > 1 ? options.ShuffleWindow : EventsReadAtOnce;
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            _batch.Clear();
            if (reader.Read(_batch, atOnce) == 0)
            {
                break;
            }

            sources.DeclareNew(_batch.Events);
            Shuffle(_batch.Events);
            var from = Skip(_batch.Count);
            if (options.Speed > 0)
            {
                await SendPacedAsync(from, cancel);
            }
            else
            {
                await SendAsync(from, _batch.Count, cancel);
            }
        }

        await client.DrainAsync(cancel);
    }

    private int Skip(int count)
    {
        var skipped = (int)Math.Min(count, options.EventsToSkip - _skipped);
        _skipped += skipped;
        return skipped;
    }

    private void Shuffle(Span<MarketEvent> events)
    {
        if (options.ShuffleWindow < 2)
        {
            return;
        }

        for (var last = events.Length - 1; last > 0; last--)
        {
            var other = (int)_random.Below((uint)last + 1);
            (events[last], events[other]) = (events[other], events[last]);
        }
    }

    private async Task SendAsync(int from, int to, CancellationToken cancel)
    {
        while (from < to)
        {
            var added = _batch.Runs.Count == 0 ? client.TryAdd(_batch.Events[from..to]) : TryAddOneByOne(from, to);
            from += added;
            Volatile.Write(ref _sent, _sent + added);
            if (from < to)
            {
                // The batch that is being filled is full, so this closes it as it is and waits for room.
                await client.FlushAsync(cancel);
            }
        }
    }

    private int TryAddOneByOne(int from, int to)
    {
        for (var at = from; at < to; at++)
        {
            ref readonly var e = ref _batch.Events[at];
            if (e.Kind == EventKind.Run ? !client.TryAdd(in e, _batch.Runs[e.Detail]) : !client.TryAdd(in e))
            {
                return at - from;
            }
        }

        return to - from;
    }

    // Sends each event when it is due; those due at once go together.
    private async Task SendPacedAsync(int from, CancellationToken cancel)
    {
        var sent = from;
        for (var at = from; at < _batch.Count; at++)
        {
            var wait = UntilDue(at);
            if (wait < ShortestWait)
            {
                continue;
            }

            await SendAsync(sent, at, cancel);
            sent = at;
            await Task.Delay(wait, time, cancel);
        }

        await SendAsync(sent, _batch.Count, cancel);
    }

    private TimeSpan UntilDue(int at)
    {
        ref readonly var e = ref _batch.Events[at];
        if (e.Session != _session || _sessionStartedAt == 0)
        {
            _session = e.Session;
            _sessionStart = e.EventTime;
            _sessionStartedAt = time.GetTimestamp();
        }

        var sinceStart = TimeSpan.FromTicks((long)((e.EventTime.Value - _sessionStart.Value) / 100 / options.Speed));
        return sinceStart - time.GetElapsedTime(_sessionStartedAt);
    }
}
