using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain;
using Grid.Runtime.Sequencing;
using Grid.Storage;
using Grid.Storage.Journal;

namespace Grid.Runtime.Recovery;

/// <summary>
/// Applies journal frames to an image: recorded outcomes hold as they are; what has none at the end, or lost them in a gap
/// that a repair left, is decided anew.
/// </summary>
internal sealed class JournalPlayer(GridImage image, bool reevaluate)
{
    private readonly Queue<PlayedBatch> _waiting = new();
    private readonly List<(ulong First, ulong Last)> _gaps = [];

    /// <summary>Input frames applied.</summary>
    public long Batches { get; private set; }

    /// <summary>Events applied.</summary>
    public long Events { get; private set; }

    /// <summary>What a user should know of the journal that was played.</summary>
    public IEnumerable<string> Remarks => _gaps.Select(g => $"journal frames {g.First} to {g.Last} were lost before a repair: what they held is missing");

    /// <summary>The text of the newest configuration frame, or null.</summary>
    public string? Configuration { get; private set; }

    /// <summary>Applies all frames after one that a snapshot covers.</summary>
    public void Play(JournalReader reader, ulong afterLsn)
    {
        using var line = new ReplayLine(image.Shards);
        PlayFrames(reader, afterLsn, line);
        line.Finish();
    }

    /// <summary>Decides what has no recorded outcome, in order, and gives each such batch to be journaled.</summary>
    public void DecideRest(Action<PendingBatch> journal)
    {
        while (_waiting.TryDequeue(out var played))
        {
            foreach (var shard in image.Shards)
            {
                played.ApplyTo(shard);
            }

            Count(played);
            if (!played.IsDecided)
            {
                journal(played.Batch);
            }
        }
    }

    private void PlayFrames(JournalReader reader, ulong afterLsn, ReplayLine line)
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
                    TakeInput(in frame, line);
                    break;
                case JournalFrameType.Outcomes:
                    TakeOutcomes(in frame, afterLsn, line);
                    break;
                case JournalFrameType.Source:
                    TakeSource(in frame, line);
                    break;
                case JournalFrameType.Gap:
                    _gaps.Add((frame.Lsn, frame.LostThrough));
                    break;
                case JournalFrameType.Configuration:
                    Configuration = System.Text.Encoding.UTF8.GetString(frame.Payload);
                    break;
            }
        }
    }

    private void TakeSource(in JournalFrame frame, ReplayLine line)
    {
        if (_gaps.Count > 0)
        {
            // The first declaration may be lost: what came before this one was applied without it.
            line.Settle();
        }

        try
        {
            var reader = new StateReader(frame.Payload);
            var declaration = SourceFrame.Read(ref reader);
            image.Context.Declare(new SourceId((ushort)image.Names.Sources.GetOrAdd(declaration.Name)), declaration);
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            throw new GridStorageException($"journal frame {frame.Lsn} holds a source that cannot be read: {e.Message}", innerException: e);
        }
    }

    private void TakeInput(in JournalFrame frame, ReplayLine line)
    {
        var payload = InputFrame.Read(frame.Payload, frame.Lsn, out var head);
        var names = frame.Names ?? throw new GridStorageException($"journal frame {frame.Lsn} is an input without a dictionary");
        var played = line.Rent();
        var batch = played.Batch;
        var fault = PlayedNames.Of(names, image.Names).Decode(payload, head.ReceivedAt, batch.Events, out var row);
        if (fault != BatchFault.None)
        {
            throw new GridStorageException($"journal frame {frame.Lsn} holds a batch that cannot be read: {fault} at row {row}");
        }

        batch.Lsn = frame.Lsn;
        batch.Producer = head.Producer;
        batch.MakeRoomForOutcomes();
        played.IsDecided = false;
        image.Producers.Replay(head.Producer, head.Epoch, head.Batch, payload);
        image.Gaps.Observe(batch.Events.Events, image.Context);
        _waiting.Enqueue(played);
    }

    private void TakeOutcomes(in JournalFrame frame, ulong afterLsn, ReplayLine line)
    {
        var input = OutcomeFrame.InputLsn(frame.Payload, frame.Lsn);
        if (input <= afterLsn || reevaluate)
        {
            ApplyDecided(input, line);
            return;
        }

        foreach (var played in _waiting)
        {
            if (played.Batch.Lsn == input)
            {
                OutcomeFrame.Read(frame.Payload, frame.Lsn, played.Batch.Outcomes);
                played.IsDecided = true;
                ApplyDecided(LostOutcomesBefore(input), line);
                return;
            }
        }

        if (_gaps.Exists(gap => gap.First <= input && input <= gap.Last) || input <= image.AppliedLsn)
        {
            // The input is lost, or its outcomes came so late behind a gap that it had to be decided anew.
            return;
        }

        throw new GridStorageException($"journal frame {frame.Lsn} holds outcomes of frame {input}, which is no input before it");
    }

    // The newest input before another whose outcomes may be lost: there is a gap between it and here. Outcomes come in the
    // order of their inputs, so they will not come any more.
    private ulong LostOutcomesBefore(ulong input) => _gaps.Count == 0 ? 0 : Math.Min(input - 1, _gaps[^1].First);

    // Batches are applied in the order of their inputs, though outcomes of several shards may come in another.
    private void ApplyDecided(ulong evenIfUndecidedThrough, ReplayLine line)
    {
        while (_waiting.TryPeek(out var first) && (first.IsDecided || first.Batch.Lsn <= evenIfUndecidedThrough))
        {
            _waiting.Dequeue();
            Count(first);
            line.Add(first);
        }
    }

    private void Count(PlayedBatch played)
    {
        image.AppliedLsn = played.Batch.Lsn;
        Batches++;
        Events += played.Batch.Events.Count;
    }
}
