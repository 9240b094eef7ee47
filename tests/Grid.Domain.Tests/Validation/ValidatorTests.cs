using Grid.Domain.Cusips;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;

namespace Grid.Domain.Tests.Validation;

public sealed class ValidatorTests
{
    private const string Accepted = "Accepted";
    private const string HighestPrice = "9223372036.854775807";
    private const string LowestPrice = "-9223372036.854775808";

    private static readonly InstrumentDefinition Cent = new() { TickSize = Price.Parse("0.01") };

    [Fact]
    public void A_good_event_of_every_kind_is_accepted()
    {
        Is(Accepted, new Judged());
        Is(Accepted, new Judged { Kind = EventKind.Correct });
        Is(Accepted, new Judged { Kind = EventKind.Cancel, Price = "0", Size = "0" });
        Is(Accepted, new Judged { Kind = EventKind.Definition, Price = "0", Size = "0", Definition = null, Unknown = UnknownInstrumentAction.Reject });
        Is(Accepted, Judged.Quote("99", "101"));
        Is(Accepted, Judged.Quote("99", null));
        Is(Accepted, Judged.Quote(null, "101"));
        Is(Accepted, Judged.Quote(null, null));
        Is(Accepted, Judged.Quote(null, null) with { Flags = EventFlags.BidCleared | EventFlags.AskCleared });
        Is(Accepted, Judged.Run("99", "101"));
    }

    [Theory]
    [InlineData(UnknownInstrumentAction.Accept, Accepted)]
    [InlineData(UnknownInstrumentAction.Flag, "Flagged UnknownInstrument")]
    [InlineData(UnknownInstrumentAction.Reject, "Rejected UnknownInstrument")]
    public void A_source_says_what_becomes_of_unknown_instruments(UnknownInstrumentAction action, string expected)
    {
        foreach (var kind in (EventKind[])[EventKind.Trade, EventKind.Quote, EventKind.Run, EventKind.Cancel, EventKind.Correct])
        {
            Is(expected, new Judged { Kind = kind, Definition = null, Unknown = action });
            Is(Accepted, new Judged { Kind = kind, Unknown = action });
        }
    }

    [Theory]
    [InlineData("0.000000001", Accepted)]
    [InlineData("0", "Rejected PriceNotPositive")]
    [InlineData("-0.000000001", "Rejected PriceNotPositive")]
    [InlineData(LowestPrice, "Rejected PriceNotPositive")]
    [InlineData(HighestPrice, Accepted)]
    public void Prices_are_positive_unless_the_class_says_otherwise(string price, string expected)
    {
        Judged[] all = [new() { Price = price }, new() { Kind = EventKind.Correct, Price = price }, Judged.Quote(price, null), Judged.Quote(null, price), Judged.Run(price, null)];
        foreach (var judged in all)
        {
            Is(expected, judged);
            Is(Accepted, judged with { Rules = new ClassRules { PriceNotPositive = RuleAction.Accept } });
            Is(expected.Replace("Rejected", "Flagged", StringComparison.Ordinal), judged with { Rules = new ClassRules { PriceNotPositive = RuleAction.Flag } });
        }
    }

    [Fact]
    public void A_side_that_a_quote_does_not_set_is_not_asked()
    {
        Is(Accepted, Judged.Quote("99", null) with { Ask = "-1", AskSize = "-1" });
        Is(Accepted, Judged.Quote(null, "99") with { Price = "0", Size = "-1" });
        Is(Accepted, new Judged { Kind = EventKind.Cancel, Price = "-1", Size = "-1" });
    }

    [Theory]
    [InlineData("0.00000001", Accepted)]
    [InlineData("0", "Flagged SizeZero")]
    [InlineData("-0.00000001", "Rejected SizeNegative")]
    [InlineData("-92233720368.54775808", "Rejected SizeNegative")]
    public void Trades_have_a_size(string size, string expected)
    {
        Is(expected, new Judged { Size = size });
        Is(expected, new Judged { Kind = EventKind.Correct, Size = size });
        var off = new ClassRules { SizeZero = RuleAction.Accept };
        Is(size == "0" ? Accepted : expected, new Judged { Size = size, Rules = off });
    }

    [Fact]
    public void Quotes_may_have_no_size_but_never_a_negative_one()
    {
        Is(Accepted, Judged.Quote("99", "101") with { Size = "0", AskSize = "0" });
        Is("Rejected SizeNegative", Judged.Quote("99", "101") with { AskSize = "-1" });
        Is("Rejected SizeNegative", Judged.Quote("99", "101") with { Size = "-1" });
    }

    [Theory]
    [InlineData("1000", RuleAction.Reject, Accepted)]
    [InlineData("1000.00000001", RuleAction.Reject, "Rejected SizeOverLimit")]
    [InlineData("1000.00000001", RuleAction.Flag, "Flagged SizeOverLimit")]
    [InlineData("1000.00000001", RuleAction.Accept, Accepted)]
    [InlineData("92233720368.54775807", RuleAction.Reject, "Rejected SizeOverLimit")]
    public void Sizes_have_the_limit_of_the_class(string size, RuleAction action, string expected)
    {
        var rules = new ClassRules { SizeMax = Quantity.Of(1000), SizeOverLimit = action };
        Is(expected, new Judged { Size = size, Rules = rules });
        Is(expected, Judged.Quote("99", "101") with { AskSize = size, Rules = rules });
        Is(Accepted, new Judged { Size = size });
    }

    [Theory]
    [InlineData(0, Accepted)]
    [InlineData(5_000_000_000, Accepted)]
    [InlineData(5_000_000_001, "Rejected TimeAhead")]
    [InlineData(-5_000_000_000, Accepted)]
    [InlineData(-1_000_000_000_000_000_000, Accepted)]
    public void An_event_is_not_ahead_of_its_receipt(long leadNs, string expected)
    {
        foreach (var kind in (EventKind[])[EventKind.Trade, EventKind.Quote, EventKind.Run, EventKind.Cancel, EventKind.Correct, EventKind.Definition])
        {
            Is(expected, new Judged { Kind = kind, LeadNs = leadNs });
            Is(Accepted, new Judged { Kind = kind, LeadNs = leadNs, Rules = new ClassRules { TimeAhead = RuleAction.Accept } });
        }
    }

    [Theory]
    [InlineData(-60_000_000_000, Accepted)]
    [InlineData(-60_000_000_001, "Rejected TimeTooOld")]
    public void An_event_is_not_older_than_the_class_allows(long leadNs, string expected)
    {
        var rules = new ClassRules { AgeMaxNs = UnixNanos.PerMinute };
        Is(expected, new Judged { LeadNs = leadNs, Rules = rules });
        Is(expected, new Judged { Kind = EventKind.Definition, LeadNs = leadNs, Rules = rules });
        Is(Accepted, new Judged { LeadNs = leadNs, Rules = rules with { TimeTooOld = RuleAction.Accept } });
    }

    [Fact]
    public void Times_whose_difference_does_not_fit_are_judged_rightly()
    {
        Is("Rejected TimeAhead", new Judged { EventTime = new UnixNanos(long.MaxValue) });
        Is(Accepted, new Judged { EventTime = new UnixNanos(long.MinValue) });
        Is("Rejected TimeTooOld", new Judged { EventTime = new UnixNanos(long.MinValue), Rules = new ClassRules { AgeMaxNs = ClassRules.AgeMaxNsMax } });
        Is(Accepted, new Judged { EventTime = new UnixNanos(long.MaxValue), Rules = new ClassRules { TimeAhead = RuleAction.Accept } });
    }

    [Fact]
    public void Prices_belong_to_session_hours_and_amendments_need_not()
    {
        var morning = new SessionCalendar("am", [], Enum.GetValues<DayOfWeek>().Select(day => new SessionHours(day, TimeSpan.Zero, TimeSpan.FromHours(12))), []);
        var before = Judged.Noon.Value - 1;
        foreach (var kind in Enum.GetValues<EventKind>().Where(k => k != EventKind.None))
        {
            var late = new Judged { Kind = kind, Calendar = morning };
            var isPrice = kind is EventKind.Trade or EventKind.Quote or EventKind.Run;
            Is(isPrice ? "Flagged OutsideSession" : Accepted, late);
            Is(isPrice ? "Rejected OutsideSession" : Accepted, late with { Rules = new ClassRules { OutsideSession = RuleAction.Reject } });
            Is(Accepted, late with { Rules = new ClassRules { OutsideSession = RuleAction.Accept } });
            Is(Accepted, late with { EventTime = new UnixNanos(before) });
        }
    }

    [Theory]
    [InlineData("100.01", Accepted)]
    [InlineData("100.001", "Flagged OffTick")]
    [InlineData("100.010000001", "Flagged OffTick")]
    public void Prices_are_multiples_of_the_tick(string price, string expected)
    {
        Judged[] all = [new() { Price = price }, new() { Kind = EventKind.Correct, Price = price }, Judged.Quote(price, null), Judged.Quote(null, price), Judged.Run(price, null)];
        foreach (var judged in all)
        {
            Is(expected, judged with { Definition = Cent });
            Is(Accepted, judged);
            Is(Accepted, judged with { Definition = Cent, Rules = new ClassRules { OffTick = RuleAction.Accept } });
            Is(expected.Replace("Flagged", "Rejected", StringComparison.Ordinal), judged with { Definition = Cent, Rules = new ClassRules { OffTick = RuleAction.Reject } });
        }
    }

    [Fact]
    public void A_tick_size_that_is_not_positive_is_unknown() =>
        Is(Accepted, new Judged { Price = LowestPrice, Rules = new ClassRules { PriceNotPositive = RuleAction.Accept }, Definition = new() { TickSize = new Price(-1) } });

    [Theory]
    [InlineData("100", "101", Accepted, Accepted)]
    [InlineData("100", "100", Accepted, "Flagged Locked")]
    [InlineData("100.000000001", "100", "Flagged Crossed", "Flagged Crossed")]
    [InlineData(HighestPrice, "0.000000001", "Flagged Crossed", "Flagged Crossed")]
    public void A_source_does_not_cross_itself(string bid, string ask, string expected, string expectedIfLockedFlags)
    {
        Judged[] all = [Judged.Quote(bid, ask), Judged.Run(bid, ask), Judged.Quote(bid, null) with { ResultingAsk = ask }, Judged.Quote(null, ask) with { ResultingBid = bid }];
        foreach (var judged in all)
        {
            Is(expected, judged);
            Is(expectedIfLockedFlags, judged with { Rules = new ClassRules { Locked = RuleAction.Flag } });
            Is(expected.Replace("Flagged", "Rejected", StringComparison.Ordinal), judged with { Rules = new ClassRules { Crossed = RuleAction.Reject } });
            Is(Accepted, judged with { Rules = new ClassRules { Crossed = RuleAction.Accept } });
        }
    }

    [Fact]
    public void A_quote_that_sets_no_side_crosses_nothing()
    {
        Is(Accepted, Judged.Quote(null, null) with { ResultingBid = "101", ResultingAsk = "100" });
        Is(Accepted, Judged.Quote("101", null) with { Flags = EventFlags.BidSet | EventFlags.AskCleared });
        Is(Accepted, Judged.Run("101", null) with { ResultingBid = "101", ResultingAsk = "100" });
    }

    [Theory]
    [InlineData("100", "120", Accepted)]
    [InlineData("100", "120.000000001", "Flagged PriceBand")]
    [InlineData("100", "80", Accepted)]
    [InlineData("100", "79.999999999", "Flagged PriceBand")]
    [InlineData(HighestPrice, "0.000000001", "Flagged PriceBand")]
    [InlineData("0.000000001", HighestPrice, "Flagged PriceBand")]
    [InlineData("-100", "-120", Accepted)]
    [InlineData("-100", "-120.000000001", "Flagged PriceBand")]
    [InlineData("-100", "100", "Flagged PriceBand")]
    [InlineData(LowestPrice, HighestPrice, "Flagged PriceBand")]
    [InlineData("0", "55", Accepted)]
    public void A_trade_is_within_a_band_around_the_last_price(string last, string price, string expected)
    {
        var rules = new ClassRules { PriceNotPositive = RuleAction.Accept };
        Is(expected, new Judged { Last = last, Price = price, Rules = rules });
        Is(Accepted, new Judged { Price = price, Rules = rules });
        Is(Accepted, new Judged { Last = last, Price = price, Rules = rules with { PriceBandBasisPoints = 0 } });
        Is(Accepted, new Judged { Last = last, Price = price, Rules = rules with { PriceBand = RuleAction.Accept } });
        Is(expected.Replace("Flagged", "Rejected", StringComparison.Ordinal), new Judged { Last = last, Price = price, Rules = rules with { PriceBand = RuleAction.Reject } });
        Is(Accepted, new Judged { Kind = EventKind.Correct, Last = last, Price = price, Rules = rules });
    }

    [Fact]
    public void The_widest_band_is_a_hundred_times_the_last_price()
    {
        var rules = new ClassRules { PriceBandBasisPoints = ClassRules.PriceBandBasisPointsMax };
        Is(Accepted, new Judged { Last = "1", Price = "101", Rules = rules });
        Is("Flagged PriceBand", new Judged { Last = "1", Price = "101.000000001", Rules = rules });
        Is(Accepted, new Judged { Last = HighestPrice, Price = "1", Rules = rules });
    }

    [Fact]
    public void What_its_source_doubts_is_marked()
    {
        foreach (var kind in Enum.GetValues<EventKind>().Where(k => k != EventKind.None))
        {
            var doubted = new Judged { Kind = kind, Flags = EventFlags.Suspicious };
            Is("Flagged Suspicious", doubted);
            Is("Rejected Suspicious", doubted with { Rules = new ClassRules { Suspicious = RuleAction.Reject } });
            Is(Accepted, doubted with { Rules = new ClassRules { Suspicious = RuleAction.Accept } });
        }
    }

    [Fact]
    public void A_run_names_the_cusip_of_its_instrument()
    {
        var apple = Cusip.Parse("037833100");
        var bond = new InstrumentDefinition { Cusip = apple };
        var run = Judged.Run("99", "101") with { Definition = bond };
        Is(Accepted, run with { RunCusip = apple });
        Is("Rejected CusipMismatch", run with { RunCusip = Cusip.Parse("92940*118") });
        Is("Flagged CusipMismatch", run with { RunCusip = Cusip.Parse("92940*118"), Rules = new ClassRules { CusipMismatch = RuleAction.Flag } });
        Is(Accepted, run with { Definition = new(), RunCusip = apple });
        Is(Accepted, run with { Kind = EventKind.Quote });
    }

    [Fact]
    public void The_first_rule_that_rejects_decides_and_else_the_first_that_flags()
    {
        var bad = new Judged { Price = "-1", Size = "-1", LeadNs = 10 * UnixNanos.PerSecond, Definition = null, Unknown = UnknownInstrumentAction.Flag, Flags = EventFlags.Suspicious };
        Is("Rejected PriceNotPositive", bad);
        Is("Rejected UnknownInstrument", bad with { Unknown = UnknownInstrumentAction.Reject });
        Is("Rejected SizeNegative", bad with { Price = "1" });
        Is("Rejected TimeAhead", bad with { Price = "1", Size = "0" });
        Is("Flagged UnknownInstrument", bad with { Price = "1", Size = "0", LeadNs = 0 });
        Is("Flagged SizeZero", bad with { Price = "1", Size = "0", LeadNs = 0, Unknown = UnknownInstrumentAction.Accept });
        Is("Flagged Suspicious", bad with { Price = "1", Size = "1", LeadNs = 0, Unknown = UnknownInstrumentAction.Accept });
        Is("Rejected Suspicious", bad with { Price = "1", Size = "0", LeadNs = 0, Rules = new ClassRules { Suspicious = RuleAction.Reject } });
    }

    [Fact]
    public void Contexts_carry_what_their_kind_needs()
    {
        var rules = RuleBook.BuiltIn.Resolve(null);
        var quote = new SourceQuote { Bid = new SideMark(SideState.Set, default, 0, 0, 5, 1), Ask = new SideMark(SideState.Cleared, default, 0, 0, 7, 1) };
        var context = RuleContext.OfQuote(rules, UnknownInstrumentAction.Flag, in quote);
        Assert.True(context.HasBid && !context.HasAsk && context.BidPrice == new Price(5) && context.UnknownInstrument == UnknownInstrumentAction.Flag);
        var trade = RuleContext.OfTrade(rules, UnknownInstrumentAction.Reject, true, new Price(9));
        Assert.True(trade.HasLast && trade.LastPrice == new Price(9) && trade.Rules == rules);
        Assert.Equal(Cusip.Parse("037833100"), RuleContext.OfRun(rules, default, Cusip.Parse("037833100")).RunCusip);
        Assert.False(RuleContext.Of(rules, default).HasLast);
    }

    private static void Is(string expected, Judged judged) => Assert.True(expected == judged.Outcome.ToString(), $"{judged} is {judged.Outcome}, not {expected}");
}
