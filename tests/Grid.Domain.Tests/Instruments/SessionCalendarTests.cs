using System.Globalization;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;

namespace Grid.Domain.Tests.Instruments;

public sealed class SessionCalendarTests
{
    private static readonly DayOfWeek[] Weekdays =
        [DayOfWeek.Monday, DayOfWeek.Tuesday, DayOfWeek.Wednesday, DayOfWeek.Thursday, DayOfWeek.Friday];

    // New York's clocks in 2013.
    private static readonly ZoneOffset[] NewYork =
    [
        new(new UnixNanos(long.MinValue), -5 * 3600),
        new(At("2013-03-10T07:00:00Z"), -4 * 3600),
        new(At("2013-11-03T06:00:00Z"), -5 * 3600),
    ];

    private static readonly SessionCalendar Equity = new(
        "us-equity", NewYork, Weekdays.Select(day => new SessionHours(day, Hour(9.5), Hour(16))), [new DateOnly(2013, 7, 4)]);

    // Opens at 18:00 on the evening before, closes at 17:00.
    private static readonly SessionCalendar Future = new(
        "us-future", NewYork, Weekdays.Select(day => new SessionHours(day, Hour(18), Hour(17))), [new DateOnly(2013, 12, 25)]);

    [Theory]
    [InlineData("1970-01-01T00:00:00Z", 19700101)]
    [InlineData("1969-12-31T23:59:59.999999999Z", 19691231)]
    [InlineData("2024-02-29T12:00:00Z", 20240229)]
    public void Without_a_zone_dates_are_utc_and_always_open(string time, uint date)
    {
        Assert.Equal(date, SessionCalendar.Utc.DateOf(At(time)));
        Assert.True(SessionCalendar.Utc.IsOpen(At(time)));
        Assert.True(SessionCalendar.Utc.IsAlwaysOpen);
    }

    [Theory]
    [InlineData("2013-10-07T13:29:59.999999999Z", 20131007, false)]
    [InlineData("2013-10-07T13:30:00Z", 20131007, true)]
    [InlineData("2013-10-07T19:59:59.999999999Z", 20131007, true)]
    [InlineData("2013-10-07T20:00:00Z", 20131007, false)]
    [InlineData("2013-10-08T03:59:59Z", 20131007, false)]
    [InlineData("2013-10-08T04:00:00Z", 20131008, false)]
    [InlineData("2013-10-05T15:00:00Z", 20131005, false)] // Saturday
    [InlineData("2013-07-04T15:00:00Z", 20130704, false)] // holiday
    [InlineData("2013-01-07T14:30:00Z", 20130107, true)] // winter: 09:30 is 14:30
    [InlineData("2013-01-07T14:29:59Z", 20130107, false)]
    [InlineData("2013-03-11T13:30:00Z", 20130311, true)] // the Monday after the clocks went forward
    [InlineData("2013-03-10T04:59:59Z", 20130309, false)]
    [InlineData("2013-11-03T04:00:00Z", 20131103, false)] // the night the clocks go back begins at 04:00 and ends at 05:00
    [InlineData("2013-11-04T04:59:59Z", 20131103, false)]
    [InlineData("2013-11-04T05:00:00Z", 20131104, false)]
    public void A_day_session_has_its_local_date_and_hours(string time, uint date, bool isOpen)
    {
        Assert.Equal(date, Equity.DateOf(At(time)));
        Assert.Equal(isOpen, Equity.IsOpen(At(time)));
    }

    [Theory]
    [InlineData("2013-10-06T21:59:59Z", 20131006, false)] // Sunday before 18:00
    [InlineData("2013-10-06T22:00:00Z", 20131007, true)] // Monday's session opens
    [InlineData("2013-10-07T20:59:59.999999999Z", 20131007, true)]
    [InlineData("2013-10-07T21:00:00Z", 20131007, false)] // the hour between close and open belongs to the date that closed
    [InlineData("2013-10-07T21:59:59Z", 20131007, false)]
    [InlineData("2013-10-07T22:00:00Z", 20131008, true)]
    [InlineData("2013-10-11T23:00:00Z", 20131011, false)] // Friday evening: there is no session on Saturday
    [InlineData("2013-10-12T04:00:00Z", 20131012, false)]
    [InlineData("2013-11-03T22:59:59Z", 20131103, false)] // the Sunday after the clocks went back: 18:00 is 23:00
    [InlineData("2013-11-03T23:00:00Z", 20131104, true)]
    [InlineData("2013-12-24T23:30:00Z", 20131224, false)] // the eve of a holiday
    [InlineData("2013-12-25T12:00:00Z", 20131225, false)]
    [InlineData("2013-12-25T23:00:00Z", 20131226, true)]
    public void A_session_that_opens_the_evening_before_belongs_to_its_own_date(string time, uint date, bool isOpen)
    {
        Assert.Equal(date, Future.DateOf(At(time)));
        Assert.Equal(isOpen, Future.IsOpen(At(time)));
    }

    [Fact]
    public void A_session_of_24_hours_rolls_over_at_its_close()
    {
        var fx = new SessionCalendar("fx", NewYork, Weekdays.Select(day => new SessionHours(day, Hour(17), Hour(17))), []);
        Assert.Equal(20131007u, fx.DateOf(At("2013-10-07T20:59:59.999999999Z")));
        Assert.Equal(20131008u, fx.DateOf(At("2013-10-07T21:00:00Z")));
        Assert.True(fx.IsOpen(At("2013-10-07T21:00:00Z")));
        Assert.False(fx.IsOpen(At("2013-10-11T21:00:00Z")));
    }

    [Fact]
    public void A_date_that_the_zone_left_out_has_no_moment()
    {
        // Samoa had no 30 December 2011.
        var samoa = new SessionCalendar("apia", [new(new UnixNanos(long.MinValue), -10 * 3600), new(At("2011-12-30T10:00:00Z"), 14 * 3600)], [], []);
        Assert.Equal(20111229u, samoa.DateOf(At("2011-12-30T09:59:59.999999999Z")));
        Assert.Equal(20111231u, samoa.DateOf(At("2011-12-30T10:00:00Z")));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Dates_and_hours_agree_with_the_clock_on_the_wall(int seed)
    {
        var random = new Random(seed);
        foreach (var calendar in (SessionCalendar[])[SessionCalendar.Utc, Equity, Future])
        {
            var from = At("2013-01-01").Value;
            for (var i = 0; i < 20_000; i++)
            {
                // Half of the moments are full minutes, where dates and sessions begin and end.
                var time = from + random.NextInt64(0, 400 * UnixNanos.PerDay);
                var moment = new UnixNanos(random.Next(2) == 0 ? time : time - (time % UnixNanos.PerMinute) - random.Next(2));
                var (date, isOpen) = OnTheWall(calendar, moment);
                Assert.True(date == calendar.DateOf(moment), $"{calendar.Name}: {moment} has date {calendar.DateOf(moment)}, not {date}");
                Assert.True(isOpen == calendar.IsOpen(moment), $"{calendar.Name}: {moment} is {(isOpen ? "open" : "closed")}");
            }
        }
    }

    [Fact]
    public void Every_moment_has_a_date()
    {
        foreach (var calendar in (SessionCalendar[])[SessionCalendar.Utc, Equity, Future])
        {
            Assert.InRange(calendar.DateOf(new UnixNanos(long.MinValue)), 16770920u, 16770921u);
            Assert.InRange(calendar.DateOf(new UnixNanos(long.MaxValue)), 22620411u, 22620412u);
            _ = calendar.IsOpen(new UnixNanos(long.MinValue)) || calendar.IsOpen(new UnixNanos(long.MaxValue));
        }
    }

    [Fact]
    public async Task Threads_may_ask_for_different_days_at_once()
    {
        var wrong = await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(() =>
        {
            var from = At("2013-05-01").Value + (thread * 3 * UnixNanos.PerDay);
            var faults = 0;
            for (var i = 0; i < 50_000; i++)
            {
                var moment = new UnixNanos(from + (i % 90 * UnixNanos.PerDay) + (i * 1000));
                faults += Equity.DateOf(moment) == OnTheWall(Equity, moment).Date ? 0 : 1;
            }

            return faults;
        })));
        Assert.All(wrong, faults => Assert.Equal(0, faults));
    }

    [Fact]
    public void What_a_calendar_cannot_mean_is_refused()
    {
        Refused(() => new SessionCalendar("a b", [], [], []), "calendar name: name 'a b' has byte 0x20 at position 1; only printable ASCII without spaces (0x21 to 0x7E) is allowed");
        Refused(() => new SessionCalendar("-", [], [], []), "calendar name: '-' stands for no calendar");
        Refused(() => new SessionCalendar("x", [new(default, 70_000)], [], []), "calendar 'x' has an offset of 70000 s; it must be at most 64800 s either way");
        Refused(
            () => new SessionCalendar("x", [new(new UnixNanos(0), 0), new(new UnixNanos(0), 3600)], [], []),
            "calendar 'x' has an offset from 1970-01-01T00:00:00.000000000Z after one from 1970-01-01T00:00:00.000000000Z; they must ascend");
        Refused(
            () => new SessionCalendar("x", [], [new(DayOfWeek.Monday, Hour(9), Hour(25))], []),
            "calendar 'x' is open on Monday from 09:00:00 to 1.01:00:00; the open must be 0 to under 24 hours, the close over 0 to 24 hours");
        Refused(
            () => new SessionCalendar("x", [], [new(DayOfWeek.Monday, new TimeSpan(0, 0, 30), Hour(5))], []),
            "calendar 'x' is open on Monday from 00:00:30 to 05:00:00; both must be whole minutes");
        Refused(() => new SessionCalendar("x", [new(default, 61)], [], []), "calendar 'x' has an offset of 61 s; it must be whole minutes");
        Refused(
            () => new SessionCalendar("x", [new(default, 0), new(new UnixNanos(UnixNanos.PerSecond), 60)], [], []),
            "calendar 'x' has an offset from 1970-01-01T00:00:01.000000000Z; it must begin with a whole minute");
        Refused(
            () => new SessionCalendar("x", [], [new(DayOfWeek.Monday, Hour(9), Hour(20)), new(DayOfWeek.Tuesday, Hour(18), Hour(17))], []),
            "calendar 'x' opens for Tuesday at 18:00:00 on the evening before, but is open for Monday until 20:00:00; sessions must not overlap");
        Refused(
            () => new SessionCalendar("x", [], [new(DayOfWeek.Monday, Hour(9), Hour(17)), new(DayOfWeek.Monday, Hour(18), Hour(19))], []),
            "calendar 'x' has two sessions on Monday; at most one is allowed");
    }

    private static void Refused(Func<SessionCalendar> make, string sentence) =>
        Assert.Equal(sentence, Assert.Throws<ArgumentException>(make).Message);

    // Reads the clock on the wall and goes forward from there; the calendar goes backward from local times to moments.
    private static (uint Date, bool IsOpen) OnTheWall(SessionCalendar calendar, UnixNanos moment)
    {
        var offset = calendar.Offsets.Last(o => o.From <= moment || o == calendar.Offsets[0]).OffsetSeconds;
        var local = new UnixNanos(moment.Value + (offset * UnixNanos.PerSecond));
        var date = local.Date;
        var timeNs = local.Value - local.Floor(UnixNanos.PerDay).Value;
        var isOpen = calendar.IsAlwaysOpen;
        if (SessionOn(calendar, date.AddDays(1)) is { OpensTheEveningBefore: true } next && timeNs >= next.Open.Ticks * 100)
        {
            date = date.AddDays(1);
            isOpen = true;
        }
        else if (SessionOn(calendar, date) is { } session)
        {
            isOpen = (session.OpensTheEveningBefore || timeNs >= session.Open.Ticks * 100) && timeNs < session.Close.Ticks * 100;
        }

        return (uint.Parse(date.ToString("yyyyMMdd", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture), isOpen);
    }

    private static SessionHours? SessionOn(SessionCalendar calendar, DateOnly date) =>
        calendar.Holidays.Contains(date) ? null : calendar.Hours.Where(h => h.Day == date.DayOfWeek).Select(h => (SessionHours?)h).SingleOrDefault();

    private static UnixNanos At(string time) => UnixNanos.TryParse(time, out var moment) ? moment : throw new FormatException(time);

    private static TimeSpan Hour(double hours) => TimeSpan.FromHours(hours);
}
