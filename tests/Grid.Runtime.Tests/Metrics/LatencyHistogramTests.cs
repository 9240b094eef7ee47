using Grid.Runtime.Metrics;

namespace Grid.Runtime.Tests.Metrics;

public sealed class LatencyHistogramTests
{
    [Fact]
    public void Percentiles_are_within_three_percent_of_the_sorted_values()
    {
        var random = new Random(3);
        var values = Enumerable.Range(0, 100_000).Select(_ => random.NextInt64(1L << random.Next(4, 30))).ToList();
        var histogram = new LatencyHistogram();
        values.ForEach(histogram.Add);
        values.Sort();

        foreach (var share in new[] { 0.01, 0.5, 0.9, 0.99, 0.999, 1.0 })
        {
            var exact = values[Math.Max(0, (int)Math.Ceiling(share * values.Count) - 1)] / 1e6;
            Assert.InRange(histogram.Milliseconds(share), exact, (exact * 1.032) + 1e-6);
        }
    }

    [Fact]
    public void Longest_latency_is_exact()
    {
        var histogram = new LatencyHistogram();
        histogram.Add(1_234_567_891);
        histogram.Add(5);

        Assert.Equal(1234.567891, histogram.Milliseconds(1));
        Assert.Equal(2, histogram.Count);
    }

    [Fact]
    public void Sum_of_two_is_as_if_all_were_counted_in_one()
    {
        var (one, other, all) = (new LatencyHistogram(), new LatencyHistogram(), new LatencyHistogram());
        for (var i = 0; i < 1_000; i++)
        {
            (i % 3 == 0 ? one : other).Add(i * 1_000);
            all.Add(i * 1_000);
        }

        one.Add(other);
        Assert.Equal(all.Figures(), one.Figures());
    }

    [Fact]
    public void Nothing_counted_has_no_latency() => Assert.Equal(new LatencyFigures(0, 0, 0, 0, 0, 0), new LatencyHistogram().Figures());

    [Fact]
    public void Largest_and_negative_latencies_have_a_place()
    {
        var histogram = new LatencyHistogram();
        histogram.Add(long.MaxValue);
        histogram.Add(-1);

        Assert.Equal(0, histogram.Milliseconds(0.5));
        Assert.Equal(long.MaxValue / 1e6, histogram.Milliseconds(1));
    }
}
