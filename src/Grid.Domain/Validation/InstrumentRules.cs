using Grid.Domain.Cusips;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;

namespace Grid.Domain.Validation;

/// <summary>
/// What holds for one instrument while one of its definitions does: its class's rules, its calendar and what the definition
/// adds. Immutable; made by <see cref="RuleBook"/> when a definition comes, and kept beside the instrument's state.
/// </summary>
public sealed class InstrumentRules
{
    // The event times that it holds for, both included.
    internal readonly long FirstNs;
    internal readonly long LastNs;

    // What the fast path compares with. A rule that is off has a limit that everything keeps.
    internal readonly long PriceMin;
    internal readonly long TradeSizeMin;
    internal readonly long SizeMax;
    internal readonly long LeadMax;
    internal readonly long LeadMin;
    internal readonly long BandBasisPoints;
    internal readonly SessionCalendar? Hours;
    internal readonly long TickRaw;
    internal readonly EventFlags Doubt;
    internal readonly bool LockedIsFine;

    internal InstrumentRules(ClassRules rules, SessionCalendar? calendar, InstrumentDefinition? definition, long firstNs = long.MinValue, long lastNs = long.MaxValue)
    {
        FirstNs = firstNs;
        LastNs = lastNs;
        Class = rules;
        IsDefined = definition is not null;
        TickSize = definition?.TickSize ?? default;
        Cusip = definition?.Cusip ?? default;
        Calendar = calendar ?? SessionCalendar.Utc;
        PriceMin = rules.PriceNotPositive == RuleAction.Accept ? long.MinValue : 1;
        TradeSizeMin = rules.SizeZero == RuleAction.Accept ? 0 : 1;
        SizeMax = rules.SizeOverLimit == RuleAction.Accept || rules.SizeMax.Raw == 0 ? long.MaxValue : rules.SizeMax.Raw;
        LeadMax = rules.TimeAhead == RuleAction.Accept ? long.MaxValue : rules.AheadMaxNs;
        LeadMin = rules.TimeTooOld == RuleAction.Accept || rules.AgeMaxNs == 0 ? long.MinValue : -rules.AgeMaxNs;
        BandBasisPoints = rules.PriceBand == RuleAction.Accept ? 0 : rules.PriceBandBasisPoints;
        Hours = rules.OutsideSession == RuleAction.Accept ? null : calendar;
        TickRaw = rules.OffTick == RuleAction.Accept ? 0 : Math.Max(0, TickSize.Raw);
        Doubt = rules.Suspicious == RuleAction.Accept ? EventFlags.None : EventFlags.Suspicious;
        LockedIsFine = rules.Locked == RuleAction.Accept;
    }

    /// <summary>True if it holds for events of a time.</summary>
    public bool HoldsAt(UnixNanos time) => time.Value >= FirstNs && time.Value <= LastNs;

    /// <summary>The rules of its class.</summary>
    public ClassRules Class { get; }

    /// <summary>False for an instrument that nobody defined.</summary>
    public bool IsDefined { get; }

    /// <summary>The calendar that gives its session dates.</summary>
    public SessionCalendar Calendar { get; }

    /// <summary>Smallest price step; unknown unless positive.</summary>
    public Price TickSize { get; }

    /// <summary>Its CUSIP; none if it has none.</summary>
    public Cusip Cusip { get; }
}
