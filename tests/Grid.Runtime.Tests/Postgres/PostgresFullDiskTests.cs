using System.Text.RegularExpressions;
using Grid.Runtime.Tests.Embedded;
using Grid.Storage.Postgres;
using Grid.Testing;
using Grid.Testing.Postgres;
using static Grid.Testing.TestMarket;

namespace Grid.Runtime.Tests.Postgres;

/// <summary>What becomes of a grid whose PostgreSQL has no room on its disk: no trigger says so, the kernel does.</summary>
public sealed class PostgresFullDiskTests(PrivatePostgres shared)
{
    [Fact]
    public async Task Without_room_for_a_table_nothing_is_lost_and_all_is_there_once_when_there_is_room()
    {
        await using var rig = await PostgresRig.OpenAsync(shared);
        await rig.Database.ExecuteAsync("SELECT grid.make_partitions('2024-03-01', '2024-03-01')");
        var file = await rig.Database.ScalarAsync<string>("SELECT pg_relation_filepath('grid.tick_20240301')");
        var grid = await rig.OpenGridAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        using (shared.Fill(file!))
        {
            // Acknowledged as journaled all the time.
            await feed.SendAsync(Trade(1, "10:00:00", "10"), Trade(2, "10:00:01", "11"));
            await PostgresFaultTests.UntilAsync(() => grid.GetStatus().Postgres!.Circuit != CircuitState.Closed);
            await feed.SendAsync(Trade(3, "10:00:02", "12"));

            var status = grid.GetStatus().Postgres!;
            Assert.Matches("could not extend file \".*\": No space left on device \\(53100\\)", status.LastError!);
            Assert.True(status is { LagBytes: > 0, Rows: 0, RowsRefused: 0 });
            Assert.Equal(12_000_000_000, grid.Latest("AAPL").Last.Price.Raw);
            Assert.Empty(grid.FindTroubles());
            Assert.Equal(0, await rig.Database.ScalarAsync<long>("SELECT (SELECT count(*) FROM grid.latest) + (SELECT lsn FROM grid.watermark)"));
        }

        await PostgresGridTests.CommittedAsync(grid, Names);
        await rig.CheckSameAsync(grid);
        Assert.Equal(4, await rig.Database.ScalarAsync<long>("SELECT count(*) FROM grid.tick"));
    }

    [Fact]
    public async Task Without_room_for_its_log_the_server_panics_and_all_is_there_once_when_there_is_room()
    {
        await using var server = new PrivatePostgres();
        await using var rig = await PostgresRig.OpenAsync(server);
        var grid = await rig.OpenGridAsync();
        var market = new RandomMarket(61, eventsPerSource: 200);
        var parts = market.All.Chunk(20).ToList();
        await using (var feed = await FeedDriver.OpenAsync(grid, market.Names))
        {
            foreach (var some in parts.Take(parts.Count / 2))
            {
                await feed.SendAsync(some);
            }

            await PostgresGridTests.CommittedAsync(grid, market.Names, "before");
            var next = await rig.Database.ScalarAsync<string>(
                "SELECT pg_walfile_name(pg_current_wal_lsn() + setting::bigint) FROM pg_settings WHERE name = 'wal_segment_size'");
            using (server.Fill($"pg_wal/{next}"))
            {
                try
                {
                    await rig.Database.ExecuteAsync("SELECT pg_switch_wal()");
                }
                catch (Npgsql.NpgsqlException)
                {
                    // Somebody of the server's own wrote first, and it panicked already.
                }

                foreach (var some in parts.Skip(parts.Count / 2))
                {
                    await feed.SendAsync(some);
                }

                // The server panics at its next write and again while it recovers; then it ends, or begins to recover anew.
                await PostgresFaultTests.UntilAsync(() => PanicsOf(server) > 1);
                await PostgresFaultTests.UntilAsync(() => grid.GetStatus().Postgres!.Circuit != CircuitState.Closed);
                Assert.Empty(grid.FindTroubles());
            }
        }

        // As an operator does once there is room: a server whose recovery met the full disk does not come back by itself.
        await server.RestartAsync();
        await PostgresGridTests.CommittedAsync(grid, market.Names, "after");
        Assert.True(grid.GetStatus().Postgres!.Failures > 0);
        await rig.CheckSameAsync(grid);
    }

    private static int PanicsOf(PrivatePostgres server) => Regex.Count(
        server.Log, "PANIC: +could not write to (log )?file .*No space left on device", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(10));
}
