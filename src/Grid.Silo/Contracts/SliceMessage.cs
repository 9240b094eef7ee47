using System.Collections.Immutable;

namespace Grid.Silo.Contracts;

/// <summary>What a batch has for one instrument.</summary>
/// <param name="Producer">Who sent the batch.</param>
/// <param name="ProducerEpoch">In which life.</param>
/// <param name="Batch">Its number.</param>
/// <param name="ReceivedAtNs">When it was received: nanoseconds since 1970 UTC.</param>
/// <param name="Events">The events, as <see cref="Runtime.Clustering.NamedEvents"/>.</param>
/// <param name="Refused">Events that the database did not take when the slice was tried before.</param>
[GenerateSerializer]
[Immutable]
[Alias("grid.slice")]
public sealed record SliceMessage(
    [property: Id(0)] string Producer,
    [property: Id(1)] ulong ProducerEpoch,
    [property: Id(2)] ulong Batch,
    [property: Id(3)] long ReceivedAtNs,
    [property: Id(4)] byte[] Events,
    [property: Id(5)] ImmutableArray<RefusedEvent> Refused);

/// <summary>An event that the database does not take.</summary>
/// <param name="Place">Its place among the events of the slice; -1 if it is not known which it is, and all are meant.</param>
/// <param name="Message">What the database said.</param>
[GenerateSerializer]
[Immutable]
[Alias("grid.refused-event")]
public readonly record struct RefusedEvent([property: Id(0)] int Place, [property: Id(1)] string Message);

/// <summary>What became of a slice.</summary>
public enum SliceResult
{
    /// <summary>It is committed.</summary>
    Committed = 0,

    /// <summary>It was committed before.</summary>
    Known = 1,

    /// <summary>The grain has given up its state, and nothing of the slice is committed by it: try again.</summary>
    GivenUp = 2,

    /// <summary>The database does not take some of its events: try again, and name them.</summary>
    Refused = 3,

    /// <summary>Its batch is older than the grain can tell.</summary>
    TooOld = 4,

    /// <summary>A later life of its producer has sent slices.</summary>
    OldProducer = 5,

    /// <summary>Its bytes cannot be read.</summary>
    Malformed = 6,
}

/// <summary>Answers a slice.</summary>
/// <param name="Result">What became of it.</param>
/// <param name="Outcomes">How many events had which outcome; of one that was known, all are duplicates.</param>
/// <param name="Refused">The events that the database does not take.</param>
/// <param name="Why">A sentence; null if it is committed.</param>
[GenerateSerializer]
[Immutable]
[Alias("grid.slice-answer")]
public sealed record SliceAnswer(
    [property: Id(0)] SliceResult Result,
    [property: Id(1)] ImmutableArray<OutcomeCount> Outcomes,
    [property: Id(2)] ImmutableArray<RefusedEvent> Refused,
    [property: Id(3)] string? Why)
{
    /// <summary>A refusal.</summary>
    public static SliceAnswer Of(SliceResult result, string why) => new(result, [], [], why);
}

/// <summary>How many events had an outcome.</summary>
/// <param name="Outcome">As <see cref="Domain.Validation.Outcome.Value"/>.</param>
/// <param name="Count">Events.</param>
[GenerateSerializer]
[Immutable]
[Alias("grid.outcome-count")]
public readonly record struct OutcomeCount([property: Id(0)] byte Outcome, [property: Id(1)] long Count);
