using System.Text.RegularExpressions;
using Grid.Domain;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;
using Grid.Runtime;
using Grid.Runtime.Metrics;

namespace Grid.Testing;

/// <summary>
/// A grid that keeps the contract of <see cref="IGrid"/> towards feeds and remembers every event in memory, for tests of
/// the protocols around it. It decides nothing about market data: every event is accepted.
/// </summary>
public sealed class RecordingGrid : IGrid
{
    private readonly Dictionary<string, RecordedProducer> _producers = [];
    private readonly List<RecordedEvent> _events = [];
    private readonly Dictionary<InstrumentId, Latest> _latest = [];
    private readonly Dictionary<InstrumentId, InstrumentDefinition> _definitions = [];
    private readonly TaskCompletionSource _failure = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<(int Count, TaskCompletionSource Reached)> _waiting = [];

    /// <inheritdoc/>
    public GridNames Names { get; } = new();

    /// <inheritdoc/>
    public Task Failure => _failure.Task;

    /// <summary>While true, batches are applied but neither durable nor acknowledged.</summary>
    public bool HoldsAcknowledgements { get; set; }

    /// <summary>Every submission calls this first and waits for it.</summary>
    public Func<Task> SubmitGate { get; set; } = () => Task.CompletedTask;

    /// <summary>The time that events are received at.</summary>
    public UnixNanos Now { get; set; } = new(1_700_000_000_000_000_000);

    /// <summary>Refuses the next feed that is opened.</summary>
    public GridException? RefuseNextFeed { get; set; }

    /// <summary>Bars that a query gives, by instrument.</summary>
    public Dictionary<InstrumentId, List<Bar>> Bars { get; } = [];

    /// <summary>Gaps that a query gives.</summary>
    public List<Gap> Gaps { get; } = [];

    /// <summary>Quarantined events that a query gives.</summary>
    public List<QuarantinedEvent> Quarantine { get; } = [];

    /// <summary>Sources by name.</summary>
    public Dictionary<string, SourceDeclaration> Sources { get; } = [];

    /// <summary>The events applied, in order.</summary>
    public IReadOnlyList<RecordedEvent> Events
    {
        get
        {
            lock (Gate)
            {
                return [.. _events];
            }
        }
    }

    /// <summary>Feeds that are open.</summary>
    public int OpenFeeds
    {
        get
        {
            lock (Gate)
            {
                return _producers.Values.Count(p => p.Open is not null);
            }
        }
    }

    internal Lock Gate { get; } = new();

    /// <summary>Completes when so many events were applied.</summary>
    public Task WaitForEventsAsync(int count)
    {
        lock (Gate)
        {
            if (_events.Count >= count)
            {
                return Task.CompletedTask;
            }

            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((count, reached));
            return reached.Task;
        }
    }

    /// <summary>Makes durable and acknowledges what is held; later batches are acknowledged at once.</summary>
    public void ReleaseAcknowledgements()
    {
        HoldsAcknowledgements = false;
        RecordedProducer[] producers;
        lock (Gate)
        {
            producers = [.. _producers.Values];
        }

        foreach (var producer in producers)
        {
            producer.Open?.Release();
        }
    }

    /// <summary>Marks what is held as durable without telling anybody, as if the answer were lost.</summary>
    public void MakeDurableSilently()
    {
        lock (Gate)
        {
            foreach (var producer in _producers.Values)
            {
                producer.LastDurable = producer.LastApplied;
            }
        }
    }

    /// <summary>Forgets what is not durable, as a crash does.</summary>
    public void Crash()
    {
        lock (Gate)
        {
            foreach (var producer in _producers.Values)
            {
                _events.RemoveAll(e => e.Producer == producer.Name && e.Batch > producer.LastDurable);
                for (var number = producer.LastDurable + 1; number <= producer.LastApplied; number++)
                {
                    producer.Batches.Remove(number);
                }

                producer.LastApplied = producer.LastDurable;
            }
        }
    }

    /// <summary>Forgets every producer, as another data folder does.</summary>
    public void ForgetProducers()
    {
        lock (Gate)
        {
            _producers.Clear();
        }
    }

    /// <summary>Closes a producer's open feed, as a grid does that fails or sees a newer epoch.</summary>
    public void CloseFeed(string producer, GridException reason)
    {
        RecordingFeed? open;
        lock (Gate)
        {
            open = _producers[producer].Open;
        }

        open?.Listener.Closed(reason);
    }

    /// <summary>Stops by itself.</summary>
    public void Fail(GridException cause) => _failure.TrySetException(cause);

    /// <inheritdoc/>
    public ValueTask<IFeed> OpenFeedAsync(FeedHello hello, IFeedListener listener, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(hello);
        if (RefuseNextFeed is { } refusal)
        {
            RefuseNextFeed = null;
            throw refusal;
        }

        RecordingFeed? replaced = null;
        RecordingFeed feed;
        lock (Gate)
        {
            if (!_producers.TryGetValue(hello.Producer, out var producer) || producer.Epoch < hello.Epoch)
            {
                replaced = producer?.Open;
                producer = new RecordedProducer(hello.Producer, hello.Epoch);
                _producers[hello.Producer] = producer;
            }

            if (producer.Epoch > hello.Epoch)
            {
                throw new GridException(GridErrorCode.EpochStale, $"producer '{hello.Producer}' has the newer epoch {producer.Epoch}; epoch {hello.Epoch} is over");
            }

            if (producer.Open is not null)
            {
                throw new GridException(GridErrorCode.ProducerBusy, $"producer '{hello.Producer}' is connected with epoch {hello.Epoch}");
            }

            feed = new RecordingFeed(this, producer, hello, listener);
            producer.Open = feed;
        }

        replaced?.Listener.Closed(new GridException(GridErrorCode.EpochStale, $"producer '{hello.Producer}' connected with epoch {hello.Epoch}"));
        return new(feed);
    }

    /// <inheritdoc/>
    public bool TryGetLatest(InstrumentId instrument, out Latest latest)
    {
        lock (Gate)
        {
            return _latest.TryGetValue(instrument, out latest);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<InstrumentId>> FindInstrumentsAsync(string pattern, string? after, int limit, CancellationToken cancel)
    {
        var regex = new Regex("^" + Regex.Escape(pattern).Replace("\\*", ".*").Replace("\\?", ".") + "$", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));
        lock (Gate)
        {
            return new(_latest.Keys
                .Select(id => (Id: id, Symbol: Names.Symbol(id)))
                .Where(i => regex.IsMatch(i.Symbol) && (after is null || string.CompareOrdinal(i.Symbol, after) > 0))
                .OrderBy(i => i.Symbol, StringComparer.Ordinal)
                .Take(limit)
                .Select(i => i.Id)
                .ToArray());
        }
    }

    /// <inheritdoc/>
    public ValueTask<TickPage> GetTicksAsync(InstrumentId instrument, UnixNanos from, UnixNanos to, int limit, CancellationToken cancel)
    {
        var all = Events
            .Where(e => e.Event.Instrument == instrument && e.Event.EventTime >= from && e.Event.EventTime < to)
            .OrderBy(e => e.Event.EventTime)
            .Select(e => new Tick(e.Event, Outcome.Accepted))
            .ToArray();
        return new(new TickPage(all.Take(limit).ToArray(), all.Length <= limit, false));
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Bar>> GetBarsAsync(
        InstrumentId instrument, long intervalNs, UnixNanos from, UnixNanos to, int limit, CancellationToken cancel) =>
        new(Bars.GetValueOrDefault(instrument, []).Where(b => b.Start >= from && b.Start < to).Take(limit).ToArray());

    /// <inheritdoc/>
    public ValueTask<InstrumentDefinition?> GetDefinitionAsync(InstrumentId instrument, CancellationToken cancel)
    {
        lock (Gate)
        {
            return new(_definitions.GetValueOrDefault(instrument));
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<QuarantinedEvent>> GetQuarantineAsync(ulong afterId, int limit, CancellationToken cancel) =>
        new(Quarantine.Where(q => q.Id > afterId).Take(limit).ToArray());

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Gap>> GetGapsAsync(int limit, CancellationToken cancel) => new(Gaps.Take(limit).ToArray());

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<SourceDeclaration>> GetSourcesAsync(CancellationToken cancel)
    {
        lock (Gate)
        {
            return new(Sources.Values.ToArray());
        }
    }

    /// <inheritdoc/>
    public GridStatus GetStatus()
    {
        var outcomes = new OutcomeCounts();
        outcomes.Add(Outcome.Accepted, Events.Count);
        return new GridStatus
        {
            EventsReceived = Events.Count,
            BatchesReceived = 0,
            Outcomes = outcomes,
            Instruments = _latest.Count,
            Feeds = OpenFeeds,
            JournalLastLsn = 0,
            JournalFlushedLsn = 0,
            JournalBytes = 0,
            JournalFlushes = 0,
            QueuedBatches = 0,
            QueuedBatchesMax = 64,
            Quarantined = Quarantine.Count,
            OpenGaps = Gaps.Count,
            StartedAt = DateTimeOffset.UnixEpoch,
            SnapshotLsn = 0,
            SnapshotAge = null,
            SnapshotsFailed = 0,
            Visible = LatencySummary.None,
            Acknowledged = LatencySummary.None,
            Flush = LatencySummary.None,
            HotStoreBytes = 0,
        };
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> FindTroubles() => Failure.Exception is { } failure ? [$"the grid stopped: {failure.GetBaseException().Message}"] : [];

    /// <inheritdoc/>
    public string Run => "recording";

    /// <inheritdoc/>
    public ulong FlushedFrame => 0;

    /// <inheritdoc/>
    public IGridSubscription Subscribe(SubscriptionRequest request, Action wake) =>
        throw new GridException(GridErrorCode.BadArgument, "a recording grid cannot be subscribed to");

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    internal void Closed(RecordedProducer producer, RecordingFeed feed)
    {
        lock (Gate)
        {
            producer.Open = producer.Open == feed ? null : producer.Open;
        }
    }

    internal void Apply(EventBatch batch, string producer, ulong number)
    {
        foreach (ref readonly var e in batch.Events)
        {
            _events.Add(new RecordedEvent(e, producer, number));
            Show(in e);
            if (e.Kind == EventKind.Definition)
            {
                _definitions[e.Instrument] = batch.Definitions[e.Detail];
            }
        }

        foreach (var (_, reached) in _waiting.FindAll(w => w.Count <= _events.Count))
        {
            reached.TrySetResult();
        }
    }

    private void Show(in MarketEvent e)
    {
        _latest.TryGetValue(e.Instrument, out var latest);
        latest.Instrument = e.Instrument;
        latest.Time = e.EventTime;
        latest.Version++;
        latest.Ticks++;
        if (e.Kind == EventKind.Trade)
        {
            latest.Last = e;
            latest.Day.Date = e.Session;
            latest.Day.Count++;
            latest.Day.Volume += e.F1;
            latest.Day.Notional += (Int128)e.F0 * e.F1;
        }

        if (e.Kind == EventKind.Quote)
        {
            latest.Bid = new Side(e.Has(EventFlags.BidSet), e.BidPrice, e.BidSize, e.EventTime, e.Source);
            latest.Ask = new Side(e.Has(EventFlags.AskSet), e.AskPrice, e.AskSize, e.EventTime, e.Source);
        }

        _latest[e.Instrument] = latest;
    }
}

/// <summary>An event with who sent it in which batch.</summary>
public readonly record struct RecordedEvent(MarketEvent Event, string Producer, ulong Batch);
