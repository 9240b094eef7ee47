namespace Grid.Runtime.Metrics;

/// <summary>
/// Latencies of the last minute: slices of ten seconds, of which the oldest is emptied when a new one begins. Any thread may add
/// and read. Nothing is allocated when one is added.
/// </summary>
internal sealed class RecentLatencies
{
    // Six whole slices and the one being filled, so that a summary never covers less than a minute.
    private const int Slices = 7;
    private static readonly TimeSpan SliceLength = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private readonly LatencyHistogram[] _slices = new LatencyHistogram[Slices];
    private readonly TimeProvider _time;
    private readonly long _startedAt;
    private long _slice;

    public RecentLatencies(TimeProvider time)
    {
        _time = time;
        _startedAt = time.GetTimestamp();
        for (var i = 0; i < Slices; i++)
        {
            _slices[i] = new LatencyHistogram();
        }
    }

    /// <summary>Adds one that ended now.</summary>
    public void Add(TimeSpan latency)
    {
        lock (_gate)
        {
            TurnToNow();
            _slices[_slice % Slices].Add((long)latency.TotalNanoseconds);
        }
    }

    /// <summary>Percentiles of what was added in the last minute.</summary>
    public LatencySummary Summarize()
    {
        var all = new LatencyHistogram();
        lock (_gate)
        {
            TurnToNow();
            foreach (var slice in _slices)
            {
                all.Add(slice);
            }
        }

        return new LatencySummary(all.Count, all.Milliseconds(0.50), all.Milliseconds(0.95), all.Milliseconds(0.99), all.MaxNs / 1e6);
    }

    private void TurnToNow()
    {
        var now = _time.GetElapsedTime(_startedAt).Ticks / SliceLength.Ticks;
        for (var turns = Math.Min(now - _slice, Slices); turns > 0; turns--)
        {
            _slices[(now - turns + 1) % Slices].Clear();
        }

        _slice = Math.Max(_slice, now);
    }
}

/// <summary>Percentiles of the last minute, in milliseconds; all 0 if nothing was measured in it.</summary>
/// <param name="Count">How many were measured.</param>
/// <param name="P50Ms">Half of them did not exceed this.</param>
/// <param name="P95Ms">95 % did not exceed this.</param>
/// <param name="P99Ms">99 % did not exceed this.</param>
/// <param name="MaxMs">The longest.</param>
public sealed record LatencySummary(long Count, double P50Ms, double P95Ms, double P99Ms, double MaxMs)
{
    /// <summary>Of nothing.</summary>
    public static LatencySummary None { get; } = new(0, 0, 0, 0, 0);
}
