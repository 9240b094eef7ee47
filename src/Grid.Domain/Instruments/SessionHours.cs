using Grid.Domain.Identifiers;

namespace Grid.Domain.Instruments;

/// <summary>What a time zone's clocks show from a moment on.</summary>
/// <param name="From">The moment; the first offset of a calendar also holds before it.</param>
/// <param name="OffsetSeconds">Seconds that local time is ahead of UTC: New York in winter -18,000.</param>
public readonly record struct ZoneOffset(UnixNanos From, int OffsetSeconds)
{
    /// <summary>Largest offset of any zone, either way: 18 hours.</summary>
    public const int OffsetSecondsMax = 18 * 3600;
}

/// <summary>When the session of a weekday's date is open, in local time of day: from the open until just before the close.</summary>
/// <param name="Day">The weekday of the session's date.</param>
/// <param name="Open">0 to under 24 hours. If it is not before the close, the session opens on the evening before.</param>
/// <param name="Close">Over 0 to 24 hours.</param>
public readonly record struct SessionHours(DayOfWeek Day, TimeSpan Open, TimeSpan Close)
{
    /// <summary>True if the session opens on the evening before its date.</summary>
    public bool OpensTheEveningBefore => Open >= Close;
}
