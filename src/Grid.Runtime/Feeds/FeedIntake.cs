using System.Collections.Concurrent;
using Grid.Domain;
using Grid.Domain.Dedup;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Runtime.Sequencing;
using Grid.Storage.Journal;

namespace Grid.Runtime.Feeds;

/// <summary>
/// What feeds share: the pool of batches, whose size is the backpressure, and the way to the sequencer.
/// </summary>
internal sealed class FeedIntake : IDisposable
{
    private readonly SemaphoreSlim free;
    private readonly ConcurrentStack<PendingBatch> pool = new();
    private readonly ConcurrentDictionary<EmbeddedFeed, byte> feeds = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly JournalWriter journal;
    private readonly GridImage image;
    private readonly TimeProvider time;
    private readonly Action<SequencerWork> enqueue;
    private readonly int batchesMax;
    private long events;
    private long batches;

    public FeedIntake(JournalWriter journal, GridImage image, TimeProvider time, int batchesMax, Action<SequencerWork> enqueue)
    {
        this.journal = journal;
        this.image = image;
        this.time = time;
        this.enqueue = enqueue;
        this.batchesMax = batchesMax;
        free = new SemaphoreSlim(batchesMax, batchesMax);
    }

    public GridNames Names => image.Names;

    public InstrumentContext Context => image.Context;

    public int Feeds => feeds.Count;

    public long EventsReceived => Volatile.Read(ref events);

    public long BatchesReceived => Volatile.Read(ref batches);

    public int InFlight => batchesMax - free.CurrentCount;

    public JournalDictionary NewDictionary() => journal.NewDictionary();

    public UnixNanos Now() => UnixNanos.From(time.GetUtcNow());

    /// <summary>Opens a feed; an older connection of the same producer is closed.</summary>
    public EmbeddedFeed Open(FeedHello hello, IFeedListener listener)
    {
        ThrowIfStopping();
        var producer = image.Producers.Get(hello.Producer);
        EmbeddedFeed? replaced;
        EmbeddedFeed feed;
        lock (producer.Gate)
        {
            producer.Begin(hello.Epoch);
            replaced = producer.Owner;
            feed = new EmbeddedFeed(this, producer, hello, listener);
            producer.Owner = feed;
        }

        feeds[feed] = 0;
        replaced?.CloseWith(new GridException(GridErrorCode.ProducerBusy, $"producer '{hello.Producer}' opened a newer connection"));
        return feed;
    }

    public void Forget(EmbeddedFeed feed) => feeds.TryRemove(feed, out _);

    /// <summary>A batch to fill; waits while all are in use.</summary>
    public async ValueTask<PendingBatch> RentAsync(CancellationToken cancel)
    {
        ThrowIfStopping();
        if (!free.Wait(0, CancellationToken.None))
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, stopping.Token);
            try
            {
                await free.WaitAsync(either.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                ThrowIfStopping();
            }
        }

        return pool.TryPop(out var batch) ? batch : new PendingBatch();
    }

    /// <summary>Gives a batch back.</summary>
    public void Release(PendingBatch batch)
    {
        batch.Reset();
        pool.Push(batch);
        free.Release();
    }

    /// <summary>Hands a batch to the sequencer. Under the producer's gate, so that its batches keep their order.</summary>
    public void Enqueue(PendingBatch batch)
    {
        ThrowIfStopping();
        Interlocked.Add(ref events, batch.Events.Count);
        Interlocked.Increment(ref batches);
        enqueue(batch);
    }

    /// <summary>Declares a source, or finds that it is declared with the same properties.</summary>
    public async ValueTask<SourceId> DeclareAsync(SourceDeclaration declaration, CancellationToken cancel)
    {
        ThrowIfStopping();
        if (!NameRules.IsValid(System.Text.Encoding.UTF8.GetBytes(declaration.Name)))
        {
            throw new GridException(GridErrorCode.BadName, $"source: {NameRules.Explain(declaration.Name)}");
        }

        var id = new SourceId((ushort)Names.Sources.GetOrAdd(declaration.Name));
        var known = Context.Source(id);
        if (known is null)
        {
            var done = new TaskCompletionSource<SourceDeclaration>(TaskCreationOptions.RunContinuationsAsynchronously);
            enqueue(new SequencerCall(sequencer =>
            {
                if (Context.Source(id) is null)
                {
                    sequencer.Declare(id, declaration);
                }

                done.SetResult(Context.Source(id)!);
            }));
            known = await done.Task.WaitAsync(cancel).ConfigureAwait(false);
        }

        return known == declaration
            ? id
            : throw new GridException(GridErrorCode.SourceDiffers, $"source '{declaration.Name}' is declared as {known}; it cannot become {declaration}");
    }

    /// <summary>Refuses everything from now on and tells the feeds.</summary>
    public void Stop(GridException reason)
    {
        stopping.Cancel();
        foreach (var feed in feeds.Keys)
        {
            feed.CloseWith(reason);
        }
    }

    public void Dispose()
    {
        stopping.Dispose();
        free.Dispose();
    }

    private void ThrowIfStopping()
    {
        if (stopping.IsCancellationRequested)
        {
            throw new GridException(GridErrorCode.Stopping, "the grid is stopping and takes no more events");
        }
    }
}
