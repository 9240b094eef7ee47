using Grid.Runtime.Metrics;
using Grid.Testing;

namespace Grid.Runtime.Tests.Metrics;

public sealed class RecentLatenciesTests
{
    private readonly ManualTime _time = new();
    private readonly RecentLatencies _latencies;

    public RecentLatenciesTests() => _latencies = new RecentLatencies(_time);

    [Fact]
    public void Summary_has_the_percentiles_of_all_slices()
    {
        for (var i = 1; i <= 50; i++)
        {
            _latencies.Add(TimeSpan.FromMilliseconds(i));
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        var summary = _latencies.Summarize();

        Assert.Equal((50, 50.0), (summary.Count, summary.MaxMs));
        Assert.InRange(summary.P50Ms, 25, 25 * 1.032);
        Assert.InRange(summary.P95Ms, 48, 48 * 1.032);
        Assert.Equal(50, summary.P99Ms);
    }

    [Fact]
    public void A_latency_counts_for_a_minute_and_then_no_more()
    {
        _latencies.Add(TimeSpan.FromMilliseconds(7));
        _time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(1, _latencies.Summarize().Count);
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(LatencySummary.None, _latencies.Summarize());
    }

    [Fact]
    public void Nothing_old_comes_back_after_a_long_silence()
    {
        for (var slice = 0; slice < 7; slice++)
        {
            _latencies.Add(TimeSpan.FromMilliseconds(7));
            _time.Advance(TimeSpan.FromSeconds(10));
        }

        _time.Advance(TimeSpan.FromHours(3));
        _latencies.Add(TimeSpan.FromMilliseconds(3));

        Assert.Equal((1, 3.0), (_latencies.Summarize().Count, _latencies.Summarize().MaxMs));
    }
}
