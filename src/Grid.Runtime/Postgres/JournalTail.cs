using Grid.Domain.Identifiers;
using Grid.Runtime.Recovery;
using Grid.Storage;
using Grid.Storage.Journal;

namespace Grid.Runtime.Postgres;

/// <summary>
/// Follows a journal beside its writer: gives each batch with what was decided of it, in the order of the inputs, and never
/// reads behind what is flushed.
/// </summary>
/// <remarks>Of one thread. The segments that it has yet to read must not be deleted.</remarks>
internal sealed class JournalTail : IDisposable
{
    // Batches kept for the next ones; more are given to the collector of garbage.
    private const int PooledMax = 64;

    private readonly JournalReader _reader;
    private readonly PairedBatches _pairs;
    private readonly Stack<PlayedBatch> _pool = new();

    /// <summary>A tail that begins behind a frame.</summary>
    /// <param name="journal">The journal's folder.</param>
    /// <param name="names">Names that are met are numbered here.</param>
    /// <param name="afterLsn">Inputs up to this frame are not wanted; 0 for all that there are.</param>
    /// <exception cref="GridStorageException">The frames behind it have been deleted, or are damaged.</exception>
    public JournalTail(IJournalDirectory journal, GridNames names, ulong afterLsn)
    {
        _reader = new JournalReader(journal, afterLsn == 0 ? 0 : afterLsn + 1, throughLsn: afterLsn);

        // Of a journal whose beginning is gone, outcomes come first that belong to inputs which went with it.
        _pairs = new PairedBatches(names, Math.Max(afterLsn, _reader.NextLsn - 1));
    }

    /// <summary>Bytes of frames read, from the first of the segment in which reading began.</summary>
    public long BytesRead => _reader.BytesRead;

    /// <summary>Gaps that a repair left, as first and last frame lost, as far as they have been read.</summary>
    public IReadOnlyList<(ulong First, ulong Last)> Gaps => _pairs.Gaps;

    /// <summary>
    /// The next batch in order, if it and its outcomes are flushed. One that is not decided lost its outcomes in a gap: what
    /// was decided of it is known to the instruments' states alone.
    /// </summary>
    /// <exception cref="GridStorageException">The journal is damaged.</exception>
    public bool TryTake(ulong flushedLsn, out PlayedBatch batch)
    {
        _reader.ReadThrough(flushedLsn);
        while (!_pairs.TryTake(out batch))
        {
            if (!_reader.TryRead(out var frame))
            {
                return false;
            }

            switch (frame.Type)
            {
                case JournalFrameType.Input:
                    _pairs.AddInput(in frame, _pool.TryPop(out var pooled) ? pooled : new PlayedBatch(), out _);
                    break;
                case JournalFrameType.Outcomes:
                    _pairs.AddOutcomes(in frame);
                    break;
                case JournalFrameType.Gap:
                    _pairs.AddGap(in frame);
                    break;
            }
        }

        return true;
    }

    /// <summary>Gives a batch back whose content is not needed any more.</summary>
    public void Return(PlayedBatch batch)
    {
        batch.Batch.Reset();
        if (_pool.Count < PooledMax)
        {
            _pool.Push(batch);
        }
    }

    public void Dispose() => _reader.Dispose();
}
