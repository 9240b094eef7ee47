using Grid.Domain.Identifiers;

namespace Grid.Gateway.Ilp;

/// <summary>The unit of a line's time.</summary>
public static class IlpPrecision
{
    /// <summary>The names of units, and each in nanoseconds.</summary>
    public static IReadOnlyList<KeyValuePair<string, long>> All { get; } =
    [
        new("ns", 1), new("n", 1), new("us", 1_000), new("u", 1_000), new("µ", 1_000), new("ms", 1_000_000),
        new("s", UnixNanos.PerSecond), new("m", UnixNanos.PerMinute), new("h", 60 * UnixNanos.PerMinute),
    ];

    /// <summary>The unit in nanoseconds.</summary>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static long UnitNs(string name) => TryParse(name, out var unitNs) ? unitNs : throw new ArgumentException($"'{name}' is no unit of time", nameof(name));

    /// <summary>The unit in nanoseconds; false if there is none of that name.</summary>
    public static bool TryParse(string? name, out long unitNs)
    {
        foreach (var (known, ns) in All)
        {
            if (known == name)
            {
                unitNs = ns;
                return true;
            }
        }

        unitNs = 0;
        return false;
    }
}
