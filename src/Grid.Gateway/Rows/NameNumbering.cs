using Grid.Domain.Identifiers;

namespace Grid.Gateway.Rows;

/// <summary>Gives a name its number in the producer's dictionary, the same number each time; numbers start at 1.</summary>
/// <exception cref="ArgumentException">The name breaks <see cref="NameRules"/>.</exception>
public delegate int NameNumbering(NameKind kind, ReadOnlySpan<byte> name);
