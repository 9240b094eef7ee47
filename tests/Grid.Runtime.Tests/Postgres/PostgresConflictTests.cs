using Grid.Testing;
using Grid.Testing.Postgres;
using Npgsql;
using static Grid.Testing.TestMarket;

namespace Grid.Runtime.Tests.Postgres;

/// <summary>Somebody else writes to the tables of a grid while it does.</summary>
public sealed class PostgresConflictTests(PrivatePostgres server)
{
    [Fact]
    public async Task A_deadlock_is_lost_and_tried_again()
    {
        await using var rig = await OpenAsync();
        var grid = await rig.OpenGridAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names, ack: AckLevel.Committed);
        await feed.SendAsync(Trade(1, "10:00:00", "10"), Trade(2, "10:00:00", "20", instrument: Msft));
        ulong sequence = 2;
        while (!rig.Log.Lines.Any(line => line.Contains("deadlock detected (40P01)", StringComparison.Ordinal)))
        {
            // A flush locks the rows of latest by their ids, the other the higher first.
            await using var other = await rig.Database.OpenAsync();
            await using var transaction = await other.BeginTransactionAsync();
            await ExecuteAsync(other, "SET LOCAL deadlock_timeout = '10s'; UPDATE grid.latest SET updated_at = now() WHERE instrument_id = (SELECT max(instrument_id) FROM grid.latest)");
            var last = await feed.SubmitAsync(Trade(++sequence, "10:00:01", "11"), Trade(++sequence, "10:00:01", "21", instrument: Msft));
            await WaitingAsync(rig);
            try
            {
                await ExecuteAsync(other, "UPDATE grid.latest SET updated_at = now() WHERE instrument_id = (SELECT min(instrument_id) FROM grid.latest)");
                await transaction.CommitAsync();
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.DeadlockDetected)
            {
                // This machine is so slow that the other was the one to look first: once more.
                await transaction.RollbackAsync();
            }

            await feed.AcknowledgedAsync(last);
        }

        Assert.True(grid.GetStatus().Postgres is { Failures: >= 1, RowsRefused: 0 });
        await rig.CheckSameAsync(grid);
    }

    [Theory]
    [InlineData("repeatable read")]
    [InlineData("serializable")]
    public async Task A_database_that_isolates_transactions_more_by_default_makes_no_flush_fail(string isolation)
    {
        await using var rig = await OpenAsync();
        await rig.Database.ExecuteAsync($"ALTER DATABASE {rig.Database.Name} SET default_transaction_isolation = '{isolation}'");
        var grid = await rig.OpenGridAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names, ack: AckLevel.Committed);
        await feed.SendAsync(Trade(1, "10:00:00", "10"));

        // Another's change of a row, committed while a flush waits for it, is what such a transaction could not go on from.
        await using (var other = await rig.Database.OpenAsync())
        {
            await using var transaction = await other.BeginTransactionAsync();
            await ExecuteAsync(other, "UPDATE grid.latest SET updated_at = now()");
            var last = await feed.SubmitAsync(Trade(2, "10:00:01", "11"));
            await WaitingAsync(rig);
            await transaction.CommitAsync();
            await feed.AcknowledgedAsync(last);
        }

        Assert.Equal(0, grid.GetStatus().Postgres!.Failures);
        await rig.CheckSameAsync(grid);
    }

    private async Task<PostgresRig> OpenAsync()
    {
        var rig = await PostgresRig.OpenAsync(server);
        rig.Postgres.ApplicationName = $"conflict-{rig.Database.Name}";
        return rig;
    }

    // Returns when the grid's flush waits for a lock.
    private static async Task WaitingAsync(PostgresRig rig)
    {
        await using var connection = await rig.Database.OpenAsync();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        do
        {
            await timer.WaitForNextTickAsync();
        }
        while (await ExecuteAsync(connection, $"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{rig.Postgres.ApplicationName}' AND wait_event_type = 'Lock'") == 0);
    }

    private static async Task<long> ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync() as long? ?? 0;
    }
}
