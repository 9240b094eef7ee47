using System.Text;
using Grid.Domain.Identifiers;

namespace Grid.Storage.Postgres.Committing;

/// <summary>What a grain is. The numbers are those of the column <c>grid.grain.kind</c>.</summary>
public enum GrainKind : short
{
    /// <summary>An instrument; its key is the symbol.</summary>
    Instrument = 1,

    /// <summary>A CUSIP.</summary>
    Cusip = 2,
}

/// <summary>Names a grain.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">Symbol or CUSIP.</param>
public readonly record struct GrainKey(GrainKind Kind, string Name) : IComparable<GrainKey>
{
    /// <inheritdoc/>
    public int CompareTo(GrainKey other) => Kind == other.Kind ? string.CompareOrdinal(Name, other.Name) : Kind.CompareTo(other.Kind);

    /// <inheritdoc cref="CompareTo"/>
    public static bool operator <(GrainKey left, GrainKey right) => left.CompareTo(right) < 0;

    /// <inheritdoc cref="CompareTo"/>
    public static bool operator >(GrainKey left, GrainKey right) => left.CompareTo(right) > 0;

    /// <inheritdoc cref="CompareTo"/>
    public static bool operator <=(GrainKey left, GrainKey right) => left.CompareTo(right) <= 0;

    /// <inheritdoc cref="CompareTo"/>
    public static bool operator >=(GrainKey left, GrainKey right) => left.CompareTo(right) >= 0;

    /// <summary>For messages: <c>instrument IBM</c>.</summary>
    public override string ToString() => $"{(Kind == GrainKind.Cusip ? "CUSIP" : "instrument")} {Name}";

    /// <exception cref="ArgumentException">No grain can have this key.</exception>
    internal void Check()
    {
        if (Kind is not (GrainKind.Instrument or GrainKind.Cusip))
        {
            throw new ArgumentException($"a grain is an instrument (1) or a CUSIP (2), not {(short)Kind}");
        }

        CheckName(Name, "key of a grain");
    }

    /// <exception cref="ArgumentException">The database does not take the name.</exception>
    internal static void CheckName(string name, string what)
    {
        if (name is null || !NameRules.IsValid(Encoding.UTF8.GetBytes(name)))
        {
            throw new ArgumentException($"this is no {what}: {NameRules.Explain(name ?? string.Empty)}");
        }
    }
}
