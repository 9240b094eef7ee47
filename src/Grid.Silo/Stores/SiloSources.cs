using Grid.Domain.Dedup;
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
