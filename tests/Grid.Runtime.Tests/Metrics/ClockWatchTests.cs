using Grid.Runtime.Metrics;
using Grid.Testing;

namespace Grid.Runtime.Tests.Metrics;

public sealed class ClockWatchTests
{
    private readonly ManualTime _time = new();

    [Fact]
    public void Time_that_passes_is_no_drift()
    {
        var watch = new ClockWatch(_time);
        _time.Advance(TimeSpan.FromDays(400));
        Assert.Equal((TimeSpan.Zero, true), (watch.Drift, watch.IsSteady));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void A_clock_that_is_set_is_believed_up_to_an_hour(int sign)
    {
        var watch = new ClockWatch(_time);
        _time.SetWall(sign * ClockWatch.DriftMax);
        _time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal((sign * ClockWatch.DriftMax, true), (watch.Drift, watch.IsSteady));
        _time.SetWall(new TimeSpan(sign));
        Assert.False(watch.IsSteady);
        _time.SetWall(-sign * ClockWatch.DriftMax);
        Assert.Equal((new TimeSpan(sign), true), (watch.Drift, watch.IsSteady));
    }
}
