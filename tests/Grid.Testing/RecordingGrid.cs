using Grid.Domain;
using Grid.Domain.Cusips;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Runtime;

namespace Grid.Testing;

/// <summary>
/// A grid that keeps the contract of <see cref="IGrid"/> towards feeds and remembers every event in memory, for tests of
/// the protocols around it. It decides nothing about market data: every event is accepted.
/// </summary>
public sealed partial class RecordingGrid : IGrid
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

    /// <summary>While true, what is known of instruments is only told to who waits.</summary>
    public bool IsBusy { get; set; }

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

    /// <summary>What a query gives of a CUSIP on its newest date.</summary>
    public Dictionary<Cusip, CusipRuns> Runs { get; } = [];

    /// <summary>Quality that a query gives, by instrument.</summary>
    public Dictionary<InstrumentId, InstrumentQuality> Quality { get; } = [];

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
