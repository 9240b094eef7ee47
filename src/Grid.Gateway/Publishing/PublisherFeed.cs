using Grid.Domain;
using Grid.Domain.Dedup;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;
using Grid.Runtime;

namespace Grid.Gateway.Publishing;

/// <summary>
/// One open feed of a publisher: numbers names, remembers what its sources declared, and counts what is acknowledged. Used by
/// one publication at a time; the grid's threads acknowledge.
/// </summary>
internal sealed class PublisherFeed : IFeedListener, IAsyncDisposable
{
    private readonly IGrid _grid;

    // By kind.
    private readonly NameNumbers[] _names = [new(), new(), new(), new()];

    // By the feed's number of the source.
    private readonly Dictionary<int, SourceDeclaration> _declared = [];

    private IFeed _feed = null!;

    // Guards the rest.
    private readonly Lock _lock = new();
    private readonly OutcomeCounts _counts = new();
    private ulong _acknowledged;
    private ulong _awaited;
    private TaskCompletionSource? _reached;
    private GridException? _closed;

    private PublisherFeed(IGrid grid) => _grid = grid;

    /// <summary>The batch that was handed over last.</summary>
    public ulong LastBatch { get; private set; }

    /// <summary>Names of all kinds that it has numbered.</summary>
    public int NamesHeld => _names.Sum(n => n.Count);

    /// <summary>True if the grid closed it or a batch was refused, so that it cannot go on.</summary>
    public bool IsBroken { get; private set; }

    public static async ValueTask<PublisherFeed> OpenAsync(IGrid grid, string producer, ulong epoch, CancellationToken cancel)
    {
        var feed = new PublisherFeed(grid);
        feed._feed = await grid.OpenFeedAsync(new FeedHello(producer, epoch, AckLevel.Journaled), feed, cancel).ConfigureAwait(false);
        return feed;
    }

    /// <summary>The number of a name.</summary>
    /// <exception cref="GridException">BadName, or TooLarge if there are too many.</exception>
    public int NumberOf(NameKind kind, ReadOnlySpan<byte> name)
    {
        var names = _names[(int)kind];
        var number = names.Find(name);
        return number != 0 ? number : AddName(kind, names, name);
    }

    /// <summary>
    /// Sees to it that a source is declared. One that the grid knows stays what it is, unless another policy is demanded.
    /// </summary>
    /// <param name="number">The feed's number of it.</param>
    /// <param name="name">Its name.</param>
    /// <param name="demanded">The policy that it must have; null if any will do.</param>
    /// <param name="otherwise">What a source becomes that the grid does not know.</param>
    /// <param name="cancel">Ends the waiting.</param>
    /// <exception cref="GridException">SourceDiffers.</exception>
    public async ValueTask DeclareAsync(int number, string name, DedupPolicy? demanded, DedupPolicy otherwise, CancellationToken cancel)
    {
        if (!_declared.TryGetValue(number, out var declaration))
        {
            declaration = await DeclareNewAsync(new SourceDeclaration { Name = name, Policy = demanded ?? otherwise }, demanded, cancel).ConfigureAwait(false);
            _declared.Add(number, declaration);
        }

        ThrowIfOther(declaration, demanded);
    }

    /// <summary>Hands over a batch; waits while the grid is full.</summary>
    public async ValueTask SubmitAsync(ulong batch, ReadOnlyMemory<byte> payload, CancellationToken cancel)
    {
        ThrowIfClosed();
        try
        {
            await _feed.SubmitAsync(batch, payload, cancel).ConfigureAwait(false);
            LastBatch = batch;
        }
        catch (GridException)
        {
            IsBroken = true;
            throw;
        }
    }

    /// <summary>Waits until everything that was handed over is durable and applied.</summary>
    /// <exception cref="GridException">The grid closed the feed before.</exception>
    public Task WaitAsync()
    {
        lock (_lock)
        {
            if (_acknowledged >= LastBatch)
            {
                return Task.CompletedTask;
            }

            if (_closed is { } reason)
            {
                return Task.FromException(Copy(reason));
            }

            _awaited = LastBatch;
            _reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _reached.Task;
        }
    }

    /// <summary>Adds the outcomes of all that was acknowledged so far.</summary>
    public void AddCountsTo(OutcomeCounts total)
    {
        lock (_lock)
        {
            total.Add(_counts);
        }
    }

    public void Acknowledged(in Acknowledgement acknowledgement)
    {
        lock (_lock)
        {
            _acknowledged = Math.Max(_acknowledged, acknowledgement.Batch);
            _counts.Clear();
            _counts.Add(acknowledgement.Counts);
            if (_acknowledged >= _awaited)
            {
                _reached?.TrySetResult();
            }
        }
    }

    public void Closed(GridException reason)
    {
        lock (_lock)
        {
            _closed = reason;
            IsBroken = true;
            _reached?.TrySetException(Copy(reason));
        }
    }

    public ValueTask DisposeAsync() => _feed.DisposeAsync();

    private int AddName(NameKind kind, NameNumbers names, ReadOnlySpan<byte> name)
    {
        _feed.AddName(kind, name);
        return names.Add(name);
    }

    private async ValueTask<SourceDeclaration> DeclareNewAsync(SourceDeclaration wanted, DedupPolicy? demanded, CancellationToken cancel)
    {
        // Twice, because another feed may declare the source between the look and the declaration.
        for (var isLast = false; ; isLast = true)
        {
            var known = (await _grid.GetSourcesAsync(cancel).ConfigureAwait(false)).FirstOrDefault(s => s.Name == wanted.Name) ?? wanted;
            ThrowIfOther(known, demanded);
            try
            {
                await _feed.DeclareSourceAsync(known, cancel).ConfigureAwait(false);
                return known;
            }
            catch (GridException differs) when (differs.Code == GridErrorCode.SourceDiffers && !isLast)
            {
                // Asked again for what it has become.
            }
        }
    }

    private static void ThrowIfOther(SourceDeclaration known, DedupPolicy? demanded)
    {
        if (demanded is { } policy && known.Policy != policy)
        {
            throw new GridException(
                GridErrorCode.SourceDiffers,
                $"source '{known.Name}' has the policy {Text(known.Policy)}; it cannot become {Text(policy)}");
        }
    }

    private void ThrowIfClosed()
    {
        lock (_lock)
        {
            if (_closed is { } reason)
            {
                throw Copy(reason);
            }
        }
    }

    private static string Text(DedupPolicy policy) => policy.ToString().ToLowerInvariant();

    // One exception is not thrown to several callers.
    private static GridException Copy(GridException reason) => new(reason.Code, reason.Message, reason);
}
