namespace Grid.Gateway.Access;

/// <summary>
/// Lets so many through in a burst, and after that one each interval. Any thread may take; none waits for another.
/// </summary>
internal sealed class TokenBucket
{
    private readonly TimeProvider _time;
    private readonly long _interval;
    private readonly long _ahead;

    // When, in timestamps, all that was taken will have been let through at one each interval. It is never further ahead
    // of the clock than _ahead, which is the burst.
    private long _paidUntil;

    /// <summary>A bucket that is full.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="interval">Between two, once the burst is used up.</param>
    /// <param name="burst">How many at once.</param>
    public TokenBucket(TimeProvider time, TimeSpan interval, int burst)
    {
        _time = time;
        _interval = Math.Max(1, (long)(interval.TotalSeconds * time.TimestampFrequency));
        _ahead = _interval * burst;
        _paidUntil = long.MinValue / 2;
    }

    /// <summary>A bucket of so many a second, that many at once.</summary>
    public static TokenBucket PerSecond(TimeProvider time, int rate) => new(time, TimeSpan.FromSeconds(1) / rate, rate);

    /// <summary>True if nothing was taken for so long that it is full.</summary>
    public bool IsFull => Volatile.Read(ref _paidUntil) <= _time.GetTimestamp();

    /// <summary>Takes one; false, with the time until there is one, if there is none.</summary>
    public bool TryTake(out TimeSpan wait)
    {
        var now = _time.GetTimestamp();
        while (true)
        {
            var before = Volatile.Read(ref _paidUntil);
            var after = Math.Max(before, now) + _interval;
            if (after - now > _ahead)
            {
                wait = TimeSpan.FromSeconds((double)(after - now - _ahead) / _time.TimestampFrequency);
                return false;
            }

            if (Interlocked.CompareExchange(ref _paidUntil, after, before) == before)
            {
                wait = TimeSpan.Zero;
                return true;
            }
        }
    }

    /// <summary>Takes one, waiting until there is one.</summary>
    public async ValueTask TakeAsync(CancellationToken cancel)
    {
        while (!TryTake(out var wait))
        {
            // A timer that comes a little early would only go round again.
            await Task.Delay(wait + TimeSpan.FromMilliseconds(1), _time, cancel).ConfigureAwait(false);
        }
    }
}
