using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;

namespace Grid.Testing;

/// <summary>One event of a made-up market with its wider part, if it has one. Names are numbers of <see cref="MarketNames"/>.</summary>
/// <param name="Event">The event.</param>
/// <param name="Run">Of a run.</param>
/// <param name="Definition">Of a definition.</param>
/// <param name="IsGood">False if every rule book refuses it, whatever came before.</param>
internal readonly record struct MarketLine(MarketEvent Event, RunDetail Run, InstrumentDefinition? Definition, bool IsGood)
{
    /// <summary>Adds it to a batch.</summary>
    public void AddTo(EventBatch batch, in MarketEvent mapped)
    {
        switch (mapped.Kind)
        {
            case EventKind.Run:
                batch.Add(in mapped, Run);
                break;
            case EventKind.Definition:
                batch.Add(in mapped, Definition!);
                break;
            default:
                batch.Add(in mapped);
                break;
        }
    }

    /// <summary>Adds it to a payload.</summary>
    public void AddTo(EventBatchEncoder encoder, in MarketEvent mapped)
    {
        switch (mapped.Kind)
        {
            case EventKind.Run:
                encoder.Add(in mapped, Run);
                break;
            case EventKind.Definition:
                encoder.Add(in mapped, Definition!);
                break;
            default:
                encoder.Add(in mapped);
                break;
        }
    }
}

/// <summary>The names of a made-up market by their numbers in it; number 0 is "none".</summary>
internal sealed class MarketNames
{
    /// <summary>Names by kind, then number.</summary>
    public required IReadOnlyDictionary<NameKind, string[]> ByKind { get; init; }

    /// <summary>What the sources declare, by number; 0 is unused.</summary>
    public required SourceDeclaration[] Declarations { get; init; }

    /// <summary>The symbol of a number.</summary>
    public string Symbol(InstrumentId id) => ByKind[NameKind.Instrument][id.Value];

    /// <summary>The name of a source.</summary>
    public string Source(SourceId id) => ByKind[NameKind.Source][id.Value];

    /// <summary>The declaration of a source.</summary>
    public SourceDeclaration DeclarationOf(in MarketEvent e) => Declarations[e.Source.Value];

    /// <summary>A process's names that give each name its number here.</summary>
    public GridNames ToGridNames()
    {
        var names = new GridNames();
        foreach (var (kind, texts) in ByKind)
        {
            foreach (var text in texts.Skip(1))
            {
                names[kind].GetOrAdd(text);
            }
        }

        return names;
    }

    /// <summary>A context of those names in which every source is declared.</summary>
    public InstrumentContext ToContext()
    {
        var context = new InstrumentContext(ToGridNames());
        for (ushort i = 1; i < Declarations.Length; i++)
        {
            context.Declare(new SourceId(i), Declarations[i]);
        }

        return context;
    }
}
