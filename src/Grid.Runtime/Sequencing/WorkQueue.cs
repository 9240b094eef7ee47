using System.Diagnostics.CodeAnalysis;

namespace Grid.Runtime.Sequencing;

/// <summary>
/// Work that any thread hands to one thread, in order. What bounds it is elsewhere: the pool of batches.
/// </summary>
/// <remarks>
/// The taker blocks at once when there is nothing. A <c>BlockingCollection</c> spins first: with it the server took 18.5 s of processor
/// time in <c>grid bench stream</c> instead of 14 to 16, and p50 to a query was 0.43 to 0.48 ms instead of 0.31 to 0.42. p99 is the same.
/// </remarks>
internal sealed class WorkQueue<T>
{
    private readonly object _gate = new();
    private readonly Queue<T> _items = new();
    private bool _isTakerWaiting;
    private bool _isComplete;

    /// <summary>True if nothing is left and nothing will come any more.</summary>
    public bool IsCompleted
    {
        get
        {
            lock (_gate)
            {
                return _isComplete && _items.Count == 0;
            }
        }
    }

    /// <summary>Hands over one piece.</summary>
    /// <exception cref="InvalidOperationException">The queue was completed.</exception>
    public void Add(T item)
    {
        lock (_gate)
        {
            if (_isComplete)
            {
                throw new InvalidOperationException("the queue takes no more work");
            }

            _items.Enqueue(item);
            WakeTaker();
        }
    }

    /// <summary>Takes the oldest piece, if there is one.</summary>
    public bool TryTake([MaybeNullWhen(false)] out T item)
    {
        lock (_gate)
        {
            return _items.TryDequeue(out item);
        }
    }

    /// <summary>Takes the oldest piece and waits for it if there is none; false once the queue is completed and empty.</summary>
    public bool Take([MaybeNullWhen(false)] out T item)
    {
        lock (_gate)
        {
            while (!_items.TryDequeue(out item))
            {
                if (_isComplete)
                {
                    return false;
                }

                _isTakerWaiting = true;
                Monitor.Wait(_gate);
            }

            return true;
        }
    }

    /// <summary>Takes nothing more; what is there can still be taken.</summary>
    public void Complete()
    {
        lock (_gate)
        {
            _isComplete = true;
            WakeTaker();
        }
    }

    private void WakeTaker()
    {
        if (_isTakerWaiting)
        {
            _isTakerWaiting = false;
            Monitor.Pulse(_gate);
        }
    }
}
