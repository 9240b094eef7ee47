using System.Globalization;
using Grid.Domain.Validation;

namespace Grid.Domain.Instruments;

/// <summary>A session calendar as configuration writes it.</summary>
public sealed class SessionCalendarOptions
{
    private const string DateFormat = "yyyy-MM-dd";

    /// <summary>IANA name of the time zone; <c>UTC</c> by default.</summary>
    public string TimeZone { get; set; } = "UTC";

    /// <summary>
    /// The session of each weekday's date as <c>hh:mm-hh:mm</c> in local time, e.g. Monday <c>09:30-16:00</c>; a close of 24:00
    /// is the end of the day, an open not before the close is on the evening before. None (the default) is always open.
    /// </summary>
    public Dictionary<DayOfWeek, string> Hours { get; set; } = [];

    /// <summary>Dates without a session as <c>yyyy-mm-dd</c>; none by default.</summary>
    public List<string> Holidays { get; set; } = [];

    /// <summary>The calendar.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="findZone">Gives the offsets of a time zone, ascending, or null if there is no such zone.</param>
    /// <exception cref="ArgumentException">One line for each option that is wrong: its name, its value and the rule.</exception>
    public SessionCalendar ToCalendar(string name, Func<string, IReadOnlyList<ZoneOffset>?> findZone)
    {
        ArgumentNullException.ThrowIfNull(findZone);
        var faults = new List<string>();
        var calendar = Read(name, findZone, faults);
        OptionFault.ThrowIfAny(faults);
        return calendar!;
    }

    internal SessionCalendar? Read(string name, Func<string, IReadOnlyList<ZoneOffset>?> findZone, List<string> faults)
    {
        var prefix = $"Calendars:{name}:";
        var before = faults.Count;
        var zone = TimeZone == "UTC" ? [] : findZone(TimeZone);
        if (zone is null)
        {
            faults.Add($"Option {prefix}{nameof(TimeZone)} is '{TimeZone}'; there is no time zone of that name.");
        }

        var hours = new List<SessionHours>();
        foreach (var (day, text) in Hours)
        {
            if (TryReadHours(day, text, out var session))
            {
                hours.Add(session);
            }
            else
            {
                faults.Add($"Option {prefix}{nameof(Hours)}:{day} is '{text}'; it must be hh:mm-hh:mm, at most 24:00.");
            }
        }

        var holidays = new List<DateOnly>();
        foreach (var text in Holidays)
        {
            if (DateOnly.TryParseExact(text, DateFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
            {
                holidays.Add(date);
            }
            else
            {
                faults.Add($"Option {prefix}{nameof(Holidays)} has '{text}'; it must be a date {DateFormat}.");
            }
        }

        if (faults.Count > before)
        {
            return null;
        }

        try
        {
            return new SessionCalendar(name, zone!, hours, holidays);
        }
        catch (ArgumentException e)
        {
            faults.Add($"Option Calendars: {e.Message}.");
            return null;
        }
    }

    private static bool TryReadHours(DayOfWeek day, string text, out SessionHours session)
    {
        session = default;
        var dash = text.IndexOf('-', StringComparison.Ordinal);
        if (dash < 0 || !TryReadTime(text[..dash], out var open) || !TryReadTime(text[(dash + 1)..], out var close))
        {
            return false;
        }

        session = new SessionHours(day, open, close);
        return true;
    }

    private static bool TryReadTime(string text, out TimeSpan time)
    {
        time = TimeSpan.FromDays(1);
        return text == "24:00" || TimeSpan.TryParseExact(text, "hh\\:mm", CultureInfo.InvariantCulture, out time);
    }
}
