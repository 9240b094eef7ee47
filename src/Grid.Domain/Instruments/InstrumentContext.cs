using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;

namespace Grid.Domain.Instruments;

/// <summary>What the states of one owner (a shard, a grain) share: the order of events and what the sources declared.</summary>
public sealed class InstrumentContext
{
    // _sources[id] is null until that source is declared. Replaced, never changed in place.
    private volatile SourceDeclaration?[] _sources = [];

    /// <summary>A context over a process's names.</summary>
    public InstrumentContext(GridNames names)
    {
        Names = names;
        Order = new EventOrder(names);
    }

    /// <summary>The names.</summary>
    public GridNames Names { get; }

    /// <summary>The order of events.</summary>
    public EventOrder Order { get; }

    /// <summary>What a source declared, or null.</summary>
    public SourceDeclaration? Source(SourceId id)
    {
        var known = _sources;
        return id.Value < known.Length ? known[id.Value] : null;
    }

    /// <summary>All declarations.</summary>
    public IEnumerable<SourceDeclaration> Sources() => _sources.OfType<SourceDeclaration>();

    /// <summary>Sets a source's declaration.</summary>
    public void Declare(SourceId id, SourceDeclaration declaration)
    {
        var grown = _sources.ToArray();
        if (id.Value >= grown.Length)
        {
            Array.Resize(ref grown, id.Value + 1);
        }

        grown[id.Value] = declaration;
        _sources = grown;
    }

    /// <summary>What a trade counts for, by its source's conditions.</summary>
    public CountsFor Counts(in MarketEvent trade)
    {
        var source = Source(trade.Source);
        return trade.Conditions == 0 || source is null ? CountsFor.All : Counts(trade.Conditions, source);
    }

    private static CountsFor Counts(uint conditions, SourceDeclaration source) =>
        ((conditions & source.NotLastConditions) == 0 ? CountsFor.Last : CountsFor.None)
        | ((conditions & source.NotHighLowConditions) == 0 ? CountsFor.HighLow : CountsFor.None)
        | ((conditions & source.NotVolumeConditions) == 0 ? CountsFor.Volume : CountsFor.None);
}
