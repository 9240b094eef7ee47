using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;

namespace Grid.Domain.Tests.Instruments;

public sealed class RuleBookOptionsTests
{
    private static readonly ZoneOffset[] Berlin = [new(new UnixNanos(long.MinValue), 3600)];

    [Fact]
    public void The_defaults_are_the_rules_of_the_default_class()
    {
        var options = new ClassRulesOptions();
        Assert.Equal(
            (RuleAction.Reject, RuleAction.Flag, RuleAction.Reject, 0m, RuleAction.Reject, TimeSpan.FromSeconds(5), RuleAction.Reject, TimeSpan.Zero),
            (options.PriceNotPositive, options.SizeZero, options.SizeOverLimit, options.SizeMax, options.TimeAhead, options.AheadMax, options.TimeTooOld, options.AgeMax));
        Assert.Equal(
            (RuleAction.Flag, string.Empty, RuleAction.Flag, RuleAction.Flag, RuleAction.Accept, RuleAction.Flag, 2000, RuleAction.Flag, RuleAction.Reject),
            (options.OutsideSession, options.Calendar, options.OffTick, options.Crossed, options.Locked, options.PriceBand, options.PriceBandBasisPoints, options.Suspicious, options.CusipMismatch));
        options.Validate("default");
        Assert.Equal(ClassRules.Default, options.ToRules());
    }

    [Fact]
    public void Options_say_the_same_as_the_rules_they_come_from()
    {
        foreach (var rules in BuiltInClasses.All.Values)
        {
            Assert.Equal(rules, ClassRulesOptions.From(rules).ToRules());
        }

        var odd = new ClassRules { SizeMax = new Quantity(123_456_789), AheadMaxNs = 100, AgeMaxNs = ClassRules.AgeMaxNsMax, Calendar = "c", Crossed = RuleAction.Reject };
        Assert.Equal(odd, ClassRulesOptions.From(odd).ToRules());
    }

    [Fact]
    public void An_all_wrong_class_is_refused_option_by_option()
    {
        var options = new ClassRulesOptions
        {
            PriceNotPositive = (RuleAction)3,
            SizeMax = -0.000000001m,
            AheadMax = TimeSpan.FromDays(2),
            AgeMax = TimeSpan.FromDays(-1),
            PriceBandBasisPoints = 1_000_001,
        };
        Assert.Equal(
            """
            Option Classes:equity:SizeMax is -0.000000001; it must be 0 to 90000000000.
            Option Classes:equity:SizeMax is -0.000000001; it must have at most 8 decimals.
            Option Classes:equity:AheadMax is 2.00:00:00; it must be 00:00:00 to 1.00:00:00.
            Option Classes:equity:AgeMax is -1.00:00:00; it must be 00:00:00 to 36500.00:00:00.
            Option Classes:equity:PriceBandBasisPoints is 1000001; it must be 0 to 1000000.
            Option Classes:equity:PriceNotPositive is 3; it must be Accept, Flag or Reject.
            """,
            Assert.Throws<ArgumentException>(() => options.Validate("equity")).Message);
    }

    [Fact]
    public void Options_start_with_the_built_in_classes()
    {
        var options = new RuleBookOptions();
        Assert.Equal(RuleBook.BuiltIn.Version, options.ToRuleBook(_ => null).Version);
        options.Classes["equity"].PriceBandBasisPoints = 100;
        options.Classes["crypto"] = new ClassRulesOptions { SizeMax = 5 };
        var book = options.ToRuleBook(_ => null);
        Assert.Equal(new ClassRules { PriceBandBasisPoints = 100 }, book["equity"]);
        Assert.Equal(new ClassRules { SizeMax = Quantity.Of(5) }, book["crypto"]);
    }

    [Fact]
    public void A_calendar_is_made_of_its_zone_hours_and_holidays()
    {
        var options = new RuleBookOptions();
        options.Calendars["xetra"] = new SessionCalendarOptions
        {
            TimeZone = "Europe/Berlin",
            Hours = { [DayOfWeek.Monday] = "09:00-17:30", [DayOfWeek.Tuesday] = "00:00-24:00", [DayOfWeek.Thursday] = "18:00-17:00" },
            Holidays = { "2025-12-25" },
        };
        options.Classes["equity"].Calendar = "xetra";
        var calendar = options.ToRuleBook(zone => zone == "Europe/Berlin" ? Berlin : null).Resolve(new InstrumentDefinition { Class = "equity" }).Calendar;
        Assert.Equal(Berlin, calendar.Offsets);
        Assert.Equal(
            [
                new SessionHours(DayOfWeek.Monday, TimeSpan.FromHours(9), TimeSpan.FromHours(17.5)),
                new SessionHours(DayOfWeek.Tuesday, TimeSpan.Zero, TimeSpan.FromDays(1)),
                new SessionHours(DayOfWeek.Thursday, TimeSpan.FromHours(18), TimeSpan.FromHours(17)),
            ],
            calendar.Hours);
        Assert.Equal([new DateOnly(2025, 12, 25)], calendar.Holidays);
        Assert.True(new SessionCalendarOptions().ToCalendar("utc", _ => null).IsAlwaysOpen);
    }

    [Fact]
    public void All_that_is_wrong_is_said_at_once()
    {
        var options = new RuleBookOptions();
        options.Calendars["a"] = new SessionCalendarOptions
        {
            TimeZone = "Europe/Nowhere",
            Hours = { [DayOfWeek.Monday] = "9-17", [DayOfWeek.Tuesday] = "09:00" },
            Holidays = { "25.12.2025" },
        };
        options.Calendars["b"] = new SessionCalendarOptions { Hours = { [DayOfWeek.Monday] = "00:00-23:00", [DayOfWeek.Tuesday] = "18:00-17:00" } };
        options.Classes["fx"].Calendar = "c";
        options.Classes["fx"].PriceBandBasisPoints = -1;
        Assert.Equal(
            """
            Option Calendars:a:TimeZone is 'Europe/Nowhere'; there is no time zone of that name.
            Option Calendars:a:Hours:Monday is '9-17'; it must be hh:mm-hh:mm, at most 24:00.
            Option Calendars:a:Hours:Tuesday is '09:00'; it must be hh:mm-hh:mm, at most 24:00.
            Option Calendars:a:Holidays has '25.12.2025'; it must be a date yyyy-MM-dd.
            Option Calendars: calendar 'b' opens for Tuesday at 18:00:00 on the evening before, but is open for Monday until 23:00:00; sessions must not overlap.
            Option Classes:fx:PriceBandBasisPoints is -1; it must be 0 to 1000000.
            Option Classes:fx:Calendar is 'c'; there is no calendar of that name.
            """,
            Assert.Throws<ArgumentException>(() => options.ToRuleBook(_ => null)).Message);
    }
}
