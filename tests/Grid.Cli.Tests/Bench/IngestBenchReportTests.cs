using Grid.Cli.Bench;

namespace Grid.Cli.Tests.Bench;

public sealed class IngestBenchReportTests
{
    [Fact]
    public void Backlogs_that_stay_within_their_bounds_are_flat() =>
        Assert.True(IngestBenchReport.IsFlat(Samples(60, i => (30 + (i % 3), 20 + (i % 7), 100 * (i % 13)))));

    [Fact]
    public void Outstanding_batches_that_grow_are_not_flat() =>
        Assert.False(IngestBenchReport.IsFlat(Samples(60, i => (i, 20, 0))));

    [Fact]
    public void Queued_batches_that_grow_are_not_flat() =>
        Assert.False(IngestBenchReport.IsFlat(Samples(60, i => (32, i, 0))));

    [Fact]
    public void Pages_that_pile_up_for_the_disk_are_not_flat() =>
        Assert.False(IngestBenchReport.IsFlat(Samples(60, i => (32, 20, 50 * i))));

    [Fact]
    public void Two_seconds_tell_nothing() =>
        Assert.False(IngestBenchReport.IsFlat(Samples(2, _ => (32, 20, 0))));

    private static List<IngestBenchSample> Samples(int seconds, Func<int, (long Outstanding, long Queued, long DirtyMegabytes)> at) =>
        [.. Enumerable.Range(0, seconds).Select(i => new IngestBenchSample(i + 1, 3_000_000, at(i).Outstanding, at(i).Queued, 0, 0, at(i).DirtyMegabytes << 20, 0))];
}
