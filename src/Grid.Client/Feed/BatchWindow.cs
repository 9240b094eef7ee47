using Grid.Domain;
using Grid.Domain.Feed;
using Grid.Domain.Validation;

namespace Grid.Client.Feed;

/// <summary>
/// The batches between "closed to be sent" and "acknowledged", by number, and what is waited for: room for another, or
/// all of them acknowledged. Any thread.
/// </summary>
internal sealed class BatchWindow
{
    // A flush and the linger timer may each close one batch beyond the limit that they saw.
    private const int Slack = 2;

    private readonly Lock _gate = new();
    private readonly int _retainedMax;

    // Batches (_acknowledged, _closed] are in _ring at number % length. _acknowledged <= _sent <= _closed.
    private readonly RetainedBatch?[] _ring;
    private ulong _acknowledged;
    private ulong _sent;
    private ulong _closed;
    private int _outstandingMax;

    // Outcomes of this connection (replaced by every acknowledgement) and of the connections before it.
    private OutcomeCounts _outcomes = new();
    private OutcomeCounts _outcomesNext = new();
    private readonly OutcomeCounts _outcomesBefore = new();
    private long _events;
    private long _batches;
    private long _batchBytes;
    private long _eventsAcknowledged;
    private long _batchesAcknowledged;
    private int _reconnects;

    // Set once: the client cannot go on.
    private GridException? _failure;

    // Completed and dropped when something changes that somebody may wait for.
    private TaskCompletionSource? _changed;

    public BatchWindow(int retainedMax, ulong lastDurableBatch, int outstandingMax)
    {
        _retainedMax = retainedMax;
        _outstandingMax = outstandingMax;
        _ring = new RetainedBatch?[retainedMax + Slack];
        _acknowledged = _sent = _closed = lastDurableBatch;
    }

    public bool HasRoom
    {
        get
        {
            lock (_gate)
            {
                ThrowIfFailed();
                return _closed - _acknowledged < (ulong)_retainedMax;
            }
        }
    }

    public long BatchesAcknowledged => Volatile.Read(ref _batchesAcknowledged);

    public FeedTotals Totals
    {
        get
        {
            lock (_gate)
            {
                var outcomes = new OutcomeCounts();
                outcomes.Add(_outcomesBefore);
                outcomes.Add(_outcomes);
                return new FeedTotals
                {
                    Events = _events,
                    Batches = _batches,
                    BatchBytes = _batchBytes,
                    EventsAcknowledged = _eventsAcknowledged,
                    BatchesAcknowledged = _batchesAcknowledged,
                    Outcomes = outcomes,
                    Reconnects = _reconnects,
                };
            }
        }
    }

    /// <summary>Adds a batch as the next number.</summary>
    public void Add(RetainedBatch batch)
    {
        lock (_gate)
        {
            batch.Number = ++_closed;
            Slot(batch.Number) = batch;
            _batches++;
            _events += batch.Events;
            _batchBytes += batch.PayloadBytes;
        }
    }

    /// <summary>The next batch to send, if there is one that the server allows to be outstanding. <see cref="EndSend"/> must follow.</summary>
    public bool TryBeginSend(out RetainedBatch batch)
    {
        lock (_gate)
        {
            batch = null!;
            if (_sent == _closed || _sent - _acknowledged >= (ulong)_outstandingMax)
            {
                return false;
            }

            batch = Slot(++_sent)!;
            batch.BeginSend();
            return true;
        }
    }

    public void EndSend(RetainedBatch batch)
    {
        lock (_gate)
        {
            batch.EndSend();
        }
    }

    /// <summary>Takes an acknowledgement of the server.</summary>
    /// <exception cref="GridException">It is not well formed or acknowledges what was not sent.</exception>
    public void Acknowledge(ulong batch, ReadOnlySpan<byte> payload)
    {
        lock (_gate)
        {
            if (!AckFrame.TryRead(payload, _outcomesNext, out _, out var refusal))
            {
                throw new GridException(refusal.Code, refusal.Message);
            }

            if (batch > _sent)
            {
                throw new GridException(GridErrorCode.Malformed, $"the server acknowledges batch {batch}, but only batch {_sent} was sent");
            }

            (_outcomes, _outcomesNext) = (_outcomesNext, _outcomes);
            Drop(batch);
            Pulse();
        }
    }

    /// <summary>
    /// Goes on over a new connection: what the server has is dropped, the rest is sent again. False if the server lost
    /// batches that it acknowledged.
    /// </summary>
    /// <exception cref="GridException">The server has batches of this epoch that this client never sent.</exception>
    public bool TryResume(ulong lastDurableBatch, int outstandingMax)
    {
        lock (_gate)
        {
            if (lastDurableBatch > _sent)
            {
                throw new GridException(
                    GridErrorCode.BatchNumberReused, $"the server has batch {lastDurableBatch} of this epoch, but this client sent no further than {_sent}: another client uses the same producer and epoch");
            }

            BeginConnection(outstandingMax);
            if (lastDurableBatch < _acknowledged)
            {
                return false;
            }

            Drop(lastDurableBatch);
            _sent = _acknowledged;
            Pulse();
            return true;
        }
    }

    /// <summary>Goes on in a new epoch: what is not acknowledged gets new numbers, after the last that the server has.</summary>
    public void Renumber(ulong lastDurableBatch, int outstandingMax)
    {
        lock (_gate)
        {
            BeginConnection(outstandingMax);
            var kept = new List<RetainedBatch>();
            for (var number = _acknowledged + 1; number <= _closed; number++)
            {
                kept.Add(Slot(number)!);
                Slot(number) = null;
            }

            _acknowledged = _sent = _closed = lastDurableBatch;
            foreach (var batch in kept)
            {
                batch.Number = ++_closed;
                Slot(batch.Number) = batch;
            }

            Pulse();
        }
    }

    /// <summary>Ends every wait, now and later, with an error.</summary>
    public void Fail(GridException failure)
    {
        lock (_gate)
        {
            _failure ??= failure;
            Pulse();
        }
    }

    /// <exception cref="GridException">The client cannot go on.</exception>
    public Task WaitForRoomAsync(CancellationToken cancel) => WaitAsync(static w => w._closed - w._acknowledged < (ulong)w._retainedMax, cancel);

    /// <exception cref="GridException">The client cannot go on.</exception>
    public Task WaitForAllAsync(CancellationToken cancel) => WaitAsync(static w => w._closed == w._acknowledged, cancel);

    private async Task WaitAsync(Func<BatchWindow, bool> holds, CancellationToken cancel)
    {
        while (true)
        {
            Task changed;
            lock (_gate)
            {
                ThrowIfFailed();
                if (holds(this))
                {
                    return;
                }

                _changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                changed = _changed.Task;
            }

            await changed.WaitAsync(cancel);
        }
    }

    private void BeginConnection(int outstandingMax)
    {
        _outcomesBefore.Add(_outcomes);
        _outcomes.Clear();
        _outstandingMax = outstandingMax;
        _reconnects++;
    }

    private void Drop(ulong upTo)
    {
        while (_acknowledged < upTo)
        {
            ref var slot = ref Slot(++_acknowledged);
            _batchesAcknowledged++;
            _eventsAcknowledged += slot!.Events;
            slot.Done();
            slot = null;
        }
    }

    private void Pulse()
    {
        _changed?.TrySetResult();
        _changed = null;
    }

    private void ThrowIfFailed()
    {
        if (_failure is { } failure)
        {
            throw new GridException(failure.Code, failure.Message, failure);
        }
    }

    private ref RetainedBatch? Slot(ulong number) => ref _ring[number % (ulong)_ring.Length];
}
