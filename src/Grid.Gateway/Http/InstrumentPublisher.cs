using System.Text;
using Grid.Domain;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Runtime;

namespace Grid.Gateway.Http;

/// <summary>
/// Publishes instrument definitions as events of the source <c>http</c>, through a feed like any other. The feed is opened
/// by the first request; one that failed is replaced by the next.
/// </summary>
internal sealed class InstrumentPublisher(IGrid grid, TimeProvider time) : IAsyncDisposable
{
    private static readonly SourceDeclaration Source = new() { Name = "http", Policy = DedupPolicy.None };

    // One request publishes at a time; it holds the gate, which guards the rest.
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly EventBatchEncoder _encoder = new();
    private DefinitionFeed? _feed;
    private ulong _lastEpoch;

    // Of two definitions of one instrument the later holds, so that no two have the same time.
    private long _lastTimeNs = long.MinValue;

    /// <summary>Publishes definitions and returns when they are durable and applied.</summary>
    /// <exception cref="GridException">They may or may not be published.</exception>
    public async Task PublishAsync(IReadOnlyList<KeyValuePair<string, InstrumentDefinition>> definitions, CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            for (var next = 0; next < definitions.Count;)
            {
                var feed = _feed ??= await OpenAsync(cancel).ConfigureAwait(false);
                next = Encode(feed, definitions, next);

                // Handed over once, a batch is waited for, whether or not the client still does.
                await feed.SubmitAsync(_encoder).ConfigureAwait(false);
            }
        }
        catch
        {
            await CloseAsync().ConfigureAwait(false);
            throw;
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync().ConfigureAwait(false);
        _gate.Dispose();
    }

    private async Task<DefinitionFeed> OpenAsync(CancellationToken cancel)
    {
        _lastEpoch = Math.Max((ulong)UnixNanos.From(time.GetUtcNow()).Value, _lastEpoch + 1);
        return await DefinitionFeed.OpenAsync(grid, _lastEpoch, Source, cancel).ConfigureAwait(false);
    }

    private int Encode(DefinitionFeed feed, IReadOnlyList<KeyValuePair<string, InstrumentDefinition>> definitions, int next)
    {
        _encoder.Clear();
        for (; next < definitions.Count && !_encoder.IsFull; next++)
        {
            var (symbol, definition) = definitions[next];
            _lastTimeNs = Math.Max(UnixNanos.From(time.GetUtcNow()).Value, _lastTimeNs + 1);
            var e = new MarketEvent
            {
                Kind = EventKind.Definition,
                Source = DefinitionFeed.Source,
                Instrument = feed.Number(symbol),
                EventTime = new UnixNanos(_lastTimeNs),
            };
            _encoder.Add(in e, definition);
        }

        return next;
    }

    private async ValueTask CloseAsync()
    {
        if (_feed is { } feed)
        {
            _feed = null;
            await feed.DisposeAsync().ConfigureAwait(false);
        }
    }
}

/// <summary>One life of the publisher's feed.</summary>
internal sealed class DefinitionFeed : IFeedListener, IAsyncDisposable
{
    private readonly Dictionary<string, InstrumentId> _numbers = new(StringComparer.Ordinal);

    // Guards the two below: the grid's threads acknowledge.
    private readonly Lock _lock = new();
    private ulong _acknowledged;
    private TaskCompletionSource? _awaited;

    private IFeed _feed = null!;
    private ulong _submitted;
    private GridException? _closed;

    private DefinitionFeed()
    {
    }

    /// <summary>The number of the only source.</summary>
    public static SourceId Source => new(1);

    public static async Task<DefinitionFeed> OpenAsync(IGrid grid, ulong epoch, SourceDeclaration source, CancellationToken cancel)
    {
        var feed = new DefinitionFeed();
        feed._feed = await grid.OpenFeedAsync(new FeedHello("http", epoch, AckLevel.Journaled), feed, cancel).ConfigureAwait(false);
        try
        {
            feed._feed.AddName(NameKind.Source, Encoding.ASCII.GetBytes(source.Name));
            await feed._feed.DeclareSourceAsync(source, cancel).ConfigureAwait(false);
            return feed;
        }
        catch
        {
            await feed.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The feed's number of a symbol that keeps the rule for names.</summary>
    public InstrumentId Number(string symbol)
    {
        if (!_numbers.TryGetValue(symbol, out var number))
        {
            _feed.AddName(NameKind.Instrument, Encoding.ASCII.GetBytes(symbol));
            number = new InstrumentId((uint)_numbers.Count + 1);
            _numbers.Add(symbol, number);
        }

        return number;
    }

    /// <summary>Hands over a batch and waits until it is durable and applied.</summary>
    public async Task SubmitAsync(EventBatchEncoder batch)
    {
        _submitted++;
        Task acknowledged;
        lock (_lock)
        {
            _awaited = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            acknowledged = _awaited.Task;
            if (_closed is { } reason)
            {
                throw new GridException(reason.Code, reason.Message, reason);
            }
        }

        await _feed.SubmitAsync(_submitted, batch.Finish().ToArray(), CancellationToken.None).ConfigureAwait(false);
        await acknowledged.ConfigureAwait(false);
    }

    public void Acknowledged(in Acknowledgement acknowledgement)
    {
        lock (_lock)
        {
            _acknowledged = Math.Max(_acknowledged, acknowledgement.Batch);
            if (_acknowledged >= _submitted)
            {
                _awaited?.TrySetResult();
            }
        }
    }

    public void Closed(GridException reason)
    {
        lock (_lock)
        {
            _closed = reason;
            _awaited?.TrySetException(reason);
        }
    }

    public ValueTask DisposeAsync() => _feed.DisposeAsync();
}
