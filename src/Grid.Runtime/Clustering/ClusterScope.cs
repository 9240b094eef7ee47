using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;

namespace Grid.Runtime.Clustering;

/// <summary>What all grains of a silo share.</summary>
/// <param name="Names">The names of the process.</param>
/// <param name="Context">What the sources declared, and the order of events.</param>
/// <param name="Rules">The rules in force.</param>
/// <param name="RecentTicksMax">Ticks that each instrument keeps in memory.</param>
/// <param name="RecentBarsMax">Closed minutes likewise.</param>
public sealed record ClusterScope(GridNames Names, InstrumentContext Context, RuleBook Rules, int RecentTicksMax, int RecentBarsMax);
