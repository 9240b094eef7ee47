using Grid.Domain;
using Grid.Domain.Validation;
using Grid.Runtime;
using Xunit;

namespace Grid.Testing;

/// <summary>A producer of a test: announces names as they are needed, numbers its batches and waits for acknowledgements.</summary>
internal sealed class FeedDriver : IFeedListener, IAsyncDisposable
{
    private readonly MarketNames _names;
    private readonly ProducerDictionary _dictionary;
    private readonly int[] _announced = new int[4];
    private readonly TaskCompletionSource<GridException> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Under the gate: what was acknowledged, and who waits for more.
    private readonly Lock _gate = new();
    private readonly List<(ulong Batch, TaskCompletionSource Reached)> _waiting = [];
    private ulong _acknowledgedBatch;
    private IFeed? _feed;

    private FeedDriver(MarketNames names)
    {
        _names = names;
        _dictionary = new ProducerDictionary(names);
    }

    /// <summary>The feed itself.</summary>
    public IFeed Feed => _feed!;

    /// <summary>Completes when the grid closes the feed.</summary>
    public Task<GridException> Closed => _closed.Task;

    /// <summary>The number of the next batch.</summary>
    public ulong Next { get; set; } = 1;

    /// <summary>Events acknowledged.</summary>
    public long Events { get; private set; }

    /// <summary>Outcomes acknowledged.</summary>
    public Dictionary<Outcome, long> Outcomes { get; private set; } = [];

    /// <summary>Opens a feed; its next batch is the one after the last durable.</summary>
    public static async Task<FeedDriver> OpenAsync(
        Func<FeedHello, IFeedListener, ValueTask<IFeed>> open, MarketNames names, string producer = "tester", ulong epoch = 1, AckLevel ack = AckLevel.Journaled)
    {
        var driver = new FeedDriver(names);
        driver._feed = await open(new FeedHello(producer, epoch, ack), driver);
        driver.Next = driver._feed.LastDurableBatch + 1;
        return driver;
    }

    /// <summary>Opens a feed of a grid.</summary>
    public static Task<FeedDriver> OpenAsync(
        IGrid grid, MarketNames names, string producer = "tester", ulong epoch = 1, AckLevel ack = AckLevel.Journaled) =>
        OpenAsync((hello, listener) => grid.OpenFeedAsync(hello, listener, CancellationToken.None), names, producer, epoch, ack);

    /// <summary>Submits events as the next batch.</summary>
    public async Task<ulong> SubmitAsync(params MarketLine[] lines)
    {
        await AnnounceAsync(lines);
        await SubmitAsync(Next, Encode(lines));
        return Next++;
    }

    /// <summary>Submits events as the next batch and waits until they are acknowledged.</summary>
    public async Task SendAsync(params MarketLine[] lines) => await AcknowledgedAsync(await SubmitAsync(lines));

    /// <summary>Submits any payload under any number.</summary>
    public Task SubmitAsync(ulong number, byte[] payload) => Feed.SubmitAsync(number, payload, CancellationToken.None).AsTask();

    /// <summary>The payload of events.</summary>
    public byte[] Encode(params MarketLine[] lines) => _dictionary.Encode(lines);

    /// <summary>Announces and declares what events need.</summary>
    public async Task AnnounceAsync(params MarketLine[] lines)
    {
        foreach (var source in _dictionary.Announce(Feed, _announced, _dictionary.Needed(lines)))
        {
            await Feed.DeclareSourceAsync(_names.Declarations[source], CancellationToken.None);
        }
    }

    /// <summary>Completes when batches up to a number are acknowledged.</summary>
    public Task AcknowledgedAsync(ulong batch)
    {
        lock (_gate)
        {
            if (_acknowledgedBatch >= batch)
            {
                return Task.CompletedTask;
            }

            if (_closed.Task.IsCompleted)
            {
                return Task.FromException(_closed.Task.Result);
            }

            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((batch, reached));
            return reached.Task;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Feed.DisposeAsync();

    void IFeedListener.Acknowledged(in Acknowledgement acknowledgement)
    {
        lock (_gate)
        {
            var through = acknowledgement.Batch;
            _acknowledgedBatch = through;
            Events = acknowledgement.Events;
            Outcomes = acknowledgement.Counts.NonZero().ToDictionary();
            foreach (var (_, reached) in _waiting.FindAll(w => w.Batch <= through))
            {
                reached.SetResult();
            }

            _waiting.RemoveAll(w => w.Batch <= through);
        }
    }

    void IFeedListener.Closed(GridException reason)
    {
        lock (_gate)
        {
            Assert.True(_closed.TrySetResult(reason), "the feed was closed twice");
            _waiting.ForEach(w => w.Reached.TrySetException(reason));
            _waiting.Clear();
        }
    }
}
