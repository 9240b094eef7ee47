using System.Threading.Channels;
using Grid.Domain;
using Grid.Gateway.Http;
using Grid.Runtime;

namespace Grid.Gateway.Streams;

/// <summary>
/// Brings replies and updates of one connection to its client, in one loop: what is new is read from the grid only when
/// the client has taken what was read before, so a client that does not read holds up nobody.
/// </summary>
internal sealed class StreamPump : IAsyncDisposable
{
    // Replies that wait for the client; a client that asks for more before it reads these is not read any more.
    private const int RepliesMax = 64;

    private readonly IGrid _grid;
    private readonly StreamOptions _options;
    private readonly TimeProvider _time;
    private readonly StreamText _text;
    private readonly ITimer _timer;
    private readonly Channel<StreamReply> _replies = Channel.CreateBounded<StreamReply>(new BoundedChannelOptions(RepliesMax) { SingleReader = true });

    // Replaced, never changed in place.
    private volatile StreamSubscription[] _subscriptions = [];
    private volatile bool _isCompleted;
    private StreamReply? _last;

    // Of the loop: where the next round begins, what was said of the disk and when, when something was sent, and when to wake next.
    private int _start;
    private ulong _flushedTold;
    private long _flushedToldAt;
    private long _sentAt;
    private TimeSpan _wakeIn;

    public StreamPump(IGrid grid, StreamOptions options, TimeProvider time, StreamText text)
    {
        _grid = grid;
        _options = options;
        _time = time;
        _text = text;
        _flushedToldAt = _sentAt = time.GetTimestamp();
        _timer = time.CreateTimer(static signal => ((StreamSignal)signal!).Set(), Signal, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public StreamSignal Signal { get; } = new();

    /// <summary>What keeps a quiet stream alive; empty if something else does.</summary>
    public byte[] KeepAlive { get; init; } = [];

    /// <summary>True if there is no more to do once the grid has closed a subscription.</summary>
    public bool EndsWithSubscription { get; init; }

    /// <summary>Subscriptions of the connection.</summary>
    public int Count => _subscriptions.Length;

    /// <summary>The subscription with a number, or null.</summary>
    public StreamSubscription? Find(ulong id) => Array.Find(_subscriptions, s => s.Id == id);

    /// <summary>Says something; waits while the client takes nothing.</summary>
    public async ValueTask ReplyAsync(StreamReply reply, CancellationToken cancel)
    {
        await _replies.Writer.WriteAsync(reply, cancel).ConfigureAwait(false);
        Signal.Set();
    }

    /// <summary>Begins with the updates of a subscription. What was replied before is sent before.</summary>
    public void Add(StreamSubscription subscription)
    {
        // Only the receiving side adds; the loop only removes what the grid closed.
        while (true)
        {
            var before = _subscriptions;
            if (Interlocked.CompareExchange(ref _subscriptions, [.. before, subscription], before) == before)
            {
                subscription.SetReady();
                return;
            }
        }
    }

    /// <summary>Ends a subscription: no update of it is sent behind what is replied next.</summary>
    public void Remove(StreamSubscription subscription)
    {
        subscription.Dispose();
        while (true)
        {
            var before = _subscriptions;
            if (Interlocked.CompareExchange(ref _subscriptions, Array.FindAll(before, s => s != subscription), before) == before)
            {
                return;
            }
        }
    }

    /// <summary>Sends what was replied, how far the disk is, and what is given here, but no more updates; then the loop ends.</summary>
    public void Complete(StreamReply? last = null)
    {
        _last = last;
        _isCompleted = true;
        Signal.Set();
    }

    /// <summary>Waits until all that was told is durable and the client knows; not longer than a while.</summary>
    public async Task SettleAsync(TimeSpan patience)
    {
        var since = _time.GetTimestamp();
        while (_grid.FlushedFrame < _text.Frame && _time.GetElapsedTime(since) < patience)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(10), _time, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>Runs until completed.</summary>
    /// <param name="send">Sends a message; ends when the client's side has room for more.</param>
    /// <param name="cancel">Ends it at once.</param>
    public async Task RunAsync(Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> send, CancellationToken cancel)
    {
        while (true)
        {
            var isLast = _isCompleted;
            var hasMore = Fill(isLast);
            if (!_text.IsEmpty)
            {
                await OffSocketThread.ThenAsync(send(_text.Finish(), cancel)).ConfigureAwait(false);
                _text.Clear();
                _sentAt = _time.GetTimestamp();
            }

            if (isLast && !hasMore)
            {
                return;
            }

            if (!hasMore)
            {
                _timer.Change(_wakeIn, Timeout.InfiniteTimeSpan);
                await Signal.WaitAsync(cancel).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Ends all subscriptions.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var subscription in _subscriptions)
        {
            subscription.Dispose();
        }

        await _timer.DisposeAsync().ConfigureAwait(false);
    }

    // Writes the next message; true if there is more than fits.
    private bool Fill(bool isLast)
    {
        _wakeIn = Timeout.InfiniteTimeSpan;

        if (isLast)
        {
            TellFlushed(isLast);
        }

        // In this order: what is in the list was replied before.
        var subscriptions = _subscriptions;
        while (!_text.IsFull && _replies.Reader.TryRead(out var reply))
        {
            _text.Raw(reply.Type, reply.Json);
        }

        if (isLast && !_text.IsFull && _last is { } last)
        {
            _text.Raw(last.Type, last.Json);
            _last = null;
        }

        for (var i = 0; i < subscriptions.Length && !isLast && !_text.IsFull; i++)
        {
            Read(subscriptions[(_start + i) % subscriptions.Length]);
        }

        _start = subscriptions.Length == 0 ? 0 : (_start + 1) % subscriptions.Length;
        var hasMore = _text.IsFull;
        if (!isLast)
        {
            TellFlushed(isLast);
        }

        if (KeepAlive.Length > 0 && _text.IsEmpty && IsDue(_sentAt, _options.KeepAlive))
        {
            _text.Line(KeepAlive);
        }

        return hasMore;
    }

    private void Read(StreamSubscription subscription)
    {
        if (!subscription.TakeReady() || subscription.IsEnded)
        {
            return;
        }

        if (subscription.Interval > TimeSpan.Zero && subscription.ReadAt != 0 && !IsDue(subscription.ReadAt, subscription.Interval))
        {
            subscription.SetReadyLater();
            return;
        }

        _text.Subscription = subscription.Id;
        try
        {
            if (subscription.Source.Read(_text))
            {
                subscription.SetReady();
            }

            subscription.ReadAt = _time.GetTimestamp();
        }
        catch (GridException closed)
        {
            Remove(subscription);
            var error = StreamReply.Error(subscription.Id, closed);
            _text.Raw(error.Type, error.Json);
            _isCompleted |= EndsWithSubscription;
        }
    }

    private void TellFlushed(bool isLast)
    {
        if (_text.Frame <= _flushedTold || (!isLast && !IsDue(_flushedToldAt, _options.FlushedAfter)))
        {
            return;
        }

        _flushedToldAt = _time.GetTimestamp();
        var flushed = _grid.FlushedFrame;
        if (flushed > _flushedTold)
        {
            _flushedTold = flushed;
            _text.Flushed(flushed);
        }

        if (flushed < _text.Frame)
        {
            WakeIn(_options.FlushedAfter);
        }
    }

    // True if so much time has gone by; else the loop wakes when it has.
    private bool IsDue(long since, TimeSpan after)
    {
        var left = after - _time.GetElapsedTime(since);
        if (left > TimeSpan.Zero)
        {
            WakeIn(left);
            return false;
        }

        return true;
    }

    // Whole milliseconds, or the timer would wake too early again and again.
    private void WakeIn(TimeSpan wait)
    {
        var whole = TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds));
        _wakeIn = _wakeIn == Timeout.InfiniteTimeSpan || whole < _wakeIn ? whole : _wakeIn;
    }
}
