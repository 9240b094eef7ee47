using Grid.Domain.Validation;

namespace Grid.Runtime.Feeds;

/// <summary>A batch of a feed that is not acknowledged yet.</summary>
internal sealed class InFlightBatch
{
    public ulong Number { get; set; }

    public ulong Epoch { get; set; }

    /// <summary>Its input frame; 0 of a retry.</summary>
    public ulong InputLsn { get; set; }

    /// <summary>The frame that must be flushed before the batch is acknowledged; null until the batch is applied.</summary>
    public ulong? OutcomeLsn { get; set; }

    public bool IsRetry { get; set; }

    /// <summary>When it came, on the clock that measures.</summary>
    public long ReceivedTimestamp { get; set; }

    public int Events { get; set; }

    public OutcomeCounts Counts { get; } = new();
}

/// <summary>One feed's batches between journal and acknowledgement, in order. Of the sequencer's thread.</summary>
internal sealed class InFlightBatches
{
    private readonly Queue<InFlightBatch> _batches = new();
    private readonly Stack<InFlightBatch> _pool = new();

    /// <summary>True if the oldest batch only waits for a flush or, as a retry, for its original on another feed.</summary>
    public bool IsOldestComplete => _batches.TryPeek(out var batch) && batch.OutcomeLsn is not null;

    public InFlightBatch Enqueue(ulong number, ulong epoch)
    {
        var batch = _pool.TryPop(out var free) ? free : new InFlightBatch();
        batch.Number = number;
        batch.Epoch = epoch;
        batch.InputLsn = 0;
        batch.OutcomeLsn = null;
        batch.IsRetry = false;
        batch.Counts.Clear();
        _batches.Enqueue(batch);
        return batch;
    }

    /// <summary>Gives a batch that was taken back.</summary>
    public void Return(InFlightBatch batch) => _pool.Push(batch);

    public void Complete(ulong number, ulong outcomeLsn, ReadOnlySpan<Outcome> outcomes)
    {
        var batch = Find(number);
        batch.OutcomeLsn = outcomeLsn;
        batch.Events = outcomes.Length;
        foreach (var outcome in outcomes)
        {
            batch.Counts.Add(outcome);
        }
    }

    /// <summary>Puts a retry in its place, which needs no outcomes but its original's.</summary>
    public void EnqueueRetry(ulong number, ulong epoch, int events)
    {
        var batch = Enqueue(number, epoch);
        batch.OutcomeLsn = 0;
        batch.IsRetry = true;
        batch.Events = events;
        batch.Counts.Add(Outcome.Duplicate, events);
    }

    /// <summary>Takes the oldest batch if its outcomes are flushed; a retried one if its original is durable.</summary>
    public bool TryTake(ulong flushedLsn, ulong durableBatch, out InFlightBatch batch)
    {
        if (_batches.TryPeek(out batch!) && batch.OutcomeLsn <= flushedLsn && (!batch.IsRetry || batch.Number <= durableBatch))
        {
            _batches.Dequeue();
            return true;
        }

        return false;
    }

    // A retry and its original may both be in flight; the one that is not complete is meant.
    private InFlightBatch Find(ulong number)
    {
        foreach (var batch in _batches)
        {
            if (batch.Number == number && batch.OutcomeLsn is null)
            {
                return batch;
            }
        }

        throw new InvalidOperationException($"batch {number} is not in flight");
    }
}
