using Grid.Domain.Validation;

namespace Grid.Domain.Instruments;

/// <summary>Instrument classes and session calendars as configuration writes them.</summary>
public sealed class RuleBookOptions
{
    /// <summary>
    /// Rules by class name. Starts with the built-in classes (<see cref="BuiltInClasses"/>), so that configuration changes
    /// single options of them; a class of another name starts with the rules of <c>default</c> as built in.
    /// </summary>
    public Dictionary<string, ClassRulesOptions> Classes { get; set; } =
        BuiltInClasses.All.ToDictionary(c => c.Key, c => ClassRulesOptions.From(c.Value), StringComparer.Ordinal);

    /// <summary>Calendars by name; none by default.</summary>
    public Dictionary<string, SessionCalendarOptions> Calendars { get; set; } = new(StringComparer.Ordinal);

    /// <summary>The rules that these options say.</summary>
    /// <param name="findZone">Gives the offsets of a time zone by its IANA name, ascending, or null if there is no such zone.</param>
    /// <exception cref="ArgumentException">One line for each option that is wrong: its name, its value and the rule.</exception>
    public RuleBook ToRuleBook(Func<string, IReadOnlyList<ZoneOffset>?> findZone)
    {
        ArgumentNullException.ThrowIfNull(findZone);
        var faults = new List<string>();
        var calendars = new List<SessionCalendar>();
        foreach (var (name, options) in Calendars.OrderBy(c => c.Key, StringComparer.Ordinal))
        {
            if (options.Read(name, findZone, faults) is { } calendar)
            {
                calendars.Add(calendar);
            }
        }

        foreach (var (name, options) in Classes.OrderBy(c => c.Key, StringComparer.Ordinal))
        {
            options.CollectFaults(name, faults);
            if (options.Calendar.Length > 0 && !Calendars.ContainsKey(options.Calendar))
            {
                faults.Add($"Option Classes:{name}:Calendar is '{options.Calendar}'; there is no calendar of that name.");
            }
        }

        OptionFault.ThrowIfAny(faults);
        return new RuleBook(Classes.Select(c => KeyValuePair.Create(c.Key, c.Value.ToRules())), calendars);
    }
}
