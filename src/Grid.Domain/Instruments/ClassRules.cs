using Grid.Domain.Identifiers;
using Grid.Domain.Validation;

namespace Grid.Domain.Instruments;

/// <summary>
/// The validation rules of one instrument class: an action for each rule, named as its <see cref="RejectReason"/>, and the
/// rules' limits. The defaults are the rules of the class <c>default</c>. Rules whose answer depends on the order of arrival
/// (price band, crossed, locked) flag or accept by default; they reject only where configured to.
/// </summary>
/// <remarks>A negative size is always rejected: no class has a use for one, and sums of volume rely on there being none.</remarks>
public sealed record ClassRules
{
    /// <summary>Largest <see cref="PriceBandBasisPoints"/>: a hundred times the last price.</summary>
    public const int PriceBandBasisPointsMax = 1_000_000;

    /// <summary>Largest <see cref="AheadMaxNs"/>: a day.</summary>
    public const long AheadMaxNsMax = UnixNanos.PerDay;

    /// <summary>Largest <see cref="AgeMaxNs"/>: 36,500 days.</summary>
    public const long AgeMaxNsMax = 36_500 * UnixNanos.PerDay;

    /// <summary>A price that is zero or negative; reject by default.</summary>
    public RuleAction PriceNotPositive { get; init; } = RuleAction.Reject;

    /// <summary>A trade of size zero; flag by default.</summary>
    public RuleAction SizeZero { get; init; } = RuleAction.Flag;

    /// <summary>A size over <see cref="SizeMax"/>; reject by default.</summary>
    public RuleAction SizeOverLimit { get; init; } = RuleAction.Reject;

    /// <summary>Largest size; 0 (the default) is no limit.</summary>
    public Quantity SizeMax { get; init; }

    /// <summary>An event time more than <see cref="AheadMaxNs"/> ahead of the receive time; reject by default.</summary>
    public RuleAction TimeAhead { get; init; } = RuleAction.Reject;

    /// <summary>How far the event time may be ahead of the receive time, in nanoseconds; 5 s by default.</summary>
    public long AheadMaxNs { get; init; } = 5 * UnixNanos.PerSecond;

    /// <summary>An event time more than <see cref="AgeMaxNs"/> behind the receive time; reject by default.</summary>
    public RuleAction TimeTooOld { get; init; } = RuleAction.Reject;

    /// <summary>How far the event time may be behind the receive time, in nanoseconds; 0 (the default) is no limit.</summary>
    public long AgeMaxNs { get; init; }

    /// <summary>An event time outside the hours of <see cref="Calendar"/>; flag by default.</summary>
    public RuleAction OutsideSession { get; init; } = RuleAction.Flag;

    /// <summary>Name of the session calendar; empty (the default) for UTC dates without hours.</summary>
    public string Calendar { get; init; } = string.Empty;

    /// <summary>A price that is no multiple of the tick size of its instrument's definition; flag by default.</summary>
    public RuleAction OffTick { get; init; } = RuleAction.Flag;

    /// <summary>A source's bid above its own ask; flag by default.</summary>
    public RuleAction Crossed { get; init; } = RuleAction.Flag;

    /// <summary>A source's bid equal to its own ask; accept by default.</summary>
    public RuleAction Locked { get; init; } = RuleAction.Accept;

    /// <summary>A trade's price further than <see cref="PriceBandBasisPoints"/> from the last price; flag by default.</summary>
    public RuleAction PriceBand { get; init; } = RuleAction.Flag;

    /// <summary>The price band in hundredths of a percent of the last price; 2,000 (20 %) by default, 0 is no band.</summary>
    public int PriceBandBasisPoints { get; init; } = 2_000;

    /// <summary>An event that its source doubts; flag by default.</summary>
    public RuleAction Suspicious { get; init; } = RuleAction.Flag;

    /// <summary>A run whose CUSIP is not its instrument's; reject by default.</summary>
    public RuleAction CusipMismatch { get; init; } = RuleAction.Reject;

    /// <summary>The rules of a class that says nothing of its own.</summary>
    public static ClassRules Default { get; } = new();

    /// <summary>The action of a rule. Reasons that are no rule of a class have <see cref="RuleAction.Accept"/>.</summary>
    public RuleAction ActionOf(RejectReason reason) => reason switch
    {
        RejectReason.PriceNotPositive => PriceNotPositive,
        RejectReason.SizeNegative => RuleAction.Reject,
        RejectReason.SizeZero => SizeZero,
        RejectReason.SizeOverLimit => SizeOverLimit,
        RejectReason.TimeAhead => TimeAhead,
        RejectReason.TimeTooOld => TimeTooOld,
        RejectReason.OutsideSession => OutsideSession,
        RejectReason.OffTick => OffTick,
        RejectReason.Crossed => Crossed,
        RejectReason.Locked => Locked,
        RejectReason.PriceBand => PriceBand,
        RejectReason.Suspicious => Suspicious,
        RejectReason.CusipMismatch => CusipMismatch,
        _ => RuleAction.Accept,
    };
}
