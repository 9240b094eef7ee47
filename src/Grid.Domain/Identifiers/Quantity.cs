using System.Text;

namespace Grid.Domain.Identifiers;

/// <summary>A size: an integer scaled by 1e-8, so exact. Arithmetic that can overflow is done in <see cref="Int128"/>.</summary>
public readonly record struct Quantity(long Raw) : IComparable<Quantity>
{
    /// <summary>Decimal places held.</summary>
    public const int Scale = 8;

    /// <summary>The raw value of 1.</summary>
    public const long One = 100_000_000;

    /// <summary>A whole number.</summary>
    /// <exception cref="OverflowException">It does not fit.</exception>
    public static Quantity Of(long whole) => new(checked(whole * One));

    /// <summary>Reads plain decimal text exactly; false if it is no number or cannot be held exactly.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out Quantity value)
    {
        var ok = FixedPoint.TryParse(text, Scale, out var raw);
        value = new Quantity(raw);
        return ok;
    }

    /// <summary>Reads plain decimal text exactly.</summary>
    /// <exception cref="FormatException">It is no number or cannot be held exactly.</exception>
    public static Quantity Parse(string text) =>
        TryParse(Encoding.UTF8.GetBytes(text), out var value)
            ? value
            : throw new FormatException($"'{text}' is not a number of at most {Scale} decimals that fits 64 bits");

    /// <inheritdoc/>
    public int CompareTo(Quantity other) => Raw.CompareTo(other.Raw);

    /// <summary>Less.</summary>
    public static bool operator <(Quantity left, Quantity right) => left.Raw < right.Raw;

    /// <summary>More.</summary>
    public static bool operator >(Quantity left, Quantity right) => left.Raw > right.Raw;

    /// <summary>Not more.</summary>
    public static bool operator <=(Quantity left, Quantity right) => left.Raw <= right.Raw;

    /// <summary>Not less.</summary>
    public static bool operator >=(Quantity left, Quantity right) => left.Raw >= right.Raw;

    /// <summary>The shortest plain decimal, e.g. <c>181.52</c>.</summary>
    public override string ToString() => FixedPoint.ToText(Raw, Scale);
}
