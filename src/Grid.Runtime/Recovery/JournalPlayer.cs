using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain;
using Grid.Runtime.Sequencing;
using Grid.Storage;
using Grid.Storage.Journal;

namespace Grid.Runtime.Recovery;

/// <summary>
/// Applies journal frames to an image: recorded outcomes hold as they are; what has none at the end is decided anew.
/// </summary>
internal sealed class JournalPlayer(GridImage image, bool reevaluate)
{
    private readonly Queue<Played> waiting = new();
    private readonly Stack<Played> pool = new();

    /// <summary>Input frames applied.</summary>
    public long Batches { get; private set; }

    /// <summary>Events applied.</summary>
    public long Events { get; private set; }

    /// <summary>The text of the newest configuration frame, or null.</summary>
    public string? Configuration { get; private set; }

    /// <summary>Applies all frames after one that a snapshot covers.</summary>
    public void Play(JournalReader reader, ulong afterLsn)
    {
        while (reader.TryRead(out var frame))
        {
            if (frame.Lsn <= afterLsn)
            {
                continue;
            }

            switch (frame.Type)
            {
                case JournalFrameType.Input:
                    TakeInput(in frame);
                    break;
                case JournalFrameType.Outcomes:
                    TakeOutcomes(in frame, afterLsn);
                    break;
                case JournalFrameType.Source:
                    var state = new StateReader(frame.Payload);
                    var declaration = SourceFrame.Read(ref state);
                    image.Context.Declare(new SourceId((ushort)image.Names.Sources.GetOrAdd(declaration.Name)), declaration);
                    break;
                case JournalFrameType.Configuration:
                    Configuration = System.Text.Encoding.UTF8.GetString(frame.Payload);
                    break;
            }
        }
    }

    /// <summary>Decides what has no recorded outcome, in order, and gives each such batch to be journaled.</summary>
    public void DecideRest(Action<PendingBatch> journal)
    {
        while (waiting.TryDequeue(out var played))
        {
            var isNew = !played.IsDecided;
            Apply(played);
            if (isNew)
            {
                journal(played.Batch);
            }

            Return(played);
        }
    }

    private void TakeInput(in JournalFrame frame)
    {
        var payload = InputFrame.Read(frame.Payload, frame.Lsn, out var head);
        var names = frame.Names ?? throw new GridStorageException($"journal frame {frame.Lsn} is an input without a dictionary");
        var played = pool.TryPop(out var free) ? free : new Played();
        var batch = played.Batch;
        var fault = EventBatchDecoder.Decode(payload, PlayedNames.Of(names, image.Names).Maps(), head.ReceivedAt, batch.Events, out var row);
        if (fault != BatchFault.None)
        {
            throw new GridStorageException($"journal frame {frame.Lsn} holds a batch that cannot be read: {fault} at row {row}");
        }

        batch.Lsn = frame.Lsn;
        batch.Producer = head.Producer;
        batch.BeginApplying(image.Shards.Length);
        played.IsDecided = false;
        image.Producers.Replay(head.Producer, head.Epoch, head.Batch, payload);
        image.Gaps.Observe(batch.Events.Events, image.Context);
        waiting.Enqueue(played);
    }

    private void TakeOutcomes(in JournalFrame frame, ulong afterLsn)
    {
        var input = OutcomeFrame.InputLsn(frame.Payload, frame.Lsn);
        if (input <= afterLsn || reevaluate)
        {
            ApplyDecided(input);
            return;
        }

        foreach (var played in waiting)
        {
            if (played.Batch.Lsn == input)
            {
                OutcomeFrame.Read(frame.Payload, frame.Lsn, played.Batch.Outcomes);
                played.IsDecided = true;
                ApplyDecided(0);
                return;
            }
        }

        throw new GridStorageException($"journal frame {frame.Lsn} holds outcomes of frame {input}, which is no input before it");
    }

    // Batches are applied in the order of their inputs, though outcomes of several shards may come in another.
    private void ApplyDecided(ulong evenIfUndecidedThrough)
    {
        while (waiting.TryPeek(out var first) && (first.IsDecided || first.Batch.Lsn <= evenIfUndecidedThrough))
        {
            waiting.Dequeue();
            Apply(first);
            Return(first);
        }
    }

    private void Apply(Played played)
    {
        foreach (var shard in image.Shards)
        {
            if (played.IsDecided)
            {
                shard.Replay(played.Batch);
            }
            else
            {
                shard.Process(played.Batch);
            }
        }

        image.AppliedLsn = played.Batch.Lsn;
        Batches++;
        Events += played.Batch.Events.Count;
    }

    private void Return(Played played)
    {
        played.Batch.Reset();
        pool.Push(played);
    }

    private sealed class Played
    {
        public PendingBatch Batch { get; } = new();

        public bool IsDecided { get; set; }
    }
}
