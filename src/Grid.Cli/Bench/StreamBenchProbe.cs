using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using Grid.Client.Feed;
using Grid.Client.Streams;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Runtime.Metrics;

namespace Grid.Cli.Bench;

/// <summary>What the probe of <c>bench stream</c> is asked to do.</summary>
internal sealed record StreamProbeOptions
{
    /// <summary>Address and port of HTTP.</summary>
    public required string Server { get; init; }

    /// <summary>Address and port of the feed.</summary>
    public required string Feed { get; init; }

    /// <summary>Events due in a second.</summary>
    public required long ProbesPerSecond { get; init; }

    /// <summary>Time before measuring.</summary>
    public required double WarmUpSeconds { get; init; }

    /// <summary>Time measured.</summary>
    public required double Seconds { get; init; }

    /// <summary>Connections that subscribe to all instruments.</summary>
    public required int Watchers { get; init; }
}

/// <summary>What the probe saw.</summary>
/// <param name="Stream">From when an event was handed to the feed to its update received by a WebSocket subscriber and taken apart.</param>
/// <param name="Query">From the same to the first answer of <c>/v1/latest</c> that has it, asked for again and again.</param>
/// <param name="WatcherUpdatesPerSecond">Updates to those who watch all instruments.</param>
internal sealed record StreamProbeReport(LatencyFigures Stream, LatencyFigures Query, long WatcherUpdatesPerSecond);

/// <summary>
/// The probe of <c>bench stream</c>: sends single trades of an instrument of its own, whose price is their number, and
/// looks for each over a WebSocket and over HTTP.
/// </summary>
internal sealed class StreamBenchProbe(StreamProbeOptions options) : IDisposable
{
    private const string Symbol = "PROBE";
    private static readonly TimeSpan PollGivesUpAfter = TimeSpan.FromSeconds(1);

    private readonly LatencyHistogram _stream = new();
    private readonly LatencyHistogram _query = new();

    // When event n was sent, by Stopwatch.
    private readonly long[] _sentAt = new long[(int)((options.WarmUpSeconds + options.Seconds) * options.ProbesPerSecond) + 1];
    private readonly SemaphoreSlim _toFind = new(0);
    private long _sent;
    private long _watched;
    private volatile bool _isOver;

    private long FirstMeasured => (long)(options.WarmUpSeconds * options.ProbesPerSecond);

    /// <summary>Runs it.</summary>
    public async Task<StreamProbeReport> RunAsync(CancellationToken cancel)
    {
        await using var feed = await FeedClient.ConnectAsync(
            new FeedClientOptions { Server = IPEndPoint.Parse(options.Feed), Producer = "probe", ReconnectAttemptsMax = 0 }, cancel: cancel);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var client = new StreamClient(new Uri($"http://{options.Server}"));
        var subscribed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var streaming = SubscribeAsync(client, subscribed, end.Token);
        var watching = Enumerable.Range(0, options.Watchers).Select(_ => WatchAsync(client, end.Token)).ToArray();
        await subscribed.Task.WaitAsync(cancel);
        var source = feed.DeclareSource(new SourceDeclaration { Name = "probe" });
        var instrument = feed.Instrument("PROBE"u8);
        await feed.AddAsync(EventOf(0, source, instrument), cancel);
        await feed.DrainAsync(cancel);
        var polling = Task.Factory.StartNew(Poll, cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await SendAsync(feed, source, instrument, cancel);
        _isOver = true;
        _toFind.Release();
        await polling;
        await feed.DrainAsync(cancel);
        await end.CancelAsync();
        await Task.WhenAll([streaming, .. watching]);
        return new StreamProbeReport(_stream.Figures(), _query.Figures(), (long)(Volatile.Read(ref _watched) / options.Seconds));
    }

    public void Dispose() => _toFind.Dispose();

    private Task SendAsync(FeedClient feed, SourceId source, InstrumentId instrument, CancellationToken cancel)
    {
        var startedAt = Stopwatch.GetTimestamp();
        var n = 1;
        return BenchPulse.RunAsync(
            async () =>
            {
                var due = startedAt + (long)(n / (double)options.ProbesPerSecond * Stopwatch.Frequency);
                if (Stopwatch.GetTimestamp() >= due)
                {
                    // A pulse that is late is the probe's own fault and not counted: the event is sent now.
                    _sentAt[n] = Stopwatch.GetTimestamp();
                    await feed.AddAsync(EventOf(n, source, instrument), cancel);
                    await feed.FlushAsync(cancel);
                    Volatile.Write(ref _sent, n);
                    _toFind.Release();
                    n++;
                }

                return n == _sentAt.Length;
            },
            cancel);
    }

    private static MarketEvent EventOf(int n, SourceId source, InstrumentId instrument) => new()
    {
        Kind = EventKind.Trade,
        Source = source,
        Instrument = instrument,
        Sequence = (ulong)n + 1,
        EventTime = UnixNanos.From(TimeProvider.System.GetUtcNow()),
        F0 = Price.Of(n + 1).Raw,
        F1 = Quantity.One,
    };

    private async Task SubscribeAsync(StreamClient client, TaskCompletionSource subscribed, CancellationToken end)
    {
        try
        {
            await foreach (var update in client.SubscribeAsync(new StreamRequest { Instruments = [Symbol], Kinds = StreamKinds.Trades }, end))
            {
                subscribed.TrySetResult();
                if (update.Tick is { } tick && (long)tick.Sequence - 1 >= FirstMeasured)
                {
                    _stream.Add((long)Stopwatch.GetElapsedTime(_sentAt[tick.Sequence - 1]).TotalNanoseconds);
                }
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // All was sent.
        }
        catch (Exception e)
        {
            subscribed.TrySetException(e);
            throw;
        }
    }

    private async Task WatchAsync(StreamClient client, CancellationToken end)
    {
        try
        {
            await foreach (var update in client.SubscribeAsync(new StreamRequest { Patterns = ["*"] }, end))
            {
                if (Volatile.Read(ref _sent) >= FirstMeasured)
                {
                    Interlocked.Increment(ref _watched);
                }
            }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // All was sent.
        }
    }

    // Asks only while an event is on its way, so that asking does not become the load.
    private void Poll()
    {
        using var connection = new QueryConnection(IPEndPoint.Parse(options.Server));
        var request = Encoding.ASCII.GetBytes($"GET /v1/latest/{Symbol} HTTP/1.1\r\nHost: {options.Server}\r\n\r\n");
        long seen = 0;
        long found = 0;
        while (!_isOver)
        {
            _toFind.Wait();
            var sent = Volatile.Read(ref _sent);
            var since = Stopwatch.GetTimestamp();
            while (seen < sent && Stopwatch.GetElapsedTime(since) < PollGivesUpAfter)
            {
                seen = Math.Max(seen, Ask(connection, request));
            }

            if (sent >= FirstMeasured && sent > found)
            {
                _query.Add((long)Stopwatch.GetElapsedTime(_sentAt[sent]).TotalNanoseconds);
            }

            found = sent;
        }
    }

    private static long Ask(QueryConnection connection, byte[] request)
    {
        connection.Send(request, Stopwatch.GetTimestamp());
        connection.Receive();
        using var answer = JsonDocument.Parse(connection.Body);
        return long.Parse(answer.RootElement.GetProperty("price").GetString()!, CultureInfo.InvariantCulture) - 1;
    }
}
