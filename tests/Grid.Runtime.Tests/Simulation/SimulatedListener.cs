using Grid.Domain;
using Grid.Domain.Validation;

namespace Grid.Runtime.Tests.Simulation;

/// <summary>Checks every acknowledgement of one connection against what was submitted on it.</summary>
internal sealed class SimulatedListener(SimulatedProducer producer, ulong epoch, AckLevel ack, BatchLedger ledger) : IFeedListener
{
    private readonly Queue<(ulong Number, int Events, bool IsRetry)> _submitted = new();
    private readonly OutcomeCounts _expected = new();
    private ulong _highest;
    private long _events;

    public void Submitted(ulong number, int events, bool isRetry) => _submitted.Enqueue((number, events, isRetry));

    public void Acknowledged(in Acknowledgement acknowledgement)
    {
        while (_events < acknowledgement.Events && _submitted.TryDequeue(out var batch))
        {
            Take(batch.Number, batch.Events, batch.IsRetry);
        }

        Assert.Equal(_events, acknowledgement.Events);
        Assert.Equal(_highest, acknowledgement.Batch);
        Assert.Equal(_expected.NonZero(), acknowledgement.Counts.NonZero());
        producer.NoteAcknowledged(epoch, acknowledgement.Batch);
    }

    public void Closed(GridException reason) => Assert.Equal(GridErrorCode.ProducerBusy, reason.Code);

    private void Take(ulong number, int events, bool isRetry)
    {
        _events += events;
        _highest = Math.Max(_highest, number);
        if (ack == AckLevel.Received)
        {
            return;
        }

        var key = new BatchKey(producer.Name, epoch, number);
        ledger.Acknowledged.Add(key);
        if (isRetry)
        {
            _expected.Add(Outcome.Duplicate, events);
            return;
        }

        foreach (var outcome in ledger.Decided[key])
        {
            _expected.Add(outcome);
        }
    }
}
