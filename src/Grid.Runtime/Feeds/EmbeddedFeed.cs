using System.Text;
using Grid.Domain;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;
using Grid.Runtime.Sequencing;
using Grid.Storage.Journal;

namespace Grid.Runtime.Feeds;

/// <summary>A producer's feed into the embedded grid.</summary>
internal sealed class EmbeddedFeed : IFeed
{
    private readonly FeedIntake _intake;
    private readonly Producer _producer;
    private readonly FeedHello _hello;
    private readonly IFeedListener _listener;

    // Of the caller. _maps[kind][n] is this process's number of the producer's number n; a source's is 0 until it is declared.
    private readonly NameMap[] _maps = [new(), new(), new(), new()];
    private readonly List<(int Index, int Number)> _undeclared = [];

    // Of the sequencer's thread; of the caller where "received" is asked for. A retry of an older batch takes nothing back.
    private readonly OutcomeCounts _acknowledgedCounts = new();
    private long _acknowledgedEvents;
    private ulong _acknowledgedBatch;

    // Batches that are flushed and wait for PostgreSQL. As many at most as a protocol lets a producer send ahead, or the caller waits.
    private readonly Queue<InFlightBatch> _awaitingCommit = new();
    private readonly SemaphoreSlim? _room;

    private bool _isClosed;

    public EmbeddedFeed(FeedIntake intake, Producer producer, FeedHello hello, IFeedListener listener)
    {
        _intake = intake;
        _producer = producer;
        _hello = hello;
        _listener = listener;
        Dictionary = intake.NewDictionary();
        ProducerBytes = Encoding.ASCII.GetBytes(hello.Producer);

        // What was received counts for one that asks for no more: told of less, it would send again, in another epoch, what the
        // grid has. After a crash both are the same.
        LastDurableBatch = hello.Ack switch
        {
            AckLevel.Received => producer.LastBatch,
            AckLevel.Committed => producer.CommittedBatch,
            _ => producer.DurableBatch,
        };
        _room = IsCommitted ? new SemaphoreSlim(GridLimits.FeedOutstandingBatchesMax) : null;
    }

    /// <inheritdoc/>
    public ulong LastDurableBatch { get; }

    public JournalDictionary Dictionary { get; }

    public byte[] ProducerBytes { get; }

    /// <summary>True if it is acknowledged what is in PostgreSQL.</summary>
    public bool IsCommitted => _hello.Ack == AckLevel.Committed;

    /// <summary>True while flushed batches of it wait for PostgreSQL. Of the sequencer's thread.</summary>
    public bool IsAwaitingCommit => _awaitingCommit.Count > 0;

    /// <summary>Who sends.</summary>
    public Producer Producer => _producer;

    /// <summary>Batches between journal and acknowledgement. Of the sequencer's thread.</summary>
    public InFlightBatches InFlight { get; } = new();

    /// <summary>True while the sequencer remembers to acknowledge after its next flush. Of its thread.</summary>
    public bool IsAwaitingFlush { get; set; }

    /// <inheritdoc/>
    public void AddName(NameKind kind, ReadOnlySpan<byte> name)
    {
        if (!NameRules.IsValid(name))
        {
            throw new GridException(GridErrorCode.BadName, $"{kind} number {_maps[(int)kind].Count}: {NameRules.Explain(name)}");
        }

        int index;
        try
        {
            index = _intake.Names[kind].GetOrAdd(name);
        }
        catch (ArgumentException full)
        {
            throw new GridException(GridErrorCode.TooLarge, $"{kind} number {_maps[(int)kind].Count}: {full.Message}", full);
        }

        Dictionary.Add(kind, name);
        var number = _maps[(int)kind].Count;
        if (kind == NameKind.Source && _intake.Context.Source(new SourceId((ushort)index)) is null)
        {
            _undeclared.Add((index, number));
            index = 0;
        }

        _maps[(int)kind].Add(index);
    }

    /// <inheritdoc/>
    public async ValueTask DeclareSourceAsync(SourceDeclaration declaration, CancellationToken cancel)
    {
        ArgumentNullException.ThrowIfNull(declaration);
        var id = await _intake.DeclareAsync(declaration, cancel).ConfigureAwait(false);
        foreach (var (_, number) in _undeclared.Where(u => u.Index == id.Value))
        {
            _maps[(int)NameKind.Source].Set(number, id.Value);
        }

        _undeclared.RemoveAll(u => u.Index == id.Value);
    }

    /// <inheritdoc/>
    public async ValueTask SubmitAsync(ulong batchNumber, ReadOnlyMemory<byte> payload, CancellationToken cancel)
    {
        if (_room is not null)
        {
            await _intake.UnlessStoppingAsync(_room.WaitAsync, cancel).ConfigureAwait(false);
        }

        var batch = await RentAsync(cancel).ConfigureAwait(false);
        try
        {
            Fill(batch, batchNumber, payload.Span);
        }
        catch
        {
            _intake.Release(batch);
            _room?.Release();
            throw;
        }

        // Once it is handed over, the batch is no longer ours; if it is refused, nothing is acknowledged.
        var events = batch.IsRetry ? batch.RetriedEvents : batch.Events.Count;
        EnqueueChecked(batch);
        if (_hello.Ack == AckLevel.Received)
        {
            _acknowledgedEvents += events;
            _acknowledgedBatch = Math.Max(_acknowledgedBatch, batchNumber);
            _listener.Acknowledged(new Acknowledgement(_acknowledgedBatch, _acknowledgedEvents, _acknowledgedCounts));
        }
    }

    /// <summary>Acknowledges all batches that are in PostgreSQL: those of inputs up to a frame. On the sequencer's thread.</summary>
    public void AcknowledgeCommitted(ulong throughLsn)
    {
        var isAny = false;
        while (_awaitingCommit.TryPeek(out var batch)
            && (batch.IsRetry ? batch.Number <= _producer.CommittedBatch : batch.InputLsn <= throughLsn))
        {
            _awaitingCommit.Dequeue();
            Count(batch);
            InFlight.Return(batch);
            _room!.Release();
            isAny = true;
        }

        if (isAny)
        {
            _listener.Acknowledged(new Acknowledgement(_acknowledgedBatch, _acknowledgedEvents, _acknowledgedCounts));
        }
    }

    /// <summary>Acknowledges all batches whose outcomes are flushed. On the sequencer's thread.</summary>
    public void AcknowledgeThrough(ulong flushedLsn)
    {
        var isAny = false;
        while (InFlight.TryTake(flushedLsn, _producer.DurableBatch, out var batch))
        {
            if (!batch.IsRetry)
            {
                _producer.SetDurable(batch.Epoch, batch.Number);
                _intake.Latencies.CountAcknowledged(batch.ReceivedTimestamp);
            }

            if (IsCommitted)
            {
                _awaitingCommit.Enqueue(batch);
                continue;
            }

            if (_hello.Ack != AckLevel.Received)
            {
                Count(batch);
                isAny = true;
            }

            InFlight.Return(batch);
        }

        if (isAny)
        {
            _listener.Acknowledged(new Acknowledgement(_acknowledgedBatch, _acknowledgedEvents, _acknowledgedCounts));
        }
    }

    /// <summary>Tells the listener that the grid closes the feed.</summary>
    public void CloseWith(GridException reason)
    {
        _isClosed = true;
        _room?.Release();
        _listener.Closed(reason);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _isClosed = true;
        lock (_producer.Gate)
        {
            _producer.Disconnect(this, _intake.Now());
        }

        _intake.Forget(this);
        return ValueTask.CompletedTask;
    }

    private void Count(InFlightBatch batch)
    {
        _acknowledgedEvents += batch.Events;
        _acknowledgedCounts.Add(batch.Counts);
        _acknowledgedBatch = Math.Max(_acknowledgedBatch, batch.Number);
    }

    private async ValueTask<PendingBatch> RentAsync(CancellationToken cancel)
    {
        try
        {
            return await _intake.RentAsync(cancel).ConfigureAwait(false);
        }
        catch
        {
            _room?.Release();
            throw;
        }
    }

    private void Fill(PendingBatch batch, ulong batchNumber, ReadOnlySpan<byte> payload)
    {
        if (payload.Length > GridLimits.BatchBytesMax)
        {
            throw new GridException(GridErrorCode.TooLarge, $"batch {batchNumber} has {payload.Length} bytes; at most {GridLimits.BatchBytesMax} are allowed");
        }

        batch.Feed = this;
        batch.Producer = _hello.Producer;
        batch.Epoch = _hello.Epoch;
        batch.Number = batchNumber;
        batch.ReceivedAt = _intake.Now();
        batch.ReceivedTimestamp = _intake.Latencies.Now();
        batch.IsRetry = batchNumber <= _producer.LastBatch;
        if (batch.IsRetry)
        {
            batch.RetriedEvents = EventBatchDecoder.CountOf(payload);
            batch.SetPayload(payload);
            return;
        }

        var fault = EventBatchDecoder.Decode(payload, Maps(), batch.ReceivedAt, batch.Events, out var row);
        if (fault != BatchFault.None)
        {
            throw new GridException(
                fault == BatchFault.Name ? GridErrorCode.UnknownName : fault == BatchFault.Version ? GridErrorCode.UnsupportedVersion : GridErrorCode.Malformed,
                $"batch {batchNumber} of producer '{_hello.Producer}', row {row}: {Explain(fault)}");
        }

        batch.SetPayload(payload);
    }

    private void EnqueueChecked(PendingBatch batch)
    {
        try
        {
            var fingerprint = Feeds.Producer.Fingerprint(batch.Payload);
            lock (_producer.Gate)
            {
                if (_producer.Owner != this || _isClosed)
                {
                    throw new GridException(GridErrorCode.ProducerBusy, $"producer '{_hello.Producer}' has another, newer connection");
                }

                _producer.See(batch.ReceivedAt);
                var isRetry = _producer.Check(batch.Number, fingerprint) == BatchStanding.Retried;
                if (!isRetry)
                {
                    _producer.Take(batch.Number, fingerprint);
                }

                _intake.Enqueue(batch);
            }
        }
        catch
        {
            _intake.Release(batch);
            _room?.Release();
            throw;
        }
    }

    private NameMaps Maps() => new(
        _maps[(int)NameKind.Instrument].Span, _maps[(int)NameKind.Source].Span, _maps[(int)NameKind.Venue].Span, _maps[(int)NameKind.Channel].Span);

    private static string Explain(BatchFault fault) => fault switch
    {
        BatchFault.Length => "the payload is longer or shorter than its rows",
        BatchFault.Version => "the payload's format version is not 1",
        BatchFault.Count => $"the payload must hold 1 to {GridLimits.BatchEventsMax} events",
        BatchFault.Row => "the row ends beyond the payload, or a number claims more than 8 bytes",
        BatchFault.Kind => "the kind does not exist, or its wider part does not fit it",
        _ => "an instrument, source, venue or channel number was not announced, or its source not declared",
    };
}
