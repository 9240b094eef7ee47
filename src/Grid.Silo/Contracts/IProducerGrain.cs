using System.Collections.Immutable;

namespace Grid.Silo.Contracts;

/// <summary>One producer: takes its batches, sends each instrument its slice, and knows how far they are in. Its key is the producer's name.</summary>
[Alias("grid.producer")]
public interface IProducerGrain : IGrainWithStringKey
{
    /// <summary>Begins or goes on with a life of the producer, and gives the batch behind which it goes on; null if a later life has begun.</summary>
    [Alias("open")]
    Task<ulong?> Open(ulong epoch);

    /// <summary>Commits a batch, once, however often it is sent; answers when all of it is committed. Batches may be on their way side by side.</summary>
    [Alias("publish")]
    [ResponseTimeout("00:05:00")]
    Task<BatchAnswer> Publish(BatchMessage batch);
}

/// <summary>A batch of a producer.</summary>
/// <param name="ProducerEpoch">The life in which it was sent.</param>
/// <param name="Number">Its number in that life, from 1 without holes.</param>
/// <param name="ReceivedAtNs">When it was received: nanoseconds since 1970 UTC.</param>
/// <param name="Events">The events, as <see cref="Runtime.Clustering.NamedEvents"/>.</param>
[GenerateSerializer]
[Immutable]
[Alias("grid.batch")]
public sealed record BatchMessage(
    [property: Id(0)] ulong ProducerEpoch, [property: Id(1)] ulong Number, [property: Id(2)] long ReceivedAtNs, [property: Id(3)] byte[] Events);

/// <summary>What became of a batch.</summary>
public enum BatchResult
{
    /// <summary>All of it is committed.</summary>
    Committed = 0,

    /// <summary>All of it was committed before.</summary>
    Known = 1,

    /// <summary>Its bytes cannot be read, and nothing of it is committed.</summary>
    Malformed = 2,

    /// <summary>One of its sources never declared itself, and nothing of it is committed.</summary>
    UnknownSource = 3,

    /// <summary>Its number was used before with other content.</summary>
    NumberReused = 4,

    /// <summary>A batch before it was never received.</summary>
    NumberSkipped = 5,

    /// <summary>It is older than the batches whose content is remembered, or than an instrument can tell.</summary>
    TooOld = 6,

    /// <summary>A later life of the producer has begun.</summary>
    OldEpoch = 7,

    /// <summary>Too many batches are on their way: try again when one of them is answered.</summary>
    Busy = 8,

    /// <summary>Not all of it could be committed in the attempts that are made: send it again.</summary>
    Failed = 9,
}

/// <summary>Answers a batch.</summary>
/// <param name="Result">What became of it.</param>
/// <param name="Outcomes">How many events had which outcome; events of slices that were known are duplicates.</param>
/// <param name="Why">A sentence; null if it is committed.</param>
[GenerateSerializer]
[Immutable]
[Alias("grid.batch-answer")]
public sealed record BatchAnswer([property: Id(0)] BatchResult Result, [property: Id(1)] ImmutableArray<OutcomeCount> Outcomes, [property: Id(2)] string? Why)
{
    /// <summary>An answer without outcomes.</summary>
    public static BatchAnswer Of(BatchResult result, string? why) => new(result, [], why);
}
