using Grid.Runtime.Metrics;
using Grid.Storage.Postgres;
using Grid.Testing;

namespace Grid.Runtime.Tests.Metrics;

public sealed class StatementStatisticsTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly RecordedLog _log = new();

    public void Dispose() => _log.Dispose();

    [Fact]
    public void Counts_and_sums_are_since_the_start_and_percentiles_of_the_last_minute()
    {
        var statistics = Statistics(slow: TimeSpan.Zero);
        statistics.Add(Run(PostgresStatement.Commit, 1000));
        _time.Advance(TimeSpan.FromMinutes(2));
        for (var ms = 1; ms <= 100; ms++)
        {
            statistics.Add(Run(PostgresStatement.Commit, ms));
        }

        statistics.Add(Run(PostgresStatement.CopyTicks, 3));

        var figures = statistics.Read();
        Assert.Equal(["copy_ticks", "commit"], figures.Select(f => f.Statement));
        Assert.Equal((101, TimeSpan.FromMilliseconds(6050), 0), (figures[1].Count, figures[1].Sum, figures[1].Failures));
        Assert.Equal((100, 100), (figures[1].Recent.Count, figures[1].Recent.MaxMs));
        Assert.InRange(figures[1].Recent.P50Ms, 50, 50 * 1.032);
        Assert.InRange(figures[1].Recent.P95Ms, 95, 95 * 1.032);
        Assert.InRange(figures[1].Recent.P99Ms, 99, 100);
        Assert.Empty(_log.Lines);
    }

    [Fact]
    public void Failures_count_by_statement_and_code_and_take_time_too()
    {
        var statistics = Statistics(slow: TimeSpan.Zero);
        statistics.Add(Run(PostgresStatement.CopyTicks, 5, "53100"));
        statistics.Add(Run(PostgresStatement.CopyTicks, 5, "53100"));
        statistics.Add(Run(PostgresStatement.CopyTicks, 5, "40P01"));
        statistics.Add(Run(PostgresStatement.Commit, 5, "connection"));

        Assert.Equal((3, 3), (statistics.Read()[0].Count, statistics.Read()[0].Failures));
        Assert.Equal(
            ["2 statement=copy_ticks,code=53100", "1 statement=copy_ticks,code=40P01", "1 statement=commit,code=connection"],
            statistics.Failures().Select(m => $"{m.Value} {string.Join(',', m.Tags.ToArray().Select(t => $"{t.Key}={t.Value}"))}"));
    }

    [Fact]
    public void A_statement_that_takes_as_long_as_the_option_says_is_logged()
    {
        var statistics = Statistics(slow: TimeSpan.FromMilliseconds(200));
        statistics.Add(Run(PostgresStatement.CopyTicks, 199));
        statistics.Add(new StatementRun(PostgresStatement.CopyTicks, TimeSpan.FromMilliseconds(200), 5000, null));
        statistics.Add(Run(PostgresStatement.MergeLatest, 60_000, "57014"));

        Assert.Equal(
            ["PostgreSQL took 00:00:00.2000000 for copy_ticks of 5000 rows (no failure)", "PostgreSQL took 00:01:00 for merge_latest of 0 rows (57014)"],
            _log.Lines.Select(line => line[(line.IndexOf("Warning: ", StringComparison.Ordinal) + 9)..].Trim()));
    }

    private static StatementRun Run(PostgresStatement statement, int ms, string? failure = null) => new(statement, TimeSpan.FromMilliseconds(ms), 0, failure);

    private StatementStatistics Statistics(TimeSpan slow) => new(_time, slow, _log.CreateLogger("Grid.Pipeline"));
}
