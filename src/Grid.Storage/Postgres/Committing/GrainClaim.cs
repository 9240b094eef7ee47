using Grid.Domain.Identifiers;

namespace Grid.Storage.Postgres.Committing;

/// <summary>
/// The right of one activation to write a grain, until a later one claims it. Slices and snapshots of it are committed in the
/// order in which they are handed over; after one is refused, so is everything behind it.
/// </summary>
public sealed class GrainClaim
{
    // Of the thread that commits: what is committed while this claim is valid.
    private readonly Dictionary<string, SliceWindow> _windows = new(StringComparer.Ordinal);
    private CommitRefusedException? _refusal;
    private int _isSaving;

    internal GrainClaim(GrainKey key, int id, long epoch, InstrumentId instrument, UnixNanos? tailFrom)
    {
        Key = key;
        Id = id;
        Epoch = epoch;
        Instrument = instrument;
        TailFrom = tailFrom;
    }

    /// <summary>Which grain.</summary>
    public GrainKey Key { get; }

    /// <summary>The activation: 1 for the first of the grain, and so on.</summary>
    public long Epoch { get; }

    /// <summary>Why nothing of it can be committed any more; null while it can.</summary>
    public CommitRefusedException? Refusal => Volatile.Read(ref _refusal);

    /// <summary>The grain's number in the database; commits lock grains in this order.</summary>
    internal int Id { get; }

    /// <summary>The instrument that its events are of; none for a CUSIP.</summary>
    internal InstrumentId Instrument { get; }

    /// <summary>What the column <c>tail_from</c> holds. Of the thread that commits.</summary>
    internal UnixNanos? TailFrom { get; set; }

    /// <summary>A slice with no events in it yet.</summary>
    /// <param name="producer">Who sent its batch.</param>
    /// <param name="producerEpoch">In which life.</param>
    /// <param name="batch">The batch's number, from 1.</param>
    /// <param name="capacity">Events to come.</param>
    public CommitSlice NewSlice(string producer, ulong producerEpoch, ulong batch, int capacity = 0) => new(this, producer, producerEpoch, batch, capacity);

    /// <inheritdoc/>
    public override string ToString() => $"{Key}, activation {Epoch}";

    internal SliceWindow WindowOf(string producer) => _windows.GetValueOrDefault(producer);

    internal void SetWindow(string producer, SliceWindow window) => _windows[producer] = window;

    /// <summary>Nothing of it is committed any more. The first reason stays.</summary>
    internal void Refuse(CommitRefusedException refusal) => Interlocked.CompareExchange(ref _refusal, refusal, null);

    /// <summary>What to answer to what comes behind something that was refused.</summary>
    internal CommitRefusedException? RefusalOfNext() => Refusal is not { } first ? null
        : first.Reason is CommitRefusal.StaleGrain or CommitRefusal.StaleSilo or CommitRefusal.Stopped ? first
        : new CommitRefusedException(CommitRefusal.BehindRefused, $"an earlier slice of {this} was refused: {first.Message}", cause: first);

    internal bool TryBeginSaving() => Interlocked.Exchange(ref _isSaving, 1) == 0;

    internal void EndSaving() => Volatile.Write(ref _isSaving, 0);
}
