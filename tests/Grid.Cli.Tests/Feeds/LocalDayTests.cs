using Grid.Cli.Feeds;
using Grid.Domain.Identifiers;

namespace Grid.Cli.Tests.Feeds;

public sealed class LocalDayTests
{
    private static readonly TimeZoneInfo NewYork = TimeZoneInfo.FindSystemTimeZoneById("America/New_York");

    [Theory]
    [InlineData("2013-10-07", "00:00:00", "2013-10-07T04:00:00.000000000Z")]
    [InlineData("2013-12-02", "23:59:59", "2013-12-03T04:59:59.000000000Z")]
    // Spring: 02:00 to 03:00 does not exist; the clock is taken as not moved yet.
    [InlineData("2013-03-10", "01:59:59", "2013-03-10T06:59:59.000000000Z")]
    [InlineData("2013-03-10", "02:30:00", "2013-03-10T07:30:00.000000000Z")]
    [InlineData("2013-03-10", "03:00:00", "2013-03-10T07:00:00.000000000Z")]
    [InlineData("2013-03-10", "12:00:00", "2013-03-10T16:00:00.000000000Z")]
    // Autumn: 01:00 to 02:00 occurs twice; it is the first.
    [InlineData("2013-11-03", "00:59:59", "2013-11-03T04:59:59.000000000Z")]
    [InlineData("2013-11-03", "01:30:00", "2013-11-03T05:30:00.000000000Z")]
    [InlineData("2013-11-03", "02:00:00", "2013-11-03T07:00:00.000000000Z")]
    [InlineData("2013-11-03", "12:00:00", "2013-11-03T17:00:00.000000000Z")]
    public void New_York_time_becomes_UTC(string date, string time, string utc)
    {
        var day = new LocalDay(DateOnly.Parse(date), NewYork);

        Assert.Equal(utc, day.ToUtc(TimeSpan.Parse(time).Ticks * 100).ToString());
    }

    [Fact]
    public void Nanoseconds_survive_the_slow_way_too()
    {
        var day = new LocalDay(new DateOnly(2013, 11, 3), NewYork);

        Assert.Equal("2013-11-03T17:00:00.000000123Z", day.ToUtc((12 * 60 * UnixNanos.PerMinute) + 123).ToString());
    }
}
