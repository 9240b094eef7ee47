using Grid.Domain;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;

namespace Grid.Runtime.Shards;

/// <summary>
/// The definitions that an instrument was given, newest first by event order. One that a newer one covers for all of its
/// validity can never hold again and is forgotten, whichever came first.
/// </summary>
internal sealed class DefinitionLog
{
    // Replaced, never changed in place: the shard adds while any thread asks.
    private volatile (MarketEvent Event, InstrumentDefinition Definition)[] _entries = [];

    /// <summary>The definitions, newest first.</summary>
    public IReadOnlyList<InstrumentDefinition> NewestFirst() => [.. _entries.Select(e => e.Definition)];

    /// <summary>The newest of the definitions that are valid at a time, or null.</summary>
    public InstrumentDefinition? At(UnixNanos time)
    {
        foreach (var (_, definition) in _entries)
        {
            if (definition.IsValidAt(time))
            {
                return definition;
            }
        }

        return null;
    }

    /// <summary>True if a definition can be added without going over <see cref="GridLimits.DefinitionsPerInstrumentMax"/>.</summary>
    public bool HasRoomFor(in MarketEvent e, InstrumentDefinition definition, EventOrder order) =>
        _entries.Length < GridLimits.DefinitionsPerInstrumentMax || With(in e, definition, order).Length <= GridLimits.DefinitionsPerInstrumentMax;

    public void Add(in MarketEvent e, InstrumentDefinition definition, EventOrder order) => _entries = With(in e, definition, order);

    public void Save(StateWriter writer)
    {
        Span<byte> bytes = stackalloc byte[GridLimits.EventExtensionBytesMax];
        writer.Put(_entries.Length);
        foreach (var (e, definition) in _entries)
        {
            writer.Put(in e);
            writer.Put<byte>(bytes[..definition.Write(bytes)]);
        }
    }

    public static DefinitionLog Load(ref StateReader reader)
    {
        var entries = new List<(MarketEvent, InstrumentDefinition)>();
        for (var left = reader.TakeCount(int.MaxValue); left > 0; left--)
        {
            var e = reader.Take<MarketEvent>();
            if (!InstrumentDefinition.TryRead(reader.TakeArray<byte>(GridLimits.EventExtensionBytesMax), out var definition))
            {
                throw new FormatException($"saved state has a definition that cannot be read before byte {reader.Offset}");
            }

            entries.Add((e, definition));
        }

        return new DefinitionLog { _entries = [.. entries] };
    }

    private (MarketEvent Event, InstrumentDefinition Definition)[] With(in MarketEvent e, InstrumentDefinition definition, EventOrder order)
    {
        var at = 0;
        while (at < _entries.Length && IsNewer(_entries[at], in e, definition, order))
        {
            if (Covers(_entries[at].Definition, definition))
            {
                return _entries;
            }

            at++;
        }

        return [.. _entries[..at], (e, definition), .. _entries[at..].Where(older => !Covers(definition, older.Definition))];
    }

    // Definitions of one moment without numbers are told apart by what they say, never by which came first.
    private static bool IsNewer((MarketEvent Event, InstrumentDefinition Definition) held, in MarketEvent e, InstrumentDefinition definition, EventOrder events)
    {
        var order = events.Compare(in held.Event, in e);
        return order > 0 || (order == 0 && CompareContent(held.Definition, definition) > 0);
    }

    private static int CompareContent(InstrumentDefinition a, InstrumentDefinition b)
    {
        Span<byte> ofA = stackalloc byte[GridLimits.EventExtensionBytesMax];
        Span<byte> ofB = stackalloc byte[GridLimits.EventExtensionBytesMax];
        return ofA[..a.Write(ofA)].SequenceCompareTo(ofB[..b.Write(ofB)]);
    }

    private static bool Covers(InstrumentDefinition newer, InstrumentDefinition older) => newer.ValidFrom <= older.ValidFrom && newer.ValidTo >= older.ValidTo;
}
