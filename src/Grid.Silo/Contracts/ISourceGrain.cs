using System.Collections.Immutable;
using Orleans.Concurrency;

namespace Grid.Silo.Contracts;

/// <summary>The gaps of one contiguous source, over all instruments; its key is the source's name.</summary>
[Alias("grid.source")]
public interface ISourceGrain : IGrainWithStringKey
{
    /// <summary>Notes sequence numbers that a batch had; answers when that is durable. Seeing a number again changes nothing.</summary>
    [Alias("observe")]
    Task Observe(ImmutableArray<SightingMessage> sightings);

    /// <summary>The open gaps, by channel and session, the first so many.</summary>
    [Alias("gaps")]
    [ReadOnly]
    Task<ImmutableArray<GapMessage>> GetGaps(int limit);
}

/// <summary>Sequence numbers of one channel and session.</summary>
/// <param name="Channel">The channel; empty for none.</param>
/// <param name="Session">The session.</param>
/// <param name="Numbers">Ranges, ascending, each as its first and its last number.</param>
[GenerateSerializer]
[Immutable]
[Alias("grid.sighting")]
public sealed record SightingMessage([property: Id(0)] string Channel, [property: Id(1)] uint Session, [property: Id(2)] ImmutableArray<ulong> Numbers);

/// <summary>An open gap.</summary>
/// <param name="Channel">The channel; empty for none.</param>
/// <param name="Session">The session.</param>
/// <param name="FirstMissing">The first number that is missing.</param>
/// <param name="LastMissing">The last one.</param>
[GenerateSerializer]
[Immutable]
[Alias("grid.gap")]
public readonly record struct GapMessage(
    [property: Id(0)] string Channel, [property: Id(1)] uint Session, [property: Id(2)] ulong FirstMissing, [property: Id(3)] ulong LastMissing);
