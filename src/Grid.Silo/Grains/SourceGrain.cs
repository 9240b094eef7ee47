using System.Collections.Immutable;
using Grid.Domain.Dedup;
using Grid.Runtime.Clustering;
using Grid.Silo.Contracts;
using Grid.Silo.Stores;
using Grid.Storage.Postgres.Committing;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Placement;

namespace Grid.Silo.Grains;

/// <summary>The gaps of one contiguous source. What is noted while one state is being saved is saved with the next.</summary>
[HashBasedPlacement]
[Reentrant]
internal sealed class SourceGrain(SiloStore store, ILogger<SourceGrain> log) : FencedGrain(store, GrainKind.Source, log), ISourceGrain
{
    private readonly SourceGaps _gaps = new();
    private readonly SavedTurns _turns = new();

    public Task Observe(ImmutableArray<SightingMessage> sightings)
    {
        RefuseIfGivenUp();
        return _gaps.Observe([.. sightings.Select(SightingOf)]) ? _turns.RunAsync(() => SaveAsync(_gaps.Save())) : _turns.AwaitAsync();
    }

    public Task<ImmutableArray<GapMessage>> GetGaps(int limit)
    {
        RefuseIfGivenUp();
        return Task.FromResult<ImmutableArray<GapMessage>>(
            [.. _gaps.Open().Take(limit).Select(g => new GapMessage(g.Channel, g.Session, g.FirstMissing, g.LastMissing))]);
    }

    protected override Task LoadAsync(LoadedGrain loaded, CancellationToken cancel)
    {
        if (loaded.Snapshot is { } snapshot)
        {
            _gaps.Load(snapshot.State);
        }

        return Task.CompletedTask;
    }

    protected override Task FlushAsync() => _turns.AwaitAsync();

    private static SourceSighting SightingOf(SightingMessage message) =>
        new(message.Channel, message.Session, [.. message.Numbers.Chunk(2).Select(pair => new SequenceRange(pair[0], pair[1]))]);
}
