using Grid.Domain.Cusips;
using Grid.Domain.Dedup;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;

namespace Grid.Domain.Validation;

/// <summary>What the rules may know besides the event: its instrument's rules and as much of the state as they depend on.</summary>
public readonly ref struct RuleContext
{
    /// <summary>What holds for the instrument.</summary>
    public required InstrumentRules Rules { get; init; }

    /// <summary>What the source says of instruments without a definition.</summary>
    public UnknownInstrumentAction UnknownInstrument { get; init; }

    /// <summary>True if the instrument has a last price.</summary>
    public bool HasLast { get; init; }

    /// <summary>The last price before the event.</summary>
    public Price LastPrice { get; init; }

    /// <summary>True if the source has a bid once the quote is applied.</summary>
    public bool HasBid { get; init; }

    /// <summary>True if the source has an ask once the quote is applied.</summary>
    public bool HasAsk { get; init; }

    /// <summary>The source's bid once the quote is applied.</summary>
    public Price BidPrice { get; init; }

    /// <summary>The source's ask once the quote is applied.</summary>
    public Price AskPrice { get; init; }

    /// <summary>The CUSIP that a run names.</summary>
    public Cusip RunCusip { get; init; }

    /// <summary>For a trade.</summary>
    public static RuleContext OfTrade(InstrumentRules rules, UnknownInstrumentAction unknown, bool hasLast, Price lastPrice) =>
        new() { Rules = rules, UnknownInstrument = unknown, HasLast = hasLast, LastPrice = lastPrice };

    /// <summary>For a quote; <paramref name="resulting"/> is what its source quotes once it is applied.</summary>
    public static RuleContext OfQuote(InstrumentRules rules, UnknownInstrumentAction unknown, in SourceQuote resulting) => new()
    {
        Rules = rules,
        UnknownInstrument = unknown,
        HasBid = resulting.Bid.State == SideState.Set,
        HasAsk = resulting.Ask.State == SideState.Set,
        BidPrice = new Price(resulting.Bid.Price),
        AskPrice = new Price(resulting.Ask.Price),
    };

    /// <summary>For a run, which is judged by its own two sides.</summary>
    public static RuleContext OfRun(InstrumentRules rules, UnknownInstrumentAction unknown, Cusip runCusip) =>
        new() { Rules = rules, UnknownInstrument = unknown, RunCusip = runCusip };

    /// <summary>For a cancel, a correction or a definition.</summary>
    public static RuleContext Of(InstrumentRules rules, UnknownInstrumentAction unknown) =>
        new() { Rules = rules, UnknownInstrument = unknown };
}
