using Grid.Cli.Feeds;
using Grid.Testing;

namespace Grid.Cli.Tests.Feeds;

public sealed class SilenceWatchTests
{
    private readonly ManualTime _time = new(new DateTimeOffset(2024, 5, 1, 13, 30, 0, TimeSpan.Zero));

    [Fact]
    public void Server_that_is_lost_is_told_once_and_so_is_its_return()
    {
        var watch = new SilenceWatch(_time);
        Assert.Null(watch.Look(sent: 10, acknowledged: 4));
        _time.Advance(SilenceWatch.SilenceMax);
        Assert.Equal(
            "the server has acknowledged nothing since 2024-05-01T13:30:00Z, 6 events wait; it is tried again and again", watch.Look(sent: 10, acknowledged: 4));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(watch.Look(sent: 10, acknowledged: 4));
        Assert.Equal("the server answers again, 65 s after 2024-05-01T13:30:00Z", watch.Look(sent: 10, acknowledged: 7));
        Assert.Null(watch.Look(sent: 10, acknowledged: 10));
    }

    [Fact]
    public void A_wall_clock_that_is_set_makes_no_silence()
    {
        var watch = new SilenceWatch(_time);
        _time.SetWall(TimeSpan.FromDays(365));
        Assert.Null(watch.Look(sent: 10, acknowledged: 0));
        _time.SetWall(TimeSpan.FromDays(-730));
        _time.Advance(SilenceWatch.SilenceMax);
        Assert.StartsWith("the server has acknowledged nothing since 2024-05-01T13:30:00Z", watch.Look(sent: 10, acknowledged: 0), StringComparison.Ordinal);
        Assert.StartsWith("the server answers again, 5 s after", watch.Look(sent: 10, acknowledged: 1), StringComparison.Ordinal);
    }

    [Fact]
    public void Server_that_owes_nothing_may_be_silent()
    {
        var watch = new SilenceWatch(_time);
        Assert.Null(watch.Look(sent: 10, acknowledged: 10));
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Null(watch.Look(sent: 10, acknowledged: 10));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Null(watch.Look(sent: 11, acknowledged: 10));
    }
}
