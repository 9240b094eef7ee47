using Grid.Domain.Cusips;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Runtime.Shards;

namespace Grid.Runtime.Decisions;

/// <summary>What a decision must know beyond the instrument's own state. Asked for runs and definitions only, which are rare.</summary>
internal interface IInstrumentOwner
{
    /// <summary>The order of events.</summary>
    EventOrder Order { get; }

    /// <summary>True if a CUSIP is known or one more may be.</summary>
    bool HasRoomFor(Cusip cusip);

    /// <summary>The definitions of an instrument; null if it has none.</summary>
    DefinitionLog? DefinitionsOf(InstrumentId id);
}
