using Grid.Domain.Identifiers;
using Grid.Domain.Validation;
using Grid.Runtime.Tests.Embedded;
using Grid.Storage.Postgres;
using Grid.Testing;
using Grid.Testing.Postgres;
using static Grid.Testing.TestMarket;

namespace Grid.Runtime.Tests.Postgres;

/// <summary>Wall clocks that are set, with days of ticks that are kept and a real PostgreSQL, whose own clock is right.</summary>
public sealed class ClockJumpTests(PrivatePostgres server)
{
    private const int DaysKept = 3;
    private ulong _sequence;

    private static readonly string[] OldAndKept = ["-2", "-1", "0"];

    [Fact]
    public async Task A_clock_that_jumps_a_year_ahead_drops_nothing_that_is_kept_and_writing_goes_on()
    {
        await using var rig = await OpenAsync();
        await rig.Database.ExecuteAsync("SELECT grid.make_partitions(current_date - 10, current_date - 9)");
        var grid = await rig.OpenGridAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names, ack: AckLevel.Committed);
        await feed.SendAsync(TradeAt(Days(-2)), TradeAt(Days(-1)), TradeAt(Days(0)));
        await feed.SendAsync(TradeAt(Days(0)));
        Assert.Equal(OldAndKept, await PartitionsAsync(rig));

        rig.Time.Ahead = TimeSpan.FromDays(365);
        await feed.SendAsync(TradeAt(Days(0)));
        await feed.SendAsync(TradeAt(Days(365)));
        await feed.SendAsync(TradeAt(Days(0)));

        Assert.Equal(OldAndKept, await PartitionsAsync(rig));
        Assert.Equal(7, await rig.Database.ScalarAsync<long>("SELECT count(*) FROM grid.tick"));
        Assert.Contains("The clock was set by 365.00:00:00", Assert.Single(Held(rig)), StringComparison.Ordinal);

        rig.Time.Ahead = TimeSpan.Zero;
        await feed.SendAsync(TradeAt(Days(0)));
        await feed.SendAsync(TradeAt(Days(0)));
        Assert.Equal(OldAndKept, await PartitionsAsync(rig));
        Assert.Equal((0, CircuitState.Closed), (grid.GetStatus().Postgres!.Failures, grid.GetStatus().Postgres!.Circuit));
        await rig.CheckSameAsync(grid);
    }

    [Fact]
    public async Task A_clock_that_is_a_year_ahead_from_the_start_drops_nothing_that_is_kept()
    {
        await using var rig = await OpenAsync();
        rig.Time.Ahead = TimeSpan.FromDays(365);
        var grid = await rig.OpenGridAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names, ack: AckLevel.Committed);

        // The last as events are that get their time from this clock: the server's alone is right then.
        await feed.SendAsync(TradeAt(Days(-2)), TradeAt(Days(-1)), TradeAt(Days(0)), TradeAt(Days(365)));
        await feed.SendAsync(TradeAt(Days(365)));

        Assert.Equal(OldAndKept, await PartitionsAsync(rig));
        Assert.Equal(5, await rig.Database.ScalarAsync<long>("SELECT count(*) FROM grid.tick"));
        Assert.Empty(Held(rig));
    }

    [Fact]
    public async Task Both_clocks_may_be_years_ahead_of_the_events()
    {
        await using var rig = await OpenAsync();
        await rig.Database.ExecuteAsync("SELECT grid.make_partitions('2024-02-26', '2024-02-27')");
        var grid = await rig.OpenGridAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names, ack: AckLevel.Committed);
        var newest = At("10:00:00").Value;
        await feed.SendAsync(TradeAt(new(newest - (2 * UnixNanos.PerDay))), TradeAt(new(newest - UnixNanos.PerDay)), TradeAt(new(newest)));
        await feed.SendAsync(TradeAt(new(newest)));

        Assert.Equal(
            ["tick_20240228", "tick_20240229", "tick_20240301"],
            await rig.Database.RowsAsync("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname BETWEEN 'tick_2024' AND 'tick_20240301' ORDER BY 1"));
        Assert.Equal(4, await rig.Database.ScalarAsync<long>("SELECT count(*) FROM grid.tick"));
    }

    [Fact]
    public async Task A_clock_that_jumps_back_keeps_what_it_cannot_believe_in_the_quarantine_and_goes_on()
    {
        await using var rig = await OpenAsync();
        var grid = await rig.OpenGridAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names, ack: AckLevel.Committed);
        await feed.SendAsync(TradeAt(Days(-2)), TradeAt(Days(-1)), TradeAt(Days(0)));
        await feed.SendAsync(TradeAt(Days(0)));

        rig.Time.Ahead = TimeSpan.FromDays(-365);
        await feed.SendAsync(TradeAt(Days(-365)));
        await feed.SendAsync(TradeAt(Days(0)));
        Assert.Equal(1, feed.Outcomes[Outcome.Reject(RejectReason.TimeAhead)]);
        Assert.Equal(["6|TimeAhead"], await rig.Database.RowsAsync("SELECT sequence, reason_name FROM grid.quarantine"));
        Assert.Equal((TimeSpan.Zero, CircuitState.Closed), (grid.GetStatus().Postgres!.Lag, grid.GetStatus().Postgres!.Circuit));
        Assert.Empty(grid.FindTroubles());
        Assert.Equal(OldAndKept, await PartitionsAsync(rig));

        rig.Time.Ahead = TimeSpan.Zero;
        await feed.SendAsync(TradeAt(Days(0)));
        Assert.Equal(["1", "2", "3", "4", "5", "7"], await rig.Database.RowsAsync("SELECT sequence FROM grid.tick ORDER BY sequence"));
        await rig.CheckSameAsync(grid);
    }

    [Fact]
    public async Task Snapshots_and_what_is_measured_do_not_notice_that_the_clock_is_set()
    {
        await using var folder = new GridFolder();
        var grid = await folder.OpenAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names);
        await feed.SendAsync(Trade(1, "10:00:00", "10"));
        await grid.SnapshotAsync();
        foreach (var by in (TimeSpan[])[TimeSpan.FromDays(365), TimeSpan.FromDays(-730)])
        {
            folder.Time.SetWall(by);
            folder.Time.Advance(TimeSpan.FromSeconds(1));
            Assert.Empty(grid.FindTroubles());
        }

        await feed.SendAsync(Trade(2, "10:00:01", "11"));
        var status = grid.GetStatus();
        Assert.Equal(TimeSpan.FromSeconds(2), status.SnapshotAge);
        Assert.Equal((2, 0), (status.Acknowledged.Count, status.Acknowledged.MaxMs));
        await grid.SnapshotAsync();
        Assert.Equal(TimeSpan.Zero, grid.GetStatus().SnapshotAge);
        var again = await folder.OpenAfterKillAsync();
        Assert.Equal((await grid.HashAsync()).Full, (await again.HashAsync()).Full);
    }

    private async Task<PostgresRig> OpenAsync()
    {
        var rig = await PostgresRig.OpenAsync(server);
        (rig.Postgres.TickDays, rig.Postgres.RunDays, rig.Postgres.BarDays) = (DaysKept, DaysKept, DaysKept);
        return rig;
    }

    private MarketLine TradeAt(UnixNanos time)
    {
        var line = Trade(++_sequence, "10:00:00", "10");
        return line with { Event = line.Event with { EventTime = time } };
    }

    // Of the true time.
    private static UnixNanos Days(int from) => UnixNanos.From(TimeProvider.System.GetUtcNow().AddDays(from));

    // Which of the last days have a partition, in days from today.
    private static Task<IReadOnlyList<string>> PartitionsAsync(PostgresRig rig) => rig.Database.RowsAsync(
        """
        SELECT to_date(right(relname, 8), 'YYYYMMDD') - (now() AT TIME ZONE 'UTC')::date AS day FROM pg_class
        WHERE relnamespace = 'grid'::regnamespace AND relkind = 'r' AND relname ~ '^tick_\d'
            AND to_date(right(relname, 8), 'YYYYMMDD') BETWEEN current_date - 20 AND current_date
        ORDER BY day
        """);

    private static IReadOnlyList<string> Held(PostgresRig rig) =>
        [.. rig.Log.Lines.Where(line => line.Contains("nothing is dropped from PostgreSQL", StringComparison.Ordinal))];
}
