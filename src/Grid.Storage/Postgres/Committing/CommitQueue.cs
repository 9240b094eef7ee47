namespace Grid.Storage.Postgres.Committing;

/// <summary>What waits to be committed. Who has room in it hands over without waiting; room is given in the order in which it is asked for.</summary>
internal sealed class CommitQueue(int rowsMax)
{
    private readonly Lock _gate = new();
    private readonly Queue<CommitItem> _items = new();
    private readonly LinkedList<Waiter> _waiters = new();

    // Of the one who waits in WaitAsync().
    private TaskCompletionSource? _changed;

    // At most rowsMax: rows of room that was given and not given back.
    private int _rowsTaken;
    private CommitRefusedException? _closed;

    /// <summary>Rows that wait, are being committed, or have room reserved for them.</summary>
    public int RowsTaken => Volatile.Read(ref _rowsTaken);

    public ValueTask<CommitRoom> ReserveAsync(int rows, CancellationToken cancel)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows, rowsMax);
        var room = new CommitRoom(this, Math.Max(1, rows));
        lock (_gate)
        {
            if (_closed is not null)
            {
                return ValueTask.FromException<CommitRoom>(_closed);
            }

            if (_waiters.Count == 0 && _rowsTaken + room.Rows <= rowsMax)
            {
                _rowsTaken += room.Rows;
                return ValueTask.FromResult(room);
            }

            return new ValueTask<CommitRoom>(WaitAsync(_waiters.AddLast(new Waiter(room)), cancel));
        }
    }

    /// <summary>Hands over; refused if the queue is closed.</summary>
    public void Add(CommitItem item)
    {
        CommitRefusedException? closed;
        lock (_gate)
        {
            closed = _closed;
            if (closed is null)
            {
                _items.Enqueue(item);
                Wake();
            }
        }

        if (closed is not null)
        {
            item.Refuse(closed);
        }
    }

    public void GiveBack(int rows)
    {
        lock (_gate)
        {
            _rowsTaken -= rows;
            Grant();
        }
    }

    /// <summary>Waits until there is something; false if there will be nothing any more.</summary>
    public async Task<bool> WaitAsync(CancellationToken cancel)
    {
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            Task changed;
            lock (_gate)
            {
                if (_items.Count > 0 || _closed is not null)
                {
                    return _items.Count > 0;
                }

                _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                changed = _changed.Task;
            }

            await changed.WaitAsync(cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Takes what came first, up to a weight; at least one. Tells whether something is left.</summary>
    public List<CommitItem> Take(long weightMax, out bool isMoreLeft)
    {
        var taken = new List<CommitItem>();
        var weight = 0L;
        lock (_gate)
        {
            while (_items.TryPeek(out var next) && (taken.Count == 0 || weight + next.Weight <= weightMax))
            {
                weight += next.Weight;
                taken.Add(_items.Dequeue());
            }

            isMoreLeft = _items.Count > 0;
        }

        return taken;
    }

    /// <summary>Takes nothing any more; what is in it stays. Whoever waits for room is refused.</summary>
    public void Close(CommitRefusedException reason)
    {
        List<Waiter> waiters;
        lock (_gate)
        {
            _closed ??= reason;
            waiters = [.. _waiters];
            _waiters.Clear();
            Wake();
        }

        foreach (var waiter in waiters)
        {
            waiter.Answer.TrySetException(reason);
        }
    }

    private async Task<CommitRoom> WaitAsync(LinkedListNode<Waiter> node, CancellationToken cancel)
    {
        await using var registration = cancel.Register(() => GiveUp(node, cancel)).ConfigureAwait(false);
        return await node.Value.Answer.Task.ConfigureAwait(false);
    }

    private void GiveUp(LinkedListNode<Waiter> node, CancellationToken cancel)
    {
        lock (_gate)
        {
            if (node.List is null)
            {
                return;
            }

            _waiters.Remove(node);
            node.Value.Answer.TrySetCanceled(cancel);
            Grant();
        }
    }

    private void Grant()
    {
        while (_waiters.First is { } first && _rowsTaken + first.Value.Room.Rows <= rowsMax)
        {
            _waiters.RemoveFirst();
            _rowsTaken += first.Value.Room.Rows;
            first.Value.Answer.TrySetResult(first.Value.Room);
        }
    }

    private void Wake()
    {
        _changed?.TrySetResult();
        _changed = null;
    }

    private sealed record Waiter(CommitRoom Room)
    {
        public TaskCompletionSource<CommitRoom> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
