using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;

namespace Grid.Runtime.Calendars;

/// <summary>The offsets of a time zone over the years that market data comes from, out of the machine's time zone data.</summary>
public static class ZoneOffsets
{
    private const int FirstYear = 1900;
    private const int LastYear = 2100;

    /// <summary>The offsets, ascending, or null if the machine knows no zone of that name.</summary>
    public static IReadOnlyList<ZoneOffset>? Find(string zoneName)
    {
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(zoneName, out var zone))
        {
            return null;
        }

        var day = new DateTime(FirstYear, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        var offset = zone.GetUtcOffset(day);
        var offsets = new List<ZoneOffset> { new(new UnixNanos(long.MinValue), (int)offset.TotalSeconds) };
        for (; day.Year <= LastYear; day = day.AddDays(1))
        {
            if (zone.GetUtcOffset(day) != offset)
            {
                var change = FirstMinuteOf(zone, day.AddDays(-1), day);
                offset = zone.GetUtcOffset(day);
                offsets.Add(new ZoneOffset(UnixNanos.From(new DateTimeOffset(change)), (int)offset.TotalSeconds));
            }
        }

        return offsets;
    }

    // The offset at `after` differs from the one at `before`: finds the first whole minute after the change.
    private static DateTime FirstMinuteOf(TimeZoneInfo zone, DateTime before, DateTime after)
    {
        var old = zone.GetUtcOffset(before);
        var (low, high) = (0L, (long)(after - before).TotalMinutes);
        while (high - low > 1)
        {
            var middle = (low + high) / 2;
            if (zone.GetUtcOffset(before.AddMinutes(middle)) == old)
            {
                low = middle;
            }
            else
            {
                high = middle;
            }
        }

        return before.AddMinutes(high);
    }
}
