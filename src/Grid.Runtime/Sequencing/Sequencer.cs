using Grid.Domain.Dedup;
using Grid.Domain.Identifiers;
using Grid.Runtime.Feeds;
using Grid.Storage.Journal;
using Grid.Storage.Postgres;

namespace Grid.Runtime.Sequencing;

/// <summary>
/// Puts everything in one order, that of the journal: batches before they are applied, outcomes after, and
/// acknowledgements once the outcomes are flushed. Knows no threads: one caller drives it.
/// </summary>
internal sealed class Sequencer(JournalWriter journal, GridImage image, Action<PendingBatch> dispatch, Action<PendingBatch> release)
{
    // Feeds that have completed batches whose outcomes are not flushed yet.
    private readonly List<EmbeddedFeed> _awaitingFlush = [];

    // Feeds that have flushed batches which are not known to be in PostgreSQL, and the last input that is.
    private readonly List<EmbeddedFeed> _awaitingCommit = [];
    private ulong _committedLsn;
    private readonly byte[] _head = new byte[InputFrame.HeadBytesMax];
    private byte[] _outcomeBuffer = new byte[OutcomeFrame.BytesMax(1024)];
    private ulong _lastInputLsn = image.AppliedLsn;

    /// <summary>The newest input that was dispatched.</summary>
    public ulong LastInputLsn => _lastInputLsn;

    /// <summary>True if a flush would acknowledge something although all frames are flushed: retried batches.</summary>
    public bool HasAcknowledgements => _awaitingFlush.Count > 0;

    /// <summary>Journal frames appended and not flushed.</summary>
    public bool HasUnflushed => journal.LastLsn != journal.FlushedLsn;

    /// <summary>Appends a batch and hands it to the shards.</summary>
    public void Accept(PendingBatch batch)
    {
        if (batch.IsRetry)
        {
            AcceptRetry(batch);
            return;
        }

        var feed = batch.Feed!;
        var length = InputFrame.WriteHead(_head, batch.Epoch, batch.Number, batch.ReceivedAt, feed.ProducerBytes);
        batch.Lsn = journal.Append(JournalFrameType.Input, feed.Dictionary, _head.AsSpan(0, length), batch.Payload);
        _lastInputLsn = batch.Lsn;
        image.Subscriptions.Flushed.Sequenced(batch.Lsn);
        feed.Producer.SetSequenced(batch.Epoch, batch.Number);
        image.Gaps.Observe(batch.Events.Events, image.Context);
        var inFlight = feed.InFlight.Enqueue(batch.Number, batch.Epoch);
        inFlight.ReceivedTimestamp = batch.ReceivedTimestamp;
        inFlight.InputLsn = batch.Lsn;
        batch.MakeRoomForOutcomes();
        batch.BeginApplying(image.Shards.Length);
        dispatch(batch);
    }

    /// <summary>Appends the outcomes of a batch that all shards have applied.</summary>
    public void Complete(PendingBatch batch)
    {
        var lsn = AppendOutcomes(batch);
        var feed = batch.Feed!;
        feed.InFlight.Complete(batch.Number, lsn, batch.Outcomes);
        image.Subscriptions.Flushed.Decided(batch.Lsn, lsn, journal.FlushedLsn);
        AwaitFlush(feed);
        release(batch);
    }

    /// <summary>Appends the outcomes of a batch, and returns their frame.</summary>
    public ulong AppendOutcomes(PendingBatch batch)
    {
        var needed = OutcomeFrame.BytesMax(batch.Events.Count);
        if (_outcomeBuffer.Length < needed)
        {
            _outcomeBuffer = new byte[needed];
        }

        var length = OutcomeFrame.Write(_outcomeBuffer, batch.Lsn, batch.Outcomes);
        return journal.Append(JournalFrameType.Outcomes, null, _outcomeBuffer.AsSpan(0, length));
    }

    /// <summary>Appends a source's declaration, which holds for every later batch.</summary>
    public void Declare(SourceId id, SourceDeclaration declaration)
    {
        journal.Append(JournalFrameType.Source, null, SourceFrame.ToBytes(declaration));
        image.Context.Declare(id, declaration);
    }

    /// <summary>Makes everything appended durable and acknowledges what became so.</summary>
    public void Flush()
    {
        journal.Flush();
        Acknowledge();
    }

    /// <summary>
    /// Begins to make everything appended durable, for <see cref="JournalWriter.RunFlush"/> on another thread and then
    /// <see cref="EndFlush"/>. False if there is nothing to wait for: what needs no flush is acknowledged then.
    /// </summary>
    public bool BeginFlush()
    {
        if (journal.BeginFlush())
        {
            return true;
        }

        Acknowledge();
        return false;
    }

    /// <summary>Ends the flush that was begun and acknowledges what became durable.</summary>
    public void EndFlush()
    {
        journal.EndFlush();
        Acknowledge();
    }

    /// <summary>Acknowledges what waited for PostgreSQL: all inputs up to a frame are in it, and these batches of producers.</summary>
    public void Commit(ulong throughLsn, IReadOnlyList<ProducerRow> producers)
    {
        foreach (var producer in producers)
        {
            image.Producers.Get(producer.Name).SetCommitted(producer.Epoch, producer.LastBatch);
        }

        _committedLsn = throughLsn;
        AcknowledgeCommitted();
    }

    // Twice, as a retry may wait for its original there too.
    private void AcknowledgeCommitted()
    {
        for (var pass = 0; pass < 2; pass++)
        {
            foreach (var feed in _awaitingCommit)
            {
                feed.AcknowledgeCommitted(_committedLsn);
            }
        }

        _awaitingCommit.RemoveAll(feed => !feed.IsAwaitingCommit);
    }

    private void Acknowledge()
    {
        // Twice: a retry may wait for its original, which another feed of the same producer acknowledges.
        for (var pass = 0; pass < 2; pass++)
        {
            foreach (var feed in _awaitingFlush)
            {
                feed.AcknowledgeThrough(journal.FlushedLsn);
                if (feed.IsAwaitingCommit && !_awaitingCommit.Contains(feed))
                {
                    _awaitingCommit.Add(feed);
                }
            }
        }

        foreach (var feed in _awaitingFlush)
        {
            feed.IsAwaitingFlush = feed.InFlight.IsOldestComplete;
        }

        _awaitingFlush.RemoveAll(feed => !feed.IsAwaitingFlush);
        if (_awaitingCommit.Count > 0)
        {
            AcknowledgeCommitted();
        }
    }

    private void AcceptRetry(PendingBatch batch)
    {
        // The batch's own frames were appended before; what is appended by now is enough to wait for.
        var feed = batch.Feed!;
        feed.InFlight.EnqueueRetry(batch.Number, batch.Epoch, batch.RetriedEvents);
        AwaitFlush(feed);
        release(batch);
    }

    private void AwaitFlush(EmbeddedFeed feed)
    {
        if (!feed.IsAwaitingFlush)
        {
            feed.IsAwaitingFlush = true;
            _awaitingFlush.Add(feed);
        }
    }
}
