using Grid.Runtime;

namespace Grid.Gateway.Streams;

/// <summary>One subscription of a connection.</summary>
internal sealed class StreamSubscription(ulong? id, TimeSpan interval, StreamSignal signal) : IDisposable
{
    private IGridSubscription? _source;
    private int _isReady;
    private volatile bool _isEnded;

    /// <summary>The client's number for it.</summary>
    public ulong? Id => id;

    /// <summary>Shortest time between readings.</summary>
    public TimeSpan Interval => interval;

    /// <summary>When it was read last. Of the pump.</summary>
    public long ReadAt { get; set; }

    /// <summary>True once its updates are not wanted any more.</summary>
    public bool IsEnded => _isEnded;

    public IGridSubscription Source => _source!;

    /// <summary>Subscribes.</summary>
    public SubscriptionAnswer Begin(IGrid grid, SubscriptionRequest request)
    {
        _source = grid.Subscribe(request, SetReady);
        return _source.Answer;
    }

    /// <summary>Something is to be read.</summary>
    public void SetReady()
    {
        Volatile.Write(ref _isReady, 1);
        signal.Set();
    }

    /// <summary>Something is to be read, but not yet: nobody is woken for it.</summary>
    public void SetReadyLater() => Volatile.Write(ref _isReady, 1);

    /// <summary>True if something is to be read; takes that back.</summary>
    public bool TakeReady() => Volatile.Read(ref _isReady) == 1 && Interlocked.Exchange(ref _isReady, 0) == 1;

    public void Dispose()
    {
        _isEnded = true;
        _source?.Dispose();
    }
}
