using System.Numerics;
using Grid.Domain.Cusips;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Tests.Events;
using Grid.Domain.Validation;

namespace Grid.Domain.Tests.Validation;

public sealed class ValidatorPropertyTests
{
    private static readonly long[] Ticks = [0, -5, 1, 2, 3, 10_000, 2_500_000, 10_000_000, 15_625_000, 1L << 62, long.MaxValue];
    private static readonly Cusip[] Cusips = [default, Cusip.Parse("037833100"), Cusip.Parse("92940*118")];

    private static readonly SessionCalendar Mornings = new(
        "mornings", [], [new SessionHours(DayOfWeek.Monday, TimeSpan.FromHours(1), TimeSpan.FromHours(12))], []);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Outcomes_agree_with_the_rules_as_the_table_states_them(int seed)
    {
        var events = new RandomEvents(seed);
        var random = events.Random;
        var reasons = new HashSet<Outcome>();
        for (var i = 0; i < 50_000; i++)
        {
            var definition = random.Next(5) == 0
                ? null
                : new InstrumentDefinition { TickSize = new Price(Ticks[random.Next(Ticks.Length)]), Cusip = Cusips[random.Next(Cusips.Length)] };
            var classRules = RandomRules(random);
            var e = RandomEvent(events);
            var context = new RuleContext
            {
                Rules = new InstrumentRules(classRules, random.Next(3) == 0 ? Mornings : null, definition),
                UnknownInstrument = (UnknownInstrumentAction)random.Next(3),
                HasLast = random.Next(4) != 0,
                LastPrice = new Price(random.Next(2) == 0 ? e.F0 + random.Next(-5, 5) : events.Number()),
                HasBid = random.Next(2) == 0,
                HasAsk = random.Next(2) == 0,
                BidPrice = e.BidPrice,
                AskPrice = random.Next(2) == 0 ? e.BidPrice : new Price(events.Number()),
                RunCusip = Cusips[random.Next(Cusips.Length)],
            };
            var expected = Reference(in e, in context, definition);
            var actual = Validator.Check(in e, in context);
            Assert.True(expected == actual, $"event {i}: {actual}, not {expected}: {e.Kind} {e.Flags} {e.F0} {e.F1} {e.F2} {e.F3}, {classRules}, {definition}");
            reasons.Add(actual);
        }

        var rules = Enumerable.Range((int)RejectReason.UnknownInstrument, RejectReason.CusipMismatch - RejectReason.UnknownInstrument + 1).Select(r => (RejectReason)r);
        Assert.All(rules, reason => Assert.Contains(Outcome.Reject(reason), reasons));
        Assert.Contains(Outcome.Accepted, reasons);
    }

    private static MarketEvent RandomEvent(RandomEvents events)
    {
        var random = events.Random;
        var e = events.Next((EventKind)random.Next(1, 7), 5);
        if (random.Next(4) != 0)
        {
            // A plausible event, so that later rules decide too. Monday, 7 October 2013.
            e.ReceiveTime = new UnixNanos(Judged.Noon.Value + random.NextInt64(-UnixNanos.PerMinute, UnixNanos.PerMinute));
            e.EventTime = new UnixNanos(e.ReceiveTime.Value + random.NextInt64(-20, 7) * UnixNanos.PerSecond);
            e.F0 = random.NextInt64(1, 1000) * 2_500_000;
            e.F1 = random.Next(4) * Quantity.One;
            e.F2 = e.F0 + (random.Next(-2, 3) * 2_500_000);
            e.F3 = random.Next(4) * Quantity.One;
            e.Flags = random.Next(4) == 0 ? e.Flags : e.Flags & ~EventFlags.Suspicious;
        }

        return e;
    }

    private static ClassRules RandomRules(Random random) => new()
    {
        PriceNotPositive = Action(random),
        SizeZero = Action(random),
        SizeOverLimit = Action(random),
        SizeMax = random.Next(2) == 0 ? default : Quantity.Of(2),
        TimeAhead = Action(random),
        AheadMaxNs = random.Next(6) * UnixNanos.PerSecond,
        TimeTooOld = Action(random),
        AgeMaxNs = random.Next(20) * UnixNanos.PerSecond,
        OutsideSession = Action(random),
        OffTick = Action(random),
        Crossed = Action(random),
        Locked = Action(random),
        PriceBand = Action(random),
        PriceBandBasisPoints = random.Next(3) == 0 ? 0 : random.Next(ClassRules.PriceBandBasisPointsMax + 1),
        Suspicious = Action(random),
        CusipMismatch = Action(random),
    };

    private static RuleAction Action(Random random) => (RuleAction)Math.Max(0, random.Next(5) - 2);

    // The table of DESIGN.md, read row by row with numbers of any size.
    private static Outcome Reference(in MarketEvent e, in RuleContext context, InstrumentDefinition? definition)
    {
        var rules = context.Rules.Class;
        var isTradeLike = e.Kind is EventKind.Trade or EventKind.Correct;
        var isQuoteLike = e.Kind is EventKind.Quote or EventKind.Run;
        var prices = new List<(BigInteger Price, BigInteger Size)>();
        if (isTradeLike || (isQuoteLike && e.Has(EventFlags.BidSet)))
        {
            prices.Add((e.F0, e.F1));
        }

        if (isQuoteLike && e.Has(EventFlags.AskSet))
        {
            prices.Add((e.F2, e.F3));
        }

        var lead = (BigInteger)e.EventTime.Value - e.ReceiveTime.Value;
        var tick = definition?.TickSize.Raw ?? 0;
        var isMorning = e.EventTime.Date.DayOfWeek == DayOfWeek.Monday
            && e.EventTime.ToDateTimeOffset().Hour is >= 1 and < 12;
        BigInteger? spread = e.Kind switch
        {
            EventKind.Quote when context.HasBid && context.HasAsk && prices.Count > 0 => (BigInteger)context.AskPrice.Raw - context.BidPrice.Raw,
            EventKind.Run when prices.Count == 2 => (BigInteger)e.F2 - e.F0,
            _ => null,
        };
        var distance = BigInteger.Abs((BigInteger)e.F0 - context.LastPrice.Raw);
        var band = BigInteger.Abs(context.LastPrice.Raw) * rules.PriceBandBasisPoints;
        (RejectReason Reason, RuleAction Action, bool IsBroken)[] table =
        [
            (RejectReason.UnknownInstrument, (RuleAction)context.UnknownInstrument, definition is null && e.Kind != EventKind.Definition),
            (RejectReason.PriceNotPositive, rules.PriceNotPositive, prices.Exists(p => p.Price <= 0)),
            (RejectReason.SizeNegative, RuleAction.Reject, prices.Exists(p => p.Size < 0)),
            (RejectReason.SizeZero, rules.SizeZero, isTradeLike && e.F1 == 0),
            (RejectReason.SizeOverLimit, rules.SizeOverLimit, rules.SizeMax.Raw > 0 && prices.Exists(p => p.Size > rules.SizeMax.Raw)),
            (RejectReason.TimeAhead, rules.TimeAhead, lead > rules.AheadMaxNs),
            (RejectReason.TimeTooOld, rules.TimeTooOld, rules.AgeMaxNs > 0 && -lead > rules.AgeMaxNs),
            (RejectReason.OutsideSession, rules.OutsideSession, context.Rules.Calendar == Mornings && !isMorning && (e.Kind == EventKind.Trade || isQuoteLike)),
            (RejectReason.OffTick, rules.OffTick, tick > 0 && prices.Exists(p => !BigInteger.Remainder(p.Price, tick).IsZero)),
            (RejectReason.Crossed, rules.Crossed, spread < 0),
            (RejectReason.Locked, rules.Locked, spread == 0),
            (RejectReason.PriceBand, rules.PriceBand, e.Kind == EventKind.Trade && context.HasLast && !band.IsZero && distance * 10_000 > band),
            (RejectReason.Suspicious, rules.Suspicious, e.Has(EventFlags.Suspicious)),
            (RejectReason.CusipMismatch, rules.CusipMismatch, e.Kind == EventKind.Run && definition is { Cusip.IsNone: false } && definition.Cusip != context.RunCusip),
        ];
        var broken = table.Where(rule => rule.IsBroken && rule.Action != RuleAction.Accept).ToList();
        var rejecting = broken.Find(rule => rule.Action == RuleAction.Reject);
        return rejecting.Reason != RejectReason.None ? Outcome.Reject(rejecting.Reason)
            : broken.Count > 0 ? Outcome.Flag(broken[0].Reason) : Outcome.Accepted;
    }
}
