namespace Grid.Runtime.Metrics;

/// <summary>
/// Tells whether the wall clock was set since the start: it is held against the clock that only measures. On Linux that one stands
/// still while the machine is suspended, which looks the same.
/// </summary>
internal sealed class ClockWatch(TimeProvider time)
{
    /// <summary>From here on the wall clock is not believed where something would be lost by it.</summary>
    public static readonly TimeSpan DriftMax = TimeSpan.FromHours(1);

    private readonly DateTimeOffset _startedAt = time.GetUtcNow();
    private readonly long _startedTimestamp = time.GetTimestamp();

    /// <summary>How far the wall clock was set forward since the start; negative if back.</summary>
    public TimeSpan Drift => time.GetUtcNow() - _startedAt - time.GetElapsedTime(_startedTimestamp);

    /// <summary>True while the wall clock goes on as it should.</summary>
    public bool IsSteady => Drift.Duration() <= DriftMax;
}
