using System.Globalization;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;

namespace Grid.Domain.Instruments;

/// <summary>
/// The rules of one instrument class as configuration writes them. Each rule has an action (<c>Accept</c> turns it off) and
/// is described at its namesake in <see cref="ClassRules"/>; the defaults are those of the class <c>default</c>.
/// </summary>
public sealed class ClassRulesOptions
{
    /// <summary>Largest <see cref="SizeMax"/>: 90,000,000,000.</summary>
    public const decimal SizeMaxHighest = 90_000_000_000m;

    /// <summary>Largest <see cref="AheadMax"/>: a day.</summary>
    public static readonly TimeSpan AheadMaxHighest = TimeSpan.FromDays(1);

    /// <summary>Largest <see cref="AgeMax"/>: 36,500 days.</summary>
    public static readonly TimeSpan AgeMaxHighest = TimeSpan.FromDays(36_500);

    /// <summary>A price that is zero or negative; reject by default.</summary>
    public RuleAction PriceNotPositive { get; set; } = RuleAction.Reject;

    /// <summary>A trade of size zero; flag by default.</summary>
    public RuleAction SizeZero { get; set; } = RuleAction.Flag;

    /// <summary>A size over <see cref="SizeMax"/>; reject by default.</summary>
    public RuleAction SizeOverLimit { get; set; } = RuleAction.Reject;

    /// <summary>Largest size; 0 to 90,000,000,000 with at most 8 decimals, 0 (the default) is no limit.</summary>
    public decimal SizeMax { get; set; }

    /// <summary>An event time too far ahead of the receive time; reject by default.</summary>
    public RuleAction TimeAhead { get; set; } = RuleAction.Reject;

    /// <summary>How far the event time may be ahead of the receive time; 0 to 1 day, 5 seconds by default.</summary>
    public TimeSpan AheadMax { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>An event time too far behind the receive time; reject by default.</summary>
    public RuleAction TimeTooOld { get; set; } = RuleAction.Reject;

    /// <summary>How far the event time may be behind the receive time; 0 to 36,500 days, 0 (the default) is no limit.</summary>
    public TimeSpan AgeMax { get; set; }

    /// <summary>An event time outside the calendar's hours; flag by default.</summary>
    public RuleAction OutsideSession { get; set; } = RuleAction.Flag;

    /// <summary>Name of a configured session calendar; empty (the default) for UTC dates without hours.</summary>
    public string Calendar { get; set; } = string.Empty;

    /// <summary>A price that is no multiple of the tick size; flag by default.</summary>
    public RuleAction OffTick { get; set; } = RuleAction.Flag;

    /// <summary>A source's bid above its own ask; flag by default.</summary>
    public RuleAction Crossed { get; set; } = RuleAction.Flag;

    /// <summary>A source's bid equal to its own ask; accept by default.</summary>
    public RuleAction Locked { get; set; } = RuleAction.Accept;

    /// <summary>A trade's price too far from the last price; flag by default.</summary>
    public RuleAction PriceBand { get; set; } = RuleAction.Flag;

    /// <summary>The price band in hundredths of a percent of the last price; 0 to 1,000,000, 2,000 (20 %) by default, 0 is no band.</summary>
    public int PriceBandBasisPoints { get; set; } = 2_000;

    /// <summary>An event that its source doubts; flag by default.</summary>
    public RuleAction Suspicious { get; set; } = RuleAction.Flag;

    /// <summary>A run whose CUSIP is not its instrument's; reject by default.</summary>
    public RuleAction CusipMismatch { get; set; } = RuleAction.Reject;

    /// <summary>Options that say what given rules say.</summary>
    public static ClassRulesOptions From(ClassRules rules) => new()
    {
        PriceNotPositive = rules.PriceNotPositive,
        SizeZero = rules.SizeZero,
        SizeOverLimit = rules.SizeOverLimit,
        SizeMax = rules.SizeMax.Raw / (decimal)Quantity.One,
        TimeAhead = rules.TimeAhead,
        AheadMax = TimeSpan.FromTicks(rules.AheadMaxNs / 100),
        TimeTooOld = rules.TimeTooOld,
        AgeMax = TimeSpan.FromTicks(rules.AgeMaxNs / 100),
        OutsideSession = rules.OutsideSession,
        Calendar = rules.Calendar,
        OffTick = rules.OffTick,
        Crossed = rules.Crossed,
        Locked = rules.Locked,
        PriceBand = rules.PriceBand,
        PriceBandBasisPoints = rules.PriceBandBasisPoints,
        Suspicious = rules.Suspicious,
        CusipMismatch = rules.CusipMismatch,
    };

    /// <summary>Throws if an option is out of its range.</summary>
    /// <param name="className">The class, for the message.</param>
    /// <exception cref="ArgumentException">One line for each option that is: its name, its value and the rule.</exception>
    public void Validate(string className)
    {
        var faults = new List<string>();
        CollectFaults(className, faults);
        OptionFault.ThrowIfAny(faults);
    }

    internal void CollectFaults(string className, List<string> faults)
    {
        var prefix = $"Classes:{className}:";
        OptionFault.CheckRange(faults, prefix + nameof(SizeMax), SizeMax, 0m, SizeMaxHighest);
        if (SizeMax * Quantity.One % 1 != 0)
        {
            faults.Add($"Option {prefix}{nameof(SizeMax)} is {SizeMax.ToString(CultureInfo.InvariantCulture)}; it must have at most {Quantity.Scale} decimals.");
        }

        OptionFault.CheckRange(faults, prefix + nameof(AheadMax), AheadMax, TimeSpan.Zero, AheadMaxHighest);
        OptionFault.CheckRange(faults, prefix + nameof(AgeMax), AgeMax, TimeSpan.Zero, AgeMaxHighest);
        OptionFault.CheckRange(faults, prefix + nameof(PriceBandBasisPoints), PriceBandBasisPoints, 0, ClassRules.PriceBandBasisPointsMax);
        foreach (var (name, action) in Actions())
        {
            if (action > RuleAction.Reject)
            {
                faults.Add($"Option {prefix}{name} is {(int)action}; it must be Accept, Flag or Reject.");
            }
        }
    }

    internal ClassRules ToRules() => new()
    {
        PriceNotPositive = PriceNotPositive,
        SizeZero = SizeZero,
        SizeOverLimit = SizeOverLimit,
        SizeMax = new Quantity((long)(SizeMax * Quantity.One)),
        TimeAhead = TimeAhead,
        AheadMaxNs = AheadMax.Ticks * 100,
        TimeTooOld = TimeTooOld,
        AgeMaxNs = AgeMax.Ticks * 100,
        OutsideSession = OutsideSession,
        Calendar = Calendar,
        OffTick = OffTick,
        Crossed = Crossed,
        Locked = Locked,
        PriceBand = PriceBand,
        PriceBandBasisPoints = PriceBandBasisPoints,
        Suspicious = Suspicious,
        CusipMismatch = CusipMismatch,
    };

    private IEnumerable<(string Name, RuleAction Action)> Actions() =>
    [
        (nameof(PriceNotPositive), PriceNotPositive), (nameof(SizeZero), SizeZero), (nameof(SizeOverLimit), SizeOverLimit),
        (nameof(TimeAhead), TimeAhead), (nameof(TimeTooOld), TimeTooOld), (nameof(OutsideSession), OutsideSession),
        (nameof(OffTick), OffTick), (nameof(Crossed), Crossed), (nameof(Locked), Locked), (nameof(PriceBand), PriceBand),
        (nameof(Suspicious), Suspicious), (nameof(CusipMismatch), CusipMismatch),
    ];
}
