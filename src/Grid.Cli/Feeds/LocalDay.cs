using Grid.Domain.Identifiers;

namespace Grid.Cli.Feeds;

/// <summary>
/// Turns wall-clock times of one local date into UTC. A time that daylight saving skips is taken with the offset before the
/// change, as if the clock had not been moved yet; one that occurs twice is the first of the two.
/// </summary>
internal sealed class LocalDay
{
    private const long NsPerTick = 100;

    private readonly TimeZoneInfo _zone;
    private readonly DateTime _midnight;

    // UTC of a wall clock time is _utcMidnightNs + the time, if no change of offset is near this date.
    private readonly long _utcMidnightNs;
    private readonly bool _hasOneOffset;

    public LocalDay(DateOnly date, TimeZoneInfo zone)
    {
        _zone = zone;
        _midnight = date.ToDateTime(TimeOnly.MinValue);
        _utcMidnightNs = UtcNs(_midnight);
        _hasOneOffset = Enumerable.Range(0, 48).All(h => UtcNs(_midnight.AddHours(h)) - _utcMidnightNs == h * 60 * UnixNanos.PerMinute);
    }

    /// <summary>The moment of a wall clock time, in nanoseconds since local midnight.</summary>
    public UnixNanos ToUtc(long sinceMidnightNs)
    {
        if (_hasOneOffset)
        {
            return new UnixNanos(_utcMidnightNs + sinceMidnightNs);
        }

        var (ticks, rest) = Math.DivRem(sinceMidnightNs, NsPerTick);
        return new UnixNanos(UtcNs(_midnight.AddTicks(ticks)) + rest);
    }

    private long UtcNs(DateTime local)
    {
        TimeSpan offset;
        if (_zone.IsInvalidTime(local))
        {
            // Before the change the offset is the one of the day before.
            offset = _zone.GetUtcOffset(local.AddDays(-1));
        }
        else
        {
            offset = _zone.IsAmbiguousTime(local) ? _zone.GetAmbiguousTimeOffsets(local).Max() : _zone.GetUtcOffset(local);
        }

        return UnixNanos.From(new DateTimeOffset(local.Ticks - offset.Ticks, TimeSpan.Zero)).Value;
    }
}
