using Grid.Domain.Cusips;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;

namespace Grid.Domain.Tests.Validation;

/// <summary>An event with all that the rules may know; good unless a test changes something.</summary>
internal sealed record Judged
{
    public static readonly UnixNanos Noon = new(1_381_147_200_000_000_000);

    public EventKind Kind { get; init; } = EventKind.Trade;

    public EventFlags Flags { get; init; }

    public string Price { get; init; } = "100";

    public string Size { get; init; } = "10";

    public string Ask { get; init; } = "0";

    public string AskSize { get; init; } = "0";

    public long LeadNs { get; init; }

    public UnixNanos? EventTime { get; init; }

    public ClassRules Rules { get; init; } = ClassRules.Default;

    public SessionCalendar? Calendar { get; init; }

    public InstrumentDefinition? Definition { get; init; } = new();

    public UnknownInstrumentAction Unknown { get; init; }

    public string? Last { get; init; }

    public string? ResultingBid { get; init; }

    public string? ResultingAsk { get; init; }

    public Cusip RunCusip { get; init; }

    public static Judged Quote(string? bid, string? ask) => new()
    {
        Kind = EventKind.Quote,
        Flags = (bid is null ? EventFlags.None : EventFlags.BidSet) | (ask is null ? EventFlags.None : EventFlags.AskSet),
        Price = bid ?? "0",
        Size = bid is null ? "0" : "10",
        Ask = ask ?? "0",
        AskSize = ask is null ? "0" : "10",
        ResultingBid = bid,
        ResultingAsk = ask,
    };

    public static Judged Run(string? bid, string? ask) => Quote(bid, ask) with { Kind = EventKind.Run };

    public MarketEvent Event => new()
    {
        Kind = Kind,
        Flags = Flags,
        EventTime = EventTime ?? new UnixNanos(Noon.Value + LeadNs),
        ReceiveTime = Noon,
        F0 = RawPrice(Price),
        F1 = Quantity.Parse(Size).Raw,
        F2 = RawPrice(Ask),
        F3 = Quantity.Parse(AskSize).Raw,
    };

    public Outcome Outcome
    {
        get
        {
            var e = Event;
            var rules = new InstrumentRules(Rules, Calendar, Definition);
            var context = new RuleContext
            {
                Rules = rules,
                UnknownInstrument = Unknown,
                HasLast = Last is not null,
                LastPrice = new Price(RawPrice(Last ?? "0")),
                HasBid = ResultingBid is not null,
                HasAsk = ResultingAsk is not null,
                BidPrice = new Price(RawPrice(ResultingBid ?? "0")),
                AskPrice = new Price(RawPrice(ResultingAsk ?? "0")),
                RunCusip = RunCusip,
            };
            var outcome = Validator.Check(in e, in context);
            Assert.Equal(Validator.CheckRuleByRule(in e, in context), outcome);
            return outcome;
        }
    }

    private static long RawPrice(string text) => Domain.Identifiers.Price.Parse(text).Raw;
}
