using System.Numerics;

namespace Grid.Runtime.Metrics;

/// <summary>Counts latencies in buckets that are never wider than 1/32 of their value, so percentiles are exact to 3 %.</summary>
public sealed class LatencyHistogram
{
    private const int SubBits = 5;

    // Nanoseconds below 32 have a bucket each; above, each power of two has 32.
    private readonly long[] _counts = new long[(64 - SubBits + 1) << SubBits];

    /// <summary>Latencies counted.</summary>
    public long Count { get; private set; }

    /// <summary>The longest, in nanoseconds.</summary>
    public long MaxNs { get; private set; }

    /// <summary>Counts one; a negative one counts as 0.</summary>
    public void Add(long nanoseconds)
    {
        var ns = Math.Max(0, nanoseconds);
        _counts[Bucket((ulong)ns)]++;
        Count++;
        MaxNs = Math.Max(MaxNs, ns);
    }

    /// <summary>Adds another's counts.</summary>
    public void Add(LatencyHistogram other)
    {
        ArgumentNullException.ThrowIfNull(other);
        for (var i = 0; i < _counts.Length; i++)
        {
            _counts[i] += other._counts[i];
        }

        Count += other.Count;
        MaxNs = Math.Max(MaxNs, other.MaxNs);
    }

    /// <summary>Back to nothing.</summary>
    public void Clear()
    {
        Array.Clear(_counts);
        Count = 0;
        MaxNs = 0;
    }

    /// <summary>The latency in milliseconds that a share of all did not exceed; 0 if none was counted.</summary>
    public double Milliseconds(double share)
    {
        var wanted = (long)Math.Ceiling(share * Count);
        long seen = 0;
        for (var i = 0; i < _counts.Length; i++)
        {
            seen += _counts[i];
            if (seen >= wanted && seen > 0)
            {
                return Math.Min(UpperEnd(i), MaxNs) / 1e6;
            }
        }

        return 0;
    }

    /// <summary>The usual percentiles.</summary>
    public LatencyFigures Figures() => new(
        Count, Rounded(Milliseconds(0.50)), Rounded(Milliseconds(0.90)), Rounded(Milliseconds(0.99)), Rounded(Milliseconds(0.999)), Rounded(MaxNs / 1e6));

    private static double Rounded(double milliseconds) => Math.Round(milliseconds, 4);

    private static int Bucket(ulong ns)
    {
        if (ns < 1 << SubBits)
        {
            return (int)ns;
        }

        var shift = BitOperations.Log2(ns) - SubBits;
        return ((shift + 1) << SubBits) + (int)((ns >> shift) & ((1 << SubBits) - 1));
    }

    private static double UpperEnd(int bucket)
    {
        var shift = (bucket >> SubBits) - 1;
        var sub = bucket & ((1 << SubBits) - 1);
        return shift < 0 ? sub : Math.ScaleB((1 << SubBits) + sub + 1, shift) - 1;
    }
}

/// <summary>Percentiles in milliseconds.</summary>
public sealed record LatencyFigures(long Count, double P50Ms, double P90Ms, double P99Ms, double P999Ms, double MaxMs)
{
    /// <inheritdoc/>
    public override string ToString() => $"p50 {P50Ms:0.###} ms, p90 {P90Ms:0.###}, p99 {P99Ms:0.###}, p99.9 {P999Ms:0.###}, longest {MaxMs:0.###} ({Count:N0} measured)";
}
