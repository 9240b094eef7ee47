using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Grid.Domain.Identifiers;

namespace Grid.Domain.Tests.Identifiers;

public sealed class UnixNanosTests
{
    // 1678-01-01 and 2262-01-01: the whole years that 64 bits hold.
    private static readonly long FirstNs = UnixNanos.From(new DateTimeOffset(1678, 1, 1, 0, 0, 0, TimeSpan.Zero)).Value;
    private static readonly long EndNs = UnixNanos.From(new DateTimeOffset(2262, 1, 1, 0, 0, 0, TimeSpan.Zero)).Value;

    [Theory]
    [InlineData("1970-01-01", 0)]
    [InlineData("1970-01-01T00:00:00Z", 0)]
    [InlineData("1970-01-01T00:00:00.000000001Z", 1)]
    [InlineData("1969-12-31T23:59:59.999999999Z", -1)]
    [InlineData("2013-10-07T13:30:00Z", 1_381_152_600_000_000_000)]
    [InlineData("2013-10-07T13:30:00", 1_381_152_600_000_000_000)]
    [InlineData("2013-10-07 13:30:00", 1_381_152_600_000_000_000)]
    [InlineData("2013-10-07T13:30", 1_381_152_600_000_000_000)]
    [InlineData("2013-10-07T13:30Z", 1_381_152_600_000_000_000)]
    [InlineData("2013-10-07T09:30:00-04:00", 1_381_152_600_000_000_000)]
    [InlineData("2013-10-07T19:00:00.5+05:30", 1_381_152_600_500_000_000)]
    [InlineData("2013-10-07T13:30:00.123456789Z", 1_381_152_600_123_456_789)]
    [InlineData("2013-10-07T13:30:00.1", 1_381_152_600_100_000_000)]
    [InlineData("2024-02-29", 1_709_164_800_000_000_000)]
    public void Iso_times_are_read(string text, long expected)
    {
        Assert.True(UnixNanos.TryParse(text, out var time));
        Assert.Equal(expected, time.Value);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("yesterday")]
    [InlineData("2013-13-01")]
    [InlineData("2013-02-29")]
    [InlineData("2013-10-07T24:00:00Z")]
    [InlineData("2013-10-07T13:30:60Z")]
    [InlineData("2013-10-07T13:30:00.Z")]
    [InlineData("2013-10-07T13:30:00.1234567890Z")]
    [InlineData("2013-10-07T13:30:00.12.3Z")]
    [InlineData("07/10/2013")]
    [InlineData("1600-01-01")]
    [InlineData("2262-04-12")]
    [InlineData("9999-12-31")]
    [InlineData("2013-10-07T13:30:00Zjunk")]
    [InlineData("1381152600")]
    public void What_is_no_time_or_cannot_be_held_is_refused(string? text) => Assert.False(UnixNanos.TryParse(text, out _));

    [Fact]
    public void Times_are_written_with_nine_decimals_and_read_back() =>
        Prop.ForAll<long, long>((a, b) =>
        {
            // Small and large distances from 1970 alike.
            var time = new UnixNanos(FirstNs + (long)((ulong)((a * 6_364_136_223_846_793_005) + b) % (ulong)(EndNs - FirstNs)));
            return IsWrittenRight(time) && IsWrittenRight(new UnixNanos(a));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_first_and_last_moments_of_the_years_that_are_held_are_written_and_read_back()
    {
        Assert.True(IsWrittenRight(new UnixNanos(FirstNs)));
        Assert.True(IsWrittenRight(new UnixNanos(EndNs - 1)));
        Assert.Equal("1678-01-01T00:00:00.000000000Z", new UnixNanos(FirstNs).ToString());
        Assert.Equal("2261-12-31T23:59:59.999999999Z", new UnixNanos(EndNs - 1).ToString());
    }

    [Fact]
    public void The_last_moment_of_64_bits_is_written() =>
        Assert.Equal("2262-04-11T23:47:16.854775807Z", new UnixNanos(long.MaxValue).ToString());

    [Fact]
    public void An_interval_starts_at_or_before_its_moments_also_before_1970() =>
        Prop.ForAll<long, PositiveInt>((value, interval) =>
        {
            var start = new UnixNanos(value).Floor(interval.Get).Value;
            return start <= value && value - start < interval.Get && start % interval.Get == 0;
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(-1, "1969-12-31")]
    [InlineData(0, "1970-01-01")]
    [InlineData(-86_400_000_000_000, "1969-12-31")]
    [InlineData(-86_400_000_000_001, "1969-12-30")]
    public void The_date_is_the_utc_date(long value, string date) =>
        Assert.Equal(DateOnly.ParseExact(date, "yyyy-MM-dd", CultureInfo.InvariantCulture), new UnixNanos(value).Date);

    [Fact]
    public void The_clock_of_the_platform_is_cut_downwards()
    {
        Assert.Equal(-100, UnixNanos.From(new UnixNanos(-1).ToDateTimeOffset()).Value);
        Assert.Equal(100, UnixNanos.From(new UnixNanos(199).ToDateTimeOffset()).Value);
    }

    private static bool IsWrittenRight(UnixNanos time)
    {
        var text = time.ToString();
        var ticks = (long)Math.Floor((decimal)time.Value / UnixNanos.PerSecond) * TimeSpan.TicksPerSecond;
        var fraction = (((time.Value % UnixNanos.PerSecond) + UnixNanos.PerSecond) % UnixNanos.PerSecond).ToString("D9", CultureInfo.InvariantCulture);
        var expected = DateTime.UnixEpoch.AddTicks(ticks).ToString("s", CultureInfo.InvariantCulture) + "." + fraction + "Z";
        return text == expected && UnixNanos.TryParse(text, out var back) && back == time;
    }
}
