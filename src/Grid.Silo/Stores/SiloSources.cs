using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Storage.Postgres.Committing;

namespace Grid.Silo.Stores;

/// <summary>What the sources declared, as far as this silo has met them. A declaration never changes, so one that is known is not asked for again.</summary>
internal sealed class SiloSources(ClusterSources declared, InstrumentContext context)
{
    private readonly Lock _gate = new();

    /// <summary>Asks for the declarations that are not known yet; gives the sources that have none.</summary>
    public async ValueTask<IReadOnlyCollection<SourceId>> LearnAsync(IEnumerable<SourceId> sources, CancellationToken cancel)
    {
        var unknown = sources.Where(id => context.Source(id) is null).ToHashSet();
        if (unknown.Count == 0)
        {
            return [];
        }

        var names = context.Names.Sources;
        foreach (var declaration in await declared.FindAsync([.. unknown.Select(id => names.Text(id.Value))], cancel))
        {
            unknown.Remove(Note(declaration));
        }

        return unknown;
    }

    /// <summary>The same for the sources of a batch.</summary>
    public ValueTask<IReadOnlyCollection<SourceId>> LearnAsync(EventBatch batch, CancellationToken cancel)
    {
        // Nearly always all are known, and then nothing is allocated.
        HashSet<SourceId>? unknown = null;
        foreach (ref readonly var e in batch.Events)
        {
            if (context.Source(e.Source) is null)
            {
                (unknown ??= []).Add(e.Source);
            }
        }

        return unknown is null ? ValueTask.FromResult<IReadOnlyCollection<SourceId>>([]) : LearnAsync(unknown, cancel);
    }

    /// <summary>Declares a source, if nobody did, and gives what is declared then.</summary>
    public async Task<SourceDeclaration> DeclareAsync(SourceDeclaration declaration, CancellationToken cancel)
    {
        var known = await declared.DeclareAsync(declaration, cancel);
        Note(known);
        return known;
    }

    private SourceId Note(SourceDeclaration declaration)
    {
        var id = new SourceId((ushort)context.Names.Sources.GetOrAdd(declaration.Name));
        lock (_gate)
        {
            if (context.Source(id) is null)
            {
                context.Declare(id, declaration);
            }
        }

        return id;
    }
}
