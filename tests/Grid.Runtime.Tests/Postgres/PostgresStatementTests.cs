using Grid.Testing;
using Grid.Testing.Postgres;
using static Grid.Testing.TestMarket;

namespace Grid.Runtime.Tests.Postgres;

/// <summary>What a grid tells of the statements that it sends to a real PostgreSQL, and that it tells nothing of what is in rows.</summary>
public sealed class PostgresStatementTests(PrivatePostgres server)
{
    // As the price of a row, and as its text in a message.
    private const string Secret = "4242.424242424";
    private const string Stored = "4242424242424";

    [Fact]
    public async Task Every_statement_of_a_flush_is_counted()
    {
        await using var rig = await PostgresRig.OpenAsync(server);
        rig.Postgres.StateInterval = TimeSpan.Zero;
        var grid = await rig.OpenGridAsync();
        var market = new RandomMarket(71, eventsPerSource: 100);
        await using var feed = await FeedDriver.OpenAsync(grid, market.Names, ack: AckLevel.Committed);
        foreach (var some in market.All.Chunk(50))
        {
            await feed.SendAsync(some);
        }

        var status = grid.GetStatus();
        var figures = status.PostgresStatements.ToDictionary(s => s.Statement);
        Assert.All(figures.Values, f => Assert.True(f.Count > 0 && f.Sum > TimeSpan.Zero && f.Failures == 0 && f.Recent.Count > 0 && f.Recent.P50Ms <= f.Recent.P99Ms, $"{f}"));
        Assert.Equal(
            [
                "begin", "check_schema", "claim_grid", "commit", "copy_bars", "copy_latest", "copy_quarantine", "copy_run_latest", "copy_runs", "copy_ticks", "find_names",
                "insert_quarantine", "lock_claims", "lock_watermark", "make_names", "make_partitions", "make_staging", "merge_bars", "merge_latest", "merge_run_latest",
                "read_newest_times", "read_producers", "read_saved_states", "read_silos", "read_watermarks", "write_small_tables",
            ],
            figures.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(status.Postgres!.Flushes, figures["write_small_tables"].Count);
        Assert.Equal(status.Postgres.Flushes + 1, figures["commit"].Count);
        await rig.CheckSameAsync(grid);
    }

    [Fact]
    public async Task Slow_statements_are_logged_without_what_is_in_their_rows()
    {
        await using var rig = await PostgresRig.OpenAsync(server);
        rig.Postgres.SlowStatement = new TimeSpan(1);
        var grid = await rig.OpenGridAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names, ack: AckLevel.Committed);
        await feed.SendAsync(Trade(1, "10:00:00", Secret), Trade(2, "10:00:00", Secret));

        Assert.Contains(rig.Log.Lines, line => line.Contains("for copy_ticks of 2 rows (no failure)", StringComparison.Ordinal));
        Assert.Contains(rig.Log.Lines, line => line.Contains("for commit of 0 rows", StringComparison.Ordinal));
        Assert.DoesNotContain(rig.Log.Lines, TellsTheRow);
    }

    [Fact]
    public async Task What_a_database_says_of_a_row_goes_to_the_quarantine_and_to_no_log()
    {
        await using var rig = await PostgresRig.OpenAsync(server);
        await rig.Database.ExecuteAsync("SELECT grid.make_partitions('2024-03-01', '2024-03-01'); ALTER TABLE grid.tick_20240301 ADD CONSTRAINT cheap CHECK (price < 1000000000000)");
        var grid = await rig.OpenGridAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names, ack: AckLevel.Committed);

        // One bad row is quarantined; of more than a thousand in a flush it is the database that is broken, and the flush fails.
        await feed.SendAsync(Trade(1, "10:00:00", Secret));
        Assert.Equal(1, grid.GetStatus().Postgres!.RowsRefused);
        var last = await feed.SubmitAsync([.. Enumerable.Range(2, 1200).Select(i => Trade((ulong)i, "10:00:00", Secret))]);
        await PostgresFaultTests.UntilAsync(() => grid.GetStatus().Postgres!.LastError is not null);

        Assert.Contains("violates check constraint \"cheap\" (23514)", grid.GetStatus().Postgres!.LastError, StringComparison.Ordinal);
        Assert.True(grid.GetStatus().PostgresStatements.Single(s => s.Statement == "copy_ticks").Failures > 1000);
        Assert.False(TellsTheRow(grid.GetStatus().Postgres!.LastError!));
        Assert.DoesNotContain(rig.Log.Lines, TellsTheRow);

        // Between two attempts, as each holds the watermark: in the middle of one, what it has refused by then stays in the quarantine.
        await rig.Database.ExecuteAsync("BEGIN; SELECT 1 FROM grid.watermark FOR UPDATE; ALTER TABLE grid.tick_20240301 DROP CONSTRAINT cheap; COMMIT");
        await feed.AcknowledgedAsync(last);
        Assert.Equal(1200, await rig.Database.ScalarAsync<long>("SELECT count(*) FROM grid.tick"));
    }

    private static bool TellsTheRow(string text) =>
        text.Contains(Stored, StringComparison.Ordinal) || text.Contains(Secret, StringComparison.Ordinal) || text.Contains("Failing row", StringComparison.Ordinal);
}
