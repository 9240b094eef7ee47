using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Grid.Domain;
using Grid.Domain.Dedup;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Runtime.Metrics;
using Grid.Runtime.Postgres;
using Grid.Runtime.Sequencing;
using Grid.Storage.Journal;

namespace Grid.Runtime.Feeds;

/// <summary>
/// What feeds share: the pool of batches, whose size is the backpressure, and the way to the sequencer.
/// </summary>
internal sealed class FeedIntake : IDisposable
{
    private readonly SemaphoreSlim _free;
    private readonly ConcurrentStack<PendingBatch> _pool = new();
    private readonly ConcurrentDictionary<EmbeddedFeed, byte> _feeds = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly JournalWriter _journal;
    private readonly GridImage _image;
    private readonly TimeProvider _time;
    private readonly Action<SequencerWork> _enqueue;
    private readonly int _batchesMax;
    private readonly int _producersMax;
    private GridException? _reason;
    private long _events;
    private long _batches;
    private int _committedFeeds;
    private long _announced;

    // When a batch was last given back, or taken while none was.
    private long _progressAt;

    public FeedIntake(JournalWriter journal, GridImage image, TimeProvider time, EmbeddedGridOptions options, Action<SequencerWork> enqueue)
    {
        _journal = journal;
        _image = image;
        _time = time;
        _enqueue = enqueue;
        InstrumentsMax = options.InstrumentsMax;
        _producersMax = options.ProducersMax;
        _batchesMax = options.BatchesInFlightMax;
        _free = new SemaphoreSlim(_batchesMax, _batchesMax);
        Latencies = new PipelineLatencies(time);
        Owed = new OwedJournal(journal, long.MaxValue);
        OwedToArchive = new OwedJournal(journal, long.MaxValue);
    }

    public GridNames Names => _image.Names;

    public InstrumentContext Context => _image.Context;

    public int InstrumentsMax { get; }

    public int Feeds => _feeds.Count;

    public long EventsReceived => Volatile.Read(ref _events);

    public long BatchesReceived => Volatile.Read(ref _batches);

    /// <summary>What PostgreSQL has yet to take: while it is too much, feeds wait.</summary>
    public OwedJournal Owed { get; init; }

    /// <summary>What the archive has yet to take.</summary>
    public OwedJournal OwedToArchive { get; init; }

    /// <summary>True if somebody waits for what he sends to be in PostgreSQL.</summary>
    public bool HasCommittedFeeds => Volatile.Read(ref _committedFeeds) > 0;

    public int InFlight => _batchesMax - _free.CurrentCount;

    public PipelineLatencies Latencies { get; }

    public bool IsStopping => _stopping.IsCancellationRequested;

    /// <summary>How long batches have been queued without one being finished.</summary>
    public TimeSpan WaitingFor => InFlight > 0 ? _time.GetElapsedTime(Volatile.Read(ref _progressAt)) : TimeSpan.Zero;

    public JournalDictionary NewDictionary() => _journal.NewDictionary();

    public UnixNanos Now() => UnixNanos.From(_time.GetUtcNow());

    /// <summary>Opens a feed; an older connection of the same producer is closed.</summary>
    public EmbeddedFeed Open(FeedHello hello, IFeedListener listener)
    {
        ThrowIfStopping();
        EmbeddedFeed? replaced;
        EmbeddedFeed? feed;
        while (!TryOpen(_image.Producers.Get(hello.Producer, _producersMax), hello, listener, out feed, out replaced))
        {
            // It was forgotten since it was looked for.
        }

        _feeds[feed] = 0;
        if (hello.Ack == AckLevel.Committed)
        {
            Interlocked.Increment(ref _committedFeeds);
        }

        replaced?.CloseWith(new GridException(GridErrorCode.ProducerBusy, $"producer '{hello.Producer}' opened a newer connection"));
        return feed;
    }

    /// <summary>Forgets a feed with the names that it announced, and its producer if that never sent anything.</summary>
    public void Close(EmbeddedFeed feed, int announced)
    {
        Interlocked.Add(ref _announced, -announced);
        lock (feed.Producer.Gate)
        {
            feed.Producer.Disconnect(feed, Now());
            _image.Producers.ForgetUnused(feed.Producer);
        }

        if (_feeds.TryRemove(feed, out _) && feed.IsCommitted)
        {
            Interlocked.Decrement(ref _committedFeeds);
        }
    }

    /// <summary>Closes the feeds that wait for PostgreSQL: nothing comes to be in it any more.</summary>
    public void EndCommitted(string why)
    {
        foreach (var feed in _feeds.Keys.Where(f => f.IsCommitted))
        {
            feed.CloseWith(new GridException(GridErrorCode.AckUnavailable, $"nothing is written to PostgreSQL any more: {why}"));
        }
    }

    /// <summary>Counts a name that a feed announces.</summary>
    /// <exception cref="GridException">TooLarge: all feeds together announce too many.</exception>
    public void CountName(NameKind kind, ReadOnlySpan<byte> name)
    {
        if (Interlocked.Increment(ref _announced) > GridLimits.FeedNamesTotalMax)
        {
            Interlocked.Decrement(ref _announced);
            throw new GridException(
                GridErrorCode.TooLarge,
                $"{kind} '{System.Text.Encoding.ASCII.GetString(name)}': all open feeds together number at most {GridLimits.FeedNamesTotalMax} names");
        }
    }

    /// <summary>A batch to fill; waits while all are in use.</summary>
    public async ValueTask<PendingBatch> RentAsync(CancellationToken cancel)
    {
        ThrowIfStopping();
        if (Owed.IsFull || OwedToArchive.IsFull)
        {
            // What is owed is all that the disk may hold for it.
            await UnlessStoppingAsync(Owed.WaitForRoomAsync, cancel).ConfigureAwait(false);
            await UnlessStoppingAsync(OwedToArchive.WaitForRoomAsync, cancel).ConfigureAwait(false);
        }

        if (!_free.Wait(0, CancellationToken.None))
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, _stopping.Token);
            try
            {
                await _free.WaitAsync(either.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                ThrowIfStopping();
            }
        }

        if (InFlight == 1)
        {
            Volatile.Write(ref _progressAt, Latencies.Now());
        }

        return _pool.TryPop(out var batch) ? batch : new PendingBatch();
    }

    /// <summary>Waits for something, until the grid stops.</summary>
    public async ValueTask UnlessStoppingAsync(Func<CancellationToken, Task> wait, CancellationToken cancel)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, _stopping.Token);
        try
        {
            await wait(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            ThrowIfStopping();
        }
    }

    /// <summary>Gives a batch back.</summary>
    public void Release(PendingBatch batch)
    {
        batch.Reset();
        Volatile.Write(ref _progressAt, Latencies.Now());
        _pool.Push(batch);
        _free.Release();
    }

    /// <summary>Hands a batch to the sequencer. Under the producer's gate, so that its batches keep their order.</summary>
    public void Enqueue(PendingBatch batch)
    {
        ThrowIfStopping();
        Interlocked.Add(ref _events, batch.Events.Count);
        Interlocked.Increment(ref _batches);
        _enqueue(batch);
    }

    /// <summary>Declares a source, or finds that it is declared with the same properties.</summary>
    public async ValueTask<SourceId> DeclareAsync(SourceDeclaration declaration, CancellationToken cancel)
    {
        ThrowIfStopping();
        if (!NameRules.IsValid(System.Text.Encoding.UTF8.GetBytes(declaration.Name)))
        {
            throw new GridException(GridErrorCode.BadName, $"source: {NameRules.Explain(declaration.Name)}");
        }

        var id = new SourceId((ushort)Intern(declaration.Name));
        var known = Context.Source(id);
        if (known is null)
        {
            var done = new TaskCompletionSource<SourceDeclaration>(TaskCreationOptions.RunContinuationsAsynchronously);
            _enqueue(new SequencerCall(sequencer =>
            {
                if (Context.Source(id) is null)
                {
                    sequencer.Declare(id, declaration);
                }

                done.SetResult(Context.Source(id)!);
            }));
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, _stopping.Token);
            try
            {
                known = await done.Task.WaitAsync(either.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                ThrowIfStopping();
            }
        }

        return known == declaration
            ? id
            : throw new GridException(GridErrorCode.SourceDiffers, $"source '{declaration.Name}' is declared as {known}; it cannot become {declaration}");
    }

    /// <summary>Refuses everything from now on and tells the feeds.</summary>
    public void Stop(GridException reason)
    {
        if (Interlocked.CompareExchange(ref _reason, reason, null) is not null)
        {
            return;
        }

        _stopping.Cancel();
        foreach (var feed in _feeds.Keys)
        {
            feed.CloseWith(reason);
        }
    }

    public void Dispose()
    {
        Latencies.Dispose();
        _stopping.Dispose();
        _free.Dispose();
    }

    private bool TryOpen(Producer producer, FeedHello hello, IFeedListener listener, [NotNullWhen(true)] out EmbeddedFeed? feed, out EmbeddedFeed? replaced)
    {
        lock (producer.Gate)
        {
            replaced = producer.Owner;
            feed = null;
            if (producer.IsForgotten)
            {
                return false;
            }

            producer.Begin(hello.Epoch);
            feed = new EmbeddedFeed(this, producer, hello, listener);
            producer.Connect(feed, Now());
            return true;
        }
    }

    private int Intern(string source)
    {
        try
        {
            return Names.Sources.GetOrAdd(source);
        }
        catch (ArgumentException full)
        {
            throw new GridException(GridErrorCode.TooLarge, $"source '{source}' cannot be declared: there are {GridLimits.SourcesMax - 1} already", full);
        }
    }

    private void ThrowIfStopping()
    {
        if (_stopping.IsCancellationRequested)
        {
            throw new GridException(_reason!.Code, $"{_reason.Message}; it takes no more events");
        }
    }
}
