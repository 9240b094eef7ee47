using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Runtime.Sequencing;
using Grid.Storage;
using Grid.Storage.Journal;

namespace Grid.Runtime.Recovery;

/// <summary>
/// Decodes the inputs of a journal and pairs them with what was decided of them. Batches are given in the order of their
/// inputs, though outcomes of several shards may come in another.
/// </summary>
/// <param name="names">Names that are met are numbered here.</param>
/// <param name="afterLsn">Frames up to this one are not shown; outcomes of inputs up to it are passed over.</param>
internal sealed class PairedBatches(GridNames names, ulong afterLsn)
{
    private readonly Queue<PlayedBatch> _waiting = new();
    private readonly List<(ulong First, ulong Last)> _gaps = [];

    // Inputs up to the first of these were taken; for those up to the second no outcomes will come any more.
    private ulong _taken = afterLsn;
    private ulong _settledThrough;

    /// <summary>The gaps that a repair left, as first and last frame lost.</summary>
    public IReadOnlyList<(ulong First, ulong Last)> Gaps => _gaps;

    /// <summary>Decodes an input frame into an empty batch, which waits for its outcomes from here on.</summary>
    /// <exception cref="GridStorageException">The frame cannot be read.</exception>
    public ReadOnlySpan<byte> AddInput(in JournalFrame frame, PlayedBatch played, out InputHead head)
    {
        var payload = InputFrame.Read(frame.Payload, frame.Lsn, out head);
        var dictionary = frame.Names ?? throw new GridStorageException($"journal frame {frame.Lsn} is an input without a dictionary");
        var batch = played.Batch;
        var fault = EventBatchDecoder.Decode(payload, PlayedNames.Of(dictionary, names).Maps(), head.ReceivedAt, batch.Events, out var row);
        if (fault != BatchFault.None)
        {
            throw new GridStorageException($"journal frame {frame.Lsn} holds a batch that cannot be read: {fault} at row {row}");
        }

        batch.Lsn = frame.Lsn;
        batch.Producer = head.Producer;
        batch.Epoch = head.Epoch;
        batch.Number = head.Batch;
        batch.ReceivedAt = head.ReceivedAt;
        batch.MakeRoomForOutcomes();
        played.IsDecided = false;
        _waiting.Enqueue(played);
        return payload;
    }

    /// <summary>Takes in a frame of outcomes.</summary>
    /// <exception cref="GridStorageException">The frame cannot be read, or belongs to no input before it.</exception>
    public void AddOutcomes(in JournalFrame frame)
    {
        var input = OutcomeFrame.InputLsn(frame.Payload, frame.Lsn);
        foreach (var played in _waiting)
        {
            if (played.Batch.Lsn == input)
            {
                OutcomeFrame.Read(frame.Payload, frame.Lsn, played.Batch.Outcomes);
                played.IsDecided = true;
                SettleThrough(LostOutcomesBefore(input));
                return;
            }
        }

        // Else the input is lost, or its outcomes came so late behind a gap that it had to go without them.
        if (input > _taken && !_gaps.Exists(gap => gap.First <= input && input <= gap.Last))
        {
            throw new GridStorageException($"journal frame {frame.Lsn} holds outcomes of frame {input}, which is no input before it");
        }
    }

    /// <summary>Takes in a frame that stands where others were lost.</summary>
    public void AddGap(in JournalFrame frame) => _gaps.Add((frame.Lsn, frame.LostThrough));

    /// <summary>From here on inputs up to a frame are given whether they are decided or not.</summary>
    public void SettleThrough(ulong input) => _settledThrough = Math.Max(_settledThrough, input);

    /// <summary>Takes the oldest batch if it is decided, or if it never will be.</summary>
    public bool TryTake(out PlayedBatch played) =>
        _waiting.TryPeek(out played!) && (played.IsDecided || played.Batch.Lsn <= _settledThrough) && Take();

    /// <summary>Takes the oldest batch, decided or not.</summary>
    public bool TryTakeAny(out PlayedBatch played) => _waiting.TryPeek(out played!) && Take();

    private bool Take()
    {
        _taken = _waiting.Dequeue().Batch.Lsn;
        return true;
    }

    // The newest input before another whose outcomes may be lost: there is a gap between it and here. Outcomes come in the
    // order of their inputs, so they will not come any more.
    private ulong LostOutcomesBefore(ulong input) => _gaps.Count == 0 ? 0 : Math.Min(input - 1, _gaps[^1].First);
}
