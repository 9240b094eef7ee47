using Grid.Domain;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Runtime;

namespace Grid.Gateway.Http;

/// <summary>Publishes instrument definitions as events of the source <c>http</c>, through a feed like any other.</summary>
internal sealed class InstrumentPublisher(IGrid grid, TimeProvider time) : IFeedListener, IAsyncDisposable
{
    private static readonly SourceDeclaration Source = new() { Name = "http", Policy = DedupPolicy.None };

    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly EventBatchEncoder _encoder = new();
    private readonly Dictionary<string, uint> _numbers = new(StringComparer.Ordinal);
    private IFeed? _feed;
    private ulong _batch;
    private TaskCompletionSource<ulong> _progress = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ulong _acknowledged;

    /// <summary>Publishes definitions and returns when they are durable and applied.</summary>
    public async Task PublishAsync(IReadOnlyList<KeyValuePair<string, InstrumentDefinition>> definitions, CancellationToken cancel)
    {
        await _gate.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            var feed = _feed ??= await OpenAsync(cancel).ConfigureAwait(false);
            for (var from = 0; from < definitions.Count;)
            {
                from += await SendAsync(feed, definitions, from, cancel).ConfigureAwait(false);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    public void Acknowledged(in Acknowledgement acknowledgement)
    {
        Volatile.Write(ref _acknowledged, acknowledgement.Batch);
        Interlocked.Exchange(ref _progress, new TaskCompletionSource<ulong>(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult(acknowledgement.Batch);
    }

    public void Closed(GridException reason) => Volatile.Read(ref _progress).TrySetException(reason);

    public async ValueTask DisposeAsync()
    {
        if (_feed is not null)
        {
            await _feed.DisposeAsync().ConfigureAwait(false);
        }

        _gate.Dispose();
    }

    private async Task<IFeed> OpenAsync(CancellationToken cancel)
    {
        var epoch = (ulong)UnixNanos.From(time.GetUtcNow()).Value;
        var feed = await grid.OpenFeedAsync(new FeedHello("http", epoch, AckLevel.Journaled), this, cancel).ConfigureAwait(false);
        feed.AddName(NameKind.Source, "http"u8);
        await feed.DeclareSourceAsync(Source, cancel).ConfigureAwait(false);
        return feed;
    }

    private async Task<int> SendAsync(IFeed feed, IReadOnlyList<KeyValuePair<string, InstrumentDefinition>> definitions, int from, CancellationToken cancel)
    {
        _encoder.Clear();
        var now = UnixNanos.From(time.GetUtcNow());
        var count = 0;
        for (; from + count < definitions.Count && !_encoder.IsFull; count++)
        {
            var (symbol, definition) = definitions[from + count];
            var e = new MarketEvent
            {
                Kind = EventKind.Definition,
                Source = new SourceId(1),
                Instrument = new InstrumentId(NumberOf(feed, symbol)),
                EventTime = now,
            };
            _encoder.Add(in e, definition);
        }

        await feed.SubmitAsync(++_batch, _encoder.Finish().ToArray(), cancel).ConfigureAwait(false);
        while (true)
        {
            var progress = Volatile.Read(ref _progress);
            if (Volatile.Read(ref _acknowledged) >= _batch)
            {
                return count;
            }

            await progress.Task.WaitAsync(cancel).ConfigureAwait(false);
        }
    }

    private uint NumberOf(IFeed feed, string symbol)
    {
        if (!_numbers.TryGetValue(symbol, out var number))
        {
            feed.AddName(NameKind.Instrument, System.Text.Encoding.ASCII.GetBytes(symbol));
            number = (uint)_numbers.Count + 1;
            _numbers[symbol] = number;
        }

        return number;
    }
}
