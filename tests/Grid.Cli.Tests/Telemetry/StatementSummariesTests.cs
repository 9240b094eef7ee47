using Grid.Cli.Telemetry;
using Grid.Runtime.Metrics;

namespace Grid.Cli.Tests.Telemetry;

public sealed class StatementSummariesTests
{
    [Fact]
    public void Summaries_have_quantiles_in_seconds_and_none_of_a_minute_in_which_nothing_was_sent()
    {
        var text = StatementSummaries.Write(
        [
            new("copy_ticks", 12, TimeSpan.FromMilliseconds(1500), 0, new LatencySummary(3, 10, 20.5, 30, 40)),
            new("commit", 1, TimeSpan.FromMilliseconds(2), 1, LatencySummary.None),
        ]);

        Assert.Equal(
            """
            # TYPE grid_postgres_statement_seconds summary
            # UNIT grid_postgres_statement_seconds seconds
            # HELP grid_postgres_statement_seconds What statements take that are sent to PostgreSQL; quantiles of the last minute.
            grid_postgres_statement_seconds{statement="copy_ticks",quantile="0.5"} 0.01
            grid_postgres_statement_seconds{statement="copy_ticks",quantile="0.95"} 0.0205
            grid_postgres_statement_seconds{statement="copy_ticks",quantile="0.99"} 0.03
            grid_postgres_statement_seconds_sum{statement="copy_ticks"} 1.5
            grid_postgres_statement_seconds_count{statement="copy_ticks"} 12
            grid_postgres_statement_seconds{statement="commit",quantile="0.5"} NaN
            grid_postgres_statement_seconds{statement="commit",quantile="0.95"} NaN
            grid_postgres_statement_seconds{statement="commit",quantile="0.99"} NaN
            grid_postgres_statement_seconds_sum{statement="commit"} 0.002
            grid_postgres_statement_seconds_count{statement="commit"} 1

            """,
            text);
        Assert.Empty(StatementSummaries.Write([]));
    }
}
