using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;

namespace Grid.Testing;

/// <summary>One instrument's state with its history in memory, driven without a shard.</summary>
internal sealed class OneInstrument
{
    private readonly InstrumentContext _context;

    /// <summary>The state of the market's first instrument.</summary>
    public OneInstrument(MarketNames names, RuleBook? rules = null, InstrumentDefinition? definition = null)
    {
        _context = names.ToContext();
        State = new InstrumentState(new InstrumentId(1), _context, History, (rules ?? RuleBook.BuiltIn).TimelineOf(definition is null ? [] : [definition]));
    }

    public InstrumentState State { get; private set; }

    public MemoryHistory History { get; private set; } = new();

    /// <summary>Applies an event that its window has not seen.</summary>
    public void Apply(in MarketEvent e)
    {
        var isNew = _context.Source(e.Source)!.Policy switch
        {
            DedupPolicy.Sequence => State.ObserveSequence(in e) == SequenceSeen.New,
            DedupPolicy.Content => !State.IsRepeat(in e),
            _ => true,
        };
        if (isNew)
        {
            State.Apply(in e, Outcome.Accepted);
        }
    }

    /// <summary>What users see of it.</summary>
    public List<string> Picture() => [.. MarketPicture.Of(State, _context)];

    /// <summary>Writes state and history, forgets them, and reads them back.</summary>
    public void SaveAndLoad()
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        var writer = new Domain.StateWriter(buffer);
        State.Save(writer);
        History.Save(writer);
        History = new MemoryHistory();
        State = new InstrumentState(State.Id, _context, History, State.Rules);
        var reader = new Domain.StateReader(buffer.WrittenSpan);
        State.Load(ref reader);
        History.Load(ref reader);
        Xunit.Assert.True(reader.IsAtEnd);
    }
}
