using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;

namespace Grid.Domain.Instruments;

/// <summary>Tells rule books apart: the first 8 bytes of the SHA-256 of the canonical text.</summary>
public readonly record struct RulesVersion(ulong Value)
{
    /// <summary>16 hexadecimal digits.</summary>
    public override string ToString() => Value.ToString("x16");
}

/// <summary>
/// All rules that are in force: instrument classes by name and the session calendars that they or definitions name.
/// Immutable. Its canonical text is journaled, so that what was decided can be understood and decided again.
/// </summary>
public sealed class RuleBook
{
    private readonly SortedDictionary<string, ClassRules> _classes = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, SessionCalendar> _calendars = new(StringComparer.Ordinal);
    private readonly InstrumentRules _undefined;
    private readonly RulesTimeline _undefinedTimeline;

    /// <summary>A book. A class <c>default</c> with the default rules is added if there is none.</summary>
    /// <exception cref="ArgumentException">A name or limit breaks its rule, or a calendar is missing; names the value and the rule.</exception>
    public RuleBook(IEnumerable<KeyValuePair<string, ClassRules>> classes, IEnumerable<SessionCalendar> calendars)
    {
        foreach (var calendar in calendars)
        {
            if (!_calendars.TryAdd(calendar.Name, calendar))
            {
                throw new ArgumentException($"calendar '{calendar.Name}' is given twice");
            }
        }

        foreach (var (name, rules) in classes)
        {
            if (!_classes.TryAdd(name, rules))
            {
                throw new ArgumentException($"class '{name}' is given twice");
            }
        }

        _classes.TryAdd(InstrumentDefinition.DefaultClass, ClassRules.Default);
        foreach (var (name, rules) in _classes)
        {
            CheckClass(name, rules);
        }

        var unknown = this[InstrumentDefinition.DefaultClass];
        _undefined = new InstrumentRules(unknown, FindCalendar(unknown.Calendar), null);
        _undefinedTimeline = new RulesTimeline(this, []);

        // Shared by all threads: now it has all that can be asked of it.
        _undefinedTimeline.At(default);
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(ToCanonicalText()));
        Version = new RulesVersion(BinaryPrimitives.ReadUInt64BigEndian(hash));
    }

    /// <summary>The built-in classes, without calendars.</summary>
    public static RuleBook BuiltIn { get; } = new(BuiltInClasses.All, []);

    /// <summary>The version of these rules: equal for equal canonical texts.</summary>
    public RulesVersion Version { get; }

    /// <summary>The classes by name, in order of their names.</summary>
    public IReadOnlyDictionary<string, ClassRules> Classes => _classes;

    /// <summary>The calendars, in order of their names.</summary>
    public IReadOnlyCollection<SessionCalendar> Calendars => _calendars.Values;

    /// <summary>The rules of a class; those of <c>default</c> if there is none of that name.</summary>
    public ClassRules this[string className] =>
        _classes.TryGetValue(className, out var rules) ? rules : _classes[InstrumentDefinition.DefaultClass];

    /// <summary>The calendar of a name, or null.</summary>
    public SessionCalendar? FindCalendar(string name) => _calendars.GetValueOrDefault(name);

    /// <summary>
    /// What holds for an instrument while a definition does; null for one without, whose class is <c>default</c>. A class or
    /// calendar that the book does not have is as if the definition did not name it.
    /// </summary>
    public InstrumentRules Resolve(InstrumentDefinition? definition) =>
        definition is null ? _undefined : Resolve(definition, long.MinValue, long.MaxValue);

    /// <summary>What holds for an instrument over time, given its definitions with the newest first.</summary>
    public RulesTimeline TimelineOf(params IReadOnlyList<InstrumentDefinition> definitions) =>
        definitions.Count == 0 ? _undefinedTimeline : new RulesTimeline(this, definitions);

    /// <summary>The text that says all of it; <see cref="RuleBookText"/> shows its form.</summary>
    public string ToCanonicalText() => RuleBookText.Write(this);

    /// <summary>Reads a canonical text back.</summary>
    /// <exception cref="FormatException">It is not one; the message names the line.</exception>
    public static RuleBook Parse(string text) => RuleBookText.Read(text);

    internal InstrumentRules Resolve(InstrumentDefinition? definition, long firstNs, long lastNs)
    {
        var rules = this[definition?.Class ?? InstrumentDefinition.DefaultClass];
        return new InstrumentRules(rules, FindCalendar(definition?.Calendar ?? string.Empty) ?? FindCalendar(rules.Calendar), definition, firstNs, lastNs);
    }

    private void CheckClass(string name, ClassRules rules)
    {
        if (!NameRules.IsValid(Encoding.UTF8.GetBytes(name)))
        {
            throw new ArgumentException($"class name: {NameRules.Explain(name)}");
        }

        CheckRange(name, nameof(rules.PriceBandBasisPoints), rules.PriceBandBasisPoints, ClassRules.PriceBandBasisPointsMax);
        CheckRange(name, nameof(rules.AheadMaxNs), rules.AheadMaxNs, ClassRules.AheadMaxNsMax);
        CheckRange(name, nameof(rules.AgeMaxNs), rules.AgeMaxNs, ClassRules.AgeMaxNsMax);
        CheckRange(name, nameof(rules.SizeMax), rules.SizeMax.Raw, long.MaxValue);
        for (var reason = RejectReason.UnknownInstrument; reason <= RejectReason.CusipMismatch; reason++)
        {
            if (rules.ActionOf(reason) > RuleAction.Reject)
            {
                throw new ArgumentException($"class '{name}': {reason} is {(int)rules.ActionOf(reason)}; it must be accept, flag or reject");
            }
        }

        if (rules.Calendar.Length > 0 && FindCalendar(rules.Calendar) is null)
        {
            throw new ArgumentException($"class '{name}': Calendar is '{rules.Calendar}'; there is no calendar of that name");
        }
    }

    private static void CheckRange(string name, string limit, long value, long most)
    {
        if (value < 0 || value > most)
        {
            throw new ArgumentException($"class '{name}': {limit} is {value}; it must be 0 to {most}");
        }
    }
}
