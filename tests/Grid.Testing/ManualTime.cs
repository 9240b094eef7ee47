using System.Threading.Channels;

namespace Grid.Testing;

/// <summary>
/// A clock that stands still until a test moves it. Timers fire inside <see cref="Advance"/>, on its thread. What the wall clock
/// shows can be set besides, as an administrator does: timers and what is measured do not notice.
/// </summary>
public sealed class ManualTime : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<ManualTimer> _timers = [];
    private readonly Channel<TimeSpan> _armed = Channel.CreateUnbounded<TimeSpan>();
    private DateTimeOffset _now;
    private TimeSpan _wallAhead;

    /// <summary>A clock that shows <paramref name="start"/>.</summary>
    public ManualTime(DateTimeOffset start) => _now = start;

    /// <summary>A clock that shows 2024-03-01T12:00:00Z.</summary>
    public ManualTime()
        : this(new DateTimeOffset(2024, 3, 1, 12, 0, 0, TimeSpan.Zero))
    {
    }

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        lock (_gate)
        {
            return _now + _wallAhead;
        }
    }

    /// <inheritdoc/>
    public override long GetTimestamp()
    {
        lock (_gate)
        {
            return _now.UtcTicks;
        }
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new ManualTimer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Waits until somebody arms a timer and gives the time after which it is due; in the order of arming.</summary>
    public ValueTask<TimeSpan> NextTimerAsync(CancellationToken cancel) => _armed.Reader.ReadAsync(cancel);

    /// <summary>Waits until somebody arms a timer that is due after exactly <paramref name="dueTime"/>; earlier ones are passed over.</summary>
    public async Task WaitForTimerAsync(TimeSpan dueTime, CancellationToken cancel)
    {
        while (await NextTimerAsync(cancel) != dueTime)
        {
        }
    }

    /// <summary>Moves the clock and fires what becomes due, in order.</summary>
    public void Advance(TimeSpan by)
    {
        DateTimeOffset end;
        lock (_gate)
        {
            end = _now + by;
        }

        while (TakeDue(end) is { } timer)
        {
            timer.Fire();
        }

        lock (_gate)
        {
            _now = end;
        }
    }

    /// <summary>Sets the wall clock forward, or back by a negative time.</summary>
    public void SetWall(TimeSpan by)
    {
        lock (_gate)
        {
            _wallAhead += by;
        }
    }

    private ManualTimer? TakeDue(DateTimeOffset end)
    {
        lock (_gate)
        {
            var next = _timers.Where(t => t.DueAt <= end).MinBy(t => t.DueAt);
            if (next is null)
            {
                return null;
            }

            _now = next.DueAt > _now ? next.DueAt : _now;
            next.DueAt = next.Period > TimeSpan.Zero ? next.DueAt + next.Period : DateTimeOffset.MaxValue;
            return next;
        }
    }

    private sealed class ManualTimer(ManualTime time, Action fire) : ITimer
    {
        public DateTimeOffset DueAt { get; set; } = DateTimeOffset.MaxValue;

        public TimeSpan Period { get; private set; }

        public void Fire() => fire();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (time._gate)
            {
                time._timers.Remove(this);
                DueAt = dueTime < TimeSpan.Zero ? DateTimeOffset.MaxValue : time._now + dueTime;
                Period = period;
                time._timers.Add(this);
            }

            time._armed.Writer.TryWrite(dueTime);
            return true;
        }

        public void Dispose()
        {
            lock (time._gate)
            {
                time._timers.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
