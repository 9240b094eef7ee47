using Grid.Domain.Cusips;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;

namespace Grid.Domain.Tests.Instruments;

public sealed class RuleBookTests
{
    private static readonly SessionCalendar Weekdays = new(
        "weekdays",
        [new ZoneOffset(new UnixNanos(long.MinValue), 0), new ZoneOffset(new UnixNanos(86_400_000_000_000), 3600)],
        [new SessionHours(DayOfWeek.Friday, TimeSpan.FromHours(17), TimeSpan.FromHours(17)), new SessionHours(DayOfWeek.Monday, TimeSpan.Zero, TimeSpan.FromDays(1))],
        [new DateOnly(2025, 12, 25), new DateOnly(2024, 12, 25)]);

    // Golden: journals hold such texts and versions. A rule that is added gets a new first line; this stays readable.
    private const string Golden = """
        grid-rules 1
        calendar weekdays
        zone -9223372036854775808 0
        zone 86400000000000 3600
        hours Monday 00:00:00 24:00:00
        hours Friday 17:00:00 17:00:00
        holiday 2024-12-25
        holiday 2025-12-25
        class default
        PriceNotPositive reject
        SizeZero flag
        SizeOverLimit reject 0
        TimeAhead reject 5000000000
        TimeTooOld reject 0
        OutsideSession flag -
        OffTick flag
        Crossed flag
        Locked accept
        PriceBand flag 2000
        Suspicious flag
        CusipMismatch reject
        class own
        PriceNotPositive accept
        SizeZero accept
        SizeOverLimit flag 1000.5
        TimeAhead accept 1
        TimeTooOld flag 60000000000
        OutsideSession reject weekdays
        OffTick reject
        Crossed accept
        Locked flag
        PriceBand reject 1000000
        Suspicious reject
        CusipMismatch flag

        """;

    private static readonly ClassRules Own = new()
    {
        PriceNotPositive = RuleAction.Accept,
        SizeZero = RuleAction.Accept,
        SizeOverLimit = RuleAction.Flag,
        SizeMax = Quantity.Parse("1000.5"),
        TimeAhead = RuleAction.Accept,
        AheadMaxNs = 1,
        TimeTooOld = RuleAction.Flag,
        AgeMaxNs = UnixNanos.PerMinute,
        OutsideSession = RuleAction.Reject,
        Calendar = "weekdays",
        OffTick = RuleAction.Reject,
        Crossed = RuleAction.Accept,
        Locked = RuleAction.Flag,
        PriceBand = RuleAction.Reject,
        PriceBandBasisPoints = 1_000_000,
        Suspicious = RuleAction.Reject,
        CusipMismatch = RuleAction.Flag,
    };

    private static RuleBook Book => new([new("own", Own)], [Weekdays]);

    [Fact]
    public void The_canonical_text_and_its_version_are_as_they_always_were()
    {
        Assert.Equal(Golden, Book.ToCanonicalText());
        Assert.Equal("2c79be6be20373f4", Book.Version.ToString());
    }

    [Fact]
    public void A_book_is_read_back_from_its_text()
    {
        var read = RuleBook.Parse(Golden);
        Assert.Equal(Golden, read.ToCanonicalText());
        Assert.Equal(Book.Version, read.Version);
        Assert.Equal(Own, read["own"]);
        Assert.Equal(ClassRules.Default, read["default"]);
        Assert.Equal(Weekdays.Hours, read.FindCalendar("weekdays")!.Hours);
        Assert.Equal(RuleBook.BuiltIn.Version, RuleBook.Parse(RuleBook.BuiltIn.ToCanonicalText()).Version);
    }

    [Fact]
    public void Any_difference_gives_another_version()
    {
        var versions = new HashSet<RulesVersion> { Book.Version, RuleBook.BuiltIn.Version };
        Assert.True(versions.Add(new RuleBook([new("own", Own with { AheadMaxNs = 2 })], [Weekdays]).Version));
        Assert.True(versions.Add(new RuleBook([new("other", Own)], [Weekdays]).Version));
        Assert.True(versions.Add(new RuleBook([], [Weekdays]).Version));
        Assert.True(versions.Add(new RuleBook([], []).Version));
        Assert.False(versions.Add(new RuleBook([new("default", new ClassRules())], []).Version));
    }

    [Theory]
    [InlineData("", "rules line 1: '' stands where 'grid-rules 1' is expected")]
    [InlineData("grid-rules 2\n", "rules line 1: 'grid-rules 2' stands where 'grid-rules 1' is expected")]
    [InlineData("grid-rules 1\nclass a\nSizeZero flag\n", "rules line 3: 'SizeZero flag' stands where 'PriceNotPositive ACTION' is expected")]
    [InlineData("grid-rules 1\nclass a\nPriceNotPositive maybe\n", "rules line 3: 'maybe' is not accept, flag or reject")]
    [InlineData("grid-rules 1\nclass a\nPriceNotPositive flag\nSizeZero flag\nSizeOverLimit flag\n", "rules line 5: 'SizeOverLimit flag' stands where 'SizeOverLimit ACTION LIMIT' is expected")]
    [InlineData("grid-rules 1\nrule\n", "rules line 2: 'rule' stands where 'class' is expected")]
    [InlineData("grid-rules 1\ncalendar c\nzone a 0\n", "rules line 3: 'a' is not a whole number")]
    [InlineData("grid-rules 1\ncalendar c\nhours Someday 00:00:00 01:00:00\n", "rules line 3: 'Someday' is not a weekday")]
    [InlineData("grid-rules 1\ncalendar c\nhours Monday 9 01:00:00\n", "rules line 3: '9' is not a time of day hh:mm:ss")]
    [InlineData("grid-rules 1\ncalendar c\nholiday 2025-13-01\n", "rules line 3: '2025-13-01' is not a date yyyy-MM-dd")]
    [InlineData("grid-rules 1\ncalendar c\ncalendar c\n", "rules: calendar 'c' is given twice")]
    [InlineData("grid-rules 1\n", "rules: the text is not canonical: names or values are not in their order or shortest form")]
    public void A_text_that_is_none_is_refused_with_its_line(string text, string sentence) =>
        Assert.Equal(sentence, Assert.Throws<FormatException>(() => RuleBook.Parse(text)).Message);

    [Fact]
    public void A_text_damaged_anywhere_is_refused_or_means_something_else()
    {
        var random = new Random(1);
        for (var i = 0; i < 3000; i++)
        {
            var damaged = Golden.ToCharArray();
            damaged[random.Next(damaged.Length)] = (char)random.Next(32, 127);
            var text = new string(damaged);
            try
            {
                Assert.Equal(text, RuleBook.Parse(text).ToCanonicalText());
            }
            catch (FormatException)
            {
                // Refused, which is as good.
            }
        }
    }

    [Fact]
    public void The_built_in_classes_say_what_their_markets_ask_for()
    {
        var book = RuleBook.BuiltIn;
        Assert.Equal(["bond", "default", "equity", "future", "fx", "power", "spread"], book.Classes.Keys);
        Assert.Equal(new ClassRules(), book["default"]);
        Assert.Equal(new ClassRules { PriceBandBasisPoints = 1000 }, book["equity"]);
        Assert.Equal(new ClassRules { PriceBandBasisPoints = 500, SizeZero = RuleAction.Accept }, book["fx"]);
        Assert.Equal(new ClassRules { PriceBandBasisPoints = 1000, PriceNotPositive = RuleAction.Accept }, book["future"]);
        Assert.Equal(new ClassRules { PriceBandBasisPoints = 1000, OffTick = RuleAction.Accept }, book["bond"]);
        Assert.Equal(new ClassRules { PriceNotPositive = RuleAction.Accept, PriceBand = RuleAction.Accept }, book["power"]);
        Assert.Equal(book["power"], book["spread"]);
        Assert.Equal(book["default"], book["unheard-of"]);
    }

    [Fact]
    public void Rules_that_depend_on_the_order_of_arrival_never_reject_by_default()
    {
        foreach (var rules in BuiltInClasses.All.Values)
        {
            Assert.All([rules.PriceBand, rules.Crossed, rules.Locked], action => Assert.NotEqual(RuleAction.Reject, action));
        }
    }

    [Fact]
    public void A_definition_is_resolved_with_its_class_and_calendar()
    {
        var utc = new SessionCalendar("own-utc", [], [], []);
        var book = new RuleBook([new("own", Own), new("plain", new ClassRules { SizeZero = RuleAction.Reject })], [Weekdays, utc]);
        var apple = Cusip.Parse("037833100");
        var defined = book.Resolve(new InstrumentDefinition { Class = "own", TickSize = new Price(5), Cusip = apple });
        Assert.Same(book["own"], defined.Class);
        Assert.Equal((true, "weekdays", new Price(5), apple), (defined.IsDefined, defined.Calendar.Name, defined.TickSize, defined.Cusip));
        Assert.Equal("own-utc", book.Resolve(new InstrumentDefinition { Class = "own", Calendar = "own-utc" }).Calendar.Name);
        Assert.Equal("weekdays", book.Resolve(new InstrumentDefinition { Class = "own", Calendar = "unheard-of" }).Calendar.Name);
        Assert.Same(SessionCalendar.Utc, book.Resolve(new InstrumentDefinition { Class = "plain" }).Calendar);
        Assert.Equal(ClassRules.Default, book.Resolve(new InstrumentDefinition { Class = "unheard-of" }).Class);
        Assert.False(book.Resolve(null).IsDefined);
        Assert.Same(book.Resolve(null), book.Resolve(null));
    }

    [Fact]
    public void At_each_moment_the_newest_definition_that_is_valid_then_holds()
    {
        var timeline = RuleBook.BuiltIn.TimelineOf(
            Valid("future", 20, 30), Valid("fx", 25, 40), Valid("bond", 5, 10), Valid("equity", 0, 22), Valid("spread", 50, long.MaxValue));
        (long Time, string? Class)[] expected =
        [
            (long.MinValue, null), (-1, null), (0, "equity"), (4, "equity"), (5, "bond"), (9, "bond"), (10, "equity"), (19, "equity"), (20, "future"),
            (29, "future"), (30, "fx"), (39, "fx"), (40, null), (49, null), (50, "spread"), (long.MaxValue - 1, "spread"), (long.MaxValue, "spread"),
        ];
        foreach (var (time, name) in expected)
        {
            var rules = timeline.At(new UnixNanos(time));
            Assert.Equal((time, name is not null), (time, rules.IsDefined));
            Assert.Same(RuleBook.BuiltIn[name ?? "default"], rules.Class);
            Assert.True(rules.HoldsAt(new UnixNanos(time)));
        }

        Assert.Same(RuleBook.BuiltIn.TimelineOf(), RuleBook.BuiltIn.TimelineOf());
        Assert.False(RuleBook.BuiltIn.TimelineOf(Valid("fx", 9, 3)).At(new UnixNanos(5)).IsDefined);

        static InstrumentDefinition Valid(string name, long from, long to) =>
            new() { Class = name, ValidFrom = new UnixNanos(from), ValidTo = new UnixNanos(to) };
    }

    [Fact]
    public void Timeline_says_the_same_as_a_look_through_all_definitions_in_any_order_of_asking()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var definitions = Enumerable.Range(0, random.Next(1, 12)).Select(_ => new InstrumentDefinition
            {
                Class = random.Next(2) == 0 ? "fx" : "bond",
                TickSize = new Price(random.Next(1, 1000)),
                ValidFrom = new UnixNanos(random.Next(4) == 0 ? long.MinValue : random.Next(30)),
                ValidTo = new UnixNanos(random.Next(4) == 0 ? long.MaxValue : random.Next(30)),
            }).ToArray();
            var timeline = RuleBook.BuiltIn.TimelineOf(definitions);
            for (var asked = 0; asked < 100; asked++)
            {
                var time = new UnixNanos(random.Next(20) == 0 ? long.MinValue : random.Next(-2, 32));
                var expected = Array.Find(definitions, d => d.IsValidAt(time));
                var rules = timeline.At(time);
                Assert.True(rules.HoldsAt(time) && rules.IsDefined == expected is not null && rules.TickSize == (expected?.TickSize ?? default), $"seed {seed}, {time}");
                var other = new UnixNanos(random.Next(-2, 32));
                Assert.True(!rules.HoldsAt(other) || Array.Find(definitions, d => d.IsValidAt(other)) == expected, $"seed {seed}, {time} and {other}");
            }
        }
    }

    [Fact]
    public void What_a_book_cannot_mean_is_refused()
    {
        Refused([new("a b", Own)], "class name: name 'a b' has byte 0x20 at position 1; only printable ASCII without spaces (0x21 to 0x7E) is allowed");
        Refused([new("a", Own with { Calendar = "none" })], "class 'a': Calendar is 'none'; there is no calendar of that name");
        Refused([new("a", Own with { PriceBandBasisPoints = -1 })], "class 'a': PriceBandBasisPoints is -1; it must be 0 to 1000000");
        Refused([new("a", Own with { AheadMaxNs = UnixNanos.PerDay + 1 })], "class 'a': AheadMaxNs is 86400000000001; it must be 0 to 86400000000000");
        Refused([new("a", Own with { AgeMaxNs = -1 })], "class 'a': AgeMaxNs is -1; it must be 0 to 3153600000000000000");
        Refused([new("a", Own with { SizeMax = new Quantity(-1) })], "class 'a': SizeMax is -1; it must be 0 to 9223372036854775807");
        Refused([new("a", Own with { Crossed = (RuleAction)7 })], "class 'a': Crossed is 7; it must be accept, flag or reject");
        Refused([new("a", Own), new("a", Own)], "class 'a' is given twice");
        Assert.Equal("calendar 'weekdays' is given twice", Assert.Throws<ArgumentException>(() => new RuleBook([], [Weekdays, Weekdays])).Message);
    }

    private static void Refused(KeyValuePair<string, ClassRules>[] classes, string sentence) =>
        Assert.Equal(sentence, Assert.Throws<ArgumentException>(() => new RuleBook(classes, [Weekdays])).Message);
}
