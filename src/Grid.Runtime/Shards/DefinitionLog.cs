using Grid.Domain;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;

namespace Grid.Runtime.Shards;

/// <summary>The definitions that an instrument was given, newest first by event order.</summary>
internal sealed class DefinitionLog
{
    // Replaced, never changed in place: the shard adds while any thread asks.
    private volatile (MarketEvent Event, InstrumentDefinition Definition)[] _entries = [];

    /// <summary>How many there are.</summary>
    public int Count => _entries.Length;

    /// <summary>The newest definition, valid or not.</summary>
    public InstrumentDefinition Newest => _entries[0].Definition;

    /// <summary>The newest of the definitions that are valid at a time, or null.</summary>
    public InstrumentDefinition? At(UnixNanos time)
    {
        foreach (var (_, definition) in _entries)
        {
            if (definition.ValidFrom <= time && time < definition.ValidTo)
            {
                return definition;
            }
        }

        return null;
    }

    public void Add(in MarketEvent e, InstrumentDefinition definition, EventOrder order)
    {
        var at = 0;
        while (at < _entries.Length && order.Compare(_entries[at].Event, in e) > 0)
        {
            at++;
        }

        _entries = [.. _entries[..at], (e, definition), .. _entries[at..]];
    }

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
}
