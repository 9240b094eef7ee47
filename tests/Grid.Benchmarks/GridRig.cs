using Grid.Domain;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Runtime;
using Microsoft.Extensions.Logging.Abstractions;

namespace Grid.Benchmarks;

/// <summary>An embedded grid with one feed in this process.</summary>
internal sealed class GridRig : IAsyncDisposable
{
    private Listener _listener = new();
    private IFeed? _feed;
    private byte[] _payload = [];
    private ulong _epoch;
    private ulong _batch;

    private GridRig(EmbeddedGrid grid) => Grid = grid;

    public EmbeddedGrid Grid { get; }

    public static async Task<GridRig> OpenAsync(string folder)
    {
        var options = new EmbeddedGridOptions { DataFolder = folder, HotStoreBytesMax = 1L << 30 };
        return new GridRig(await EmbeddedGrid.OpenAsync(options, TimeProvider.System, NullLoggerFactory.Instance));
    }

    /// <summary>Begins a new life of the producer: announces all names, which get the same numbers in the feed, and declares their source.</summary>
    public async Task BeginAsync(GridNames names, SourceDeclaration source)
    {
        if (_feed is not null)
        {
            await _feed.DisposeAsync();
        }

        _batch = 0;
        _listener = new Listener();
        _feed = await Grid.OpenFeedAsync(new FeedHello("benchmark", ++_epoch, AckLevel.Journaled), _listener, CancellationToken.None);
        for (var kind = NameKind.Instrument; kind <= NameKind.Channel; kind++)
        {
            for (var i = 1; i < names[kind].Count; i++)
            {
                _feed.AddName(kind, names[kind][i]);
            }
        }

        await _feed.DeclareSourceAsync(source, CancellationToken.None);
    }

    public ValueTask SubmitAsync(EventBatchEncoder encoder)
    {
        var bytes = encoder.Finish();
        if (_payload.Length < bytes.Length)
        {
            _payload = new byte[bytes.Length * 2];
        }

        bytes.CopyTo(_payload);
        return _feed!.SubmitAsync(++_batch, _payload.AsMemory(0, bytes.Length), CancellationToken.None);
    }

    /// <summary>Waits until everything submitted is acknowledged.</summary>
    public Task DrainAsync() => _listener.WaitForAsync(_batch);

    public async ValueTask DisposeAsync()
    {
        if (_feed is not null)
        {
            await _feed.DisposeAsync();
        }

        await Grid.DisposeAsync();
    }

    private sealed class Listener : IFeedListener
    {
        private readonly Lock _gate = new();
        private ulong _acknowledged;
        private ulong _wanted;
        private TaskCompletionSource? _reached;

        public void Acknowledged(in Acknowledgement acknowledgement)
        {
            lock (_gate)
            {
                _acknowledged = acknowledgement.Batch;
                if (_acknowledged >= _wanted)
                {
                    _reached?.TrySetResult();
                }
            }
        }

        public void Closed(GridException reason)
        {
            lock (_gate)
            {
                _reached?.TrySetException(reason);
            }
        }

        public Task WaitForAsync(ulong batch)
        {
            lock (_gate)
            {
                if (_acknowledged >= batch)
                {
                    return Task.CompletedTask;
                }

                _wanted = batch;
                _reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                return _reached.Task;
            }
        }
    }
}
