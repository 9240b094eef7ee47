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

    /// <summary>A source, whose gaps it holds; its key is the source's name.</summary>
    Source = 3,

    /// <summary>A producer, and how far its batches are in; its key is the producer's name.</summary>
    Producer = 4,
}

/// <summary>Names a grain.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">Symbol, CUSIP, or name of the source or producer.</param>
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
    public override string ToString() => $"{(Kind == GrainKind.Cusip ? "CUSIP" : Kind.ToString().ToLowerInvariant())} {Name}";

    /// <exception cref="ArgumentException">No grain can have this key.</exception>
    internal void Check()
    {
        if (!Enum.IsDefined(Kind))
        {
            throw new ArgumentException($"a grain is an instrument (1), a CUSIP (2), a source (3) or a producer (4), not {(short)Kind}");
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
