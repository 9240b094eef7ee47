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
    private PairedBatches _pairs = new(image.Names, 0);

    /// <summary>Input frames applied.</summary>
    public long Batches { get; private set; }

    /// <summary>Events applied.</summary>
    public long Events { get; private set; }

    /// <summary>What a user should know of the journal that was played.</summary>
    public IEnumerable<string> Remarks => _pairs.Gaps.Select(g => $"journal frames {g.First} to {g.Last} were lost before a repair: what they held is missing");

    /// <summary>The text of the newest configuration frame, or null.</summary>
    public string? Configuration { get; private set; }

    /// <summary>Applies all frames after one that a snapshot covers.</summary>
    public void Play(JournalReader reader, ulong afterLsn)
    {
        _pairs = new PairedBatches(image.Names, afterLsn);
        using var line = new ReplayLine(image.Shards);
        PlayFrames(reader, afterLsn, line);
        line.Finish();
    }

    /// <summary>Decides what has no recorded outcome, in order, and gives each such batch to be journaled.</summary>
    public void DecideRest(Action<PendingBatch> journal)
    {
        while (_pairs.TryTakeAny(out var played))
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
                    TakeOutcomes(in frame, line);
                    break;
                case JournalFrameType.Source:
                    TakeSource(in frame, line);
                    break;
                case JournalFrameType.Gap:
                    _pairs.AddGap(in frame);
                    break;
                case JournalFrameType.Configuration:
                    Configuration = System.Text.Encoding.UTF8.GetString(frame.Payload);
                    break;
            }
        }
    }

    private void TakeSource(in JournalFrame frame, ReplayLine line)
    {
        if (_pairs.Gaps.Count > 0)
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
        var played = line.Rent();
        var payload = _pairs.AddInput(in frame, played, out var head);
        image.Producers.Replay(head.Producer, head.Epoch, head.Batch, payload);
        image.Gaps.Observe(played.Batch.Events.Events, image.Context);
    }

    private void TakeOutcomes(in JournalFrame frame, ReplayLine line)
    {
        if (reevaluate)
        {
            _pairs.SettleThrough(OutcomeFrame.InputLsn(frame.Payload, frame.Lsn));
        }
        else
        {
            _pairs.AddOutcomes(in frame);
        }

        while (_pairs.TryTake(out var played))
        {
            Count(played);
            line.Add(played);
        }
    }

    private void Count(PlayedBatch played)
    {
        image.AppliedLsn = played.Batch.Lsn;
        Batches++;
        Events += played.Batch.Events.Count;
    }
}
