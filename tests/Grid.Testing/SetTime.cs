namespace Grid.Testing;

/// <summary>The system's time, but that a test sets what the wall clock shows: timers and what is measured go on.</summary>
public sealed class SetTime : TimeProvider
{
    private long _aheadTicks;

    /// <summary>How far the wall clock is ahead of the true time; negative if it is behind.</summary>
    public TimeSpan Ahead
    {
        get => new(Volatile.Read(ref _aheadTicks));
        set => Volatile.Write(ref _aheadTicks, value.Ticks);
    }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Ahead;
}
