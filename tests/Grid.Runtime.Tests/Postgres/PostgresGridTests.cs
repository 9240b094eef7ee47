using Grid.Runtime.Tests.Embedded;
using Grid.Storage;
using Grid.Testing;
using Grid.Testing.Postgres;
using static Grid.Testing.TestMarket;

namespace Grid.Runtime.Tests.Postgres;

/// <summary>An embedded grid and a real PostgreSQL beside it.</summary>
public sealed class PostgresGridTests(PrivatePostgres server)
{
    [Theory]
    [InlineData(41, 1)]
    [InlineData(42, 7)]
    [InlineData(43, 100)]
    public async Task Everything_that_the_grid_knows_is_in_PostgreSQL_once(int seed, int batchEvents)
    {
        await using var rig = await PostgresRig.OpenAsync(server);
        var grid = await rig.OpenGridAsync();
        var market = new RandomMarket(seed, eventsPerSource: 150);
        await using var feed = await FeedDriver.OpenAsync(grid, market.Names, ack: AckLevel.Committed);
        ulong last = 0;
        foreach (var lines in market.All.Chunk(batchEvents))
        {
            last = await feed.SubmitAsync(lines);
        }

        await feed.AcknowledgedAsync(last);
        Assert.Equal(market.All.Count, feed.Events);
        await rig.CheckSameAsync(grid);
    }

    [Fact]
    public async Task Shuffled_and_late_events_make_the_same_rows_of_bars_as_the_grid_has()
    {
        await using var rig = await PostgresRig.OpenAsync(server);
        var grid = await rig.OpenGridAsync();
        var market = new RandomMarket(44, eventsPerSource: 200);
        var lines = market.All.ToArray();
        new Random(44).Shuffle(lines);
        await using var feed = await FeedDriver.OpenAsync(grid, market.Names, ack: AckLevel.Committed);
        foreach (var some in lines.Chunk(20))
        {
            await feed.SendAsync(some);
        }

        await rig.CheckSameAsync(grid);
    }

    [Fact]
    public async Task Acknowledged_as_committed_means_that_the_row_is_there()
    {
        await using var rig = await PostgresRig.OpenAsync(server);
        var grid = await rig.OpenGridAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names, ack: AckLevel.Committed);
        for (ulong i = 1; i <= 20; i++)
        {
            await feed.SendAsync(Trade(i, "10:00:00", "10"));
            Assert.Equal((long)i, await rig.Database.ScalarAsync<long>("SELECT count(*) FROM grid.tick"));
        }

        await using var again = await FeedDriver.OpenAsync(grid, Names, ack: AckLevel.Committed);
        Assert.Equal(20UL, again.Feed.LastDurableBatch);
    }

    [Fact]
    public async Task A_retried_batch_is_acknowledged_as_committed_with_its_original_and_stored_once()
    {
        await using var rig = await PostgresRig.OpenAsync(server);
        var grid = await rig.OpenGridAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names, ack: AckLevel.Committed);
        await feed.AnnounceAsync(Trade(1, "10:00:00", "10"));
        var payload = feed.Encode(Trade(1, "10:00:00", "10"));
        await feed.SubmitAsync(1, payload);
        await feed.SubmitAsync(1, payload);
        feed.Next = 2;
        await feed.SendAsync(Trade(2, "10:00:01", "11"));
        Assert.Equal(3, feed.Events);
        Assert.Equal(2, await rig.Database.ScalarAsync<long>("SELECT count(*) FROM grid.tick"));
    }

    [Fact]
    public async Task Killed_and_started_again_the_grid_goes_on_where_PostgreSQL_stands()
    {
        await using var rig = await PostgresRig.OpenAsync(server);
        var market = new RandomMarket(45, eventsPerSource: 120);
        var grid = await rig.OpenGridAsync();
        ulong last = 0;
        foreach (var (part, number) in market.All.Chunk(market.All.Count / 5).Select((p, i) => (p, i)))
        {
            await using (var feed = await FeedDriver.OpenAsync(grid, market.Names, $"part-{number}"))
            {
                foreach (var lines in part.Chunk(10))
                {
                    last = await feed.SubmitAsync(lines);
                }

                await feed.AcknowledgedAsync(last);
            }

            // In the middle of its writing to PostgreSQL.
            grid = await rig.OpenAfterKillAsync();
        }

        await CommittedAsync(grid, market.Names);
        await rig.CheckSameAsync(grid);
    }

    [Fact]
    public async Task A_grid_that_is_stopped_leaves_nothing_owed()
    {
        await using var rig = await PostgresRig.OpenAsync(server);
        rig.Postgres.FlushInterval = TimeSpan.FromSeconds(30);
        var grid = await rig.OpenGridAsync();
        await using (var feed = await FeedDriver.OpenAsync(grid, Names))
        {
            await feed.SendAsync(Trade(1, "10:00:00", "10"));
            await feed.SendAsync(Trade(2, "10:00:00", "10"));
        }

        await grid.DisposeAsync();
        Assert.Equal(2, await rig.Database.ScalarAsync<long>("SELECT count(*) FROM grid.tick"));
    }

    [Fact]
    public async Task Symbols_full_of_quotes_and_backslashes_are_stored_as_they_are()
    {
        await using var rig = await PostgresRig.OpenAsync(server);
        var grid = await rig.OpenGridAsync();
        string[] symbols = ["O'Neil", "a\\b\\", "\"q\"", "'';DROP--", "\\N", "{1,2}", "$1", "%s"];
        await MarketSeed.AddAsync(grid, symbols);
        await CommittedAsync(grid, Names);
        Assert.Equal(symbols.Order(StringComparer.Ordinal), await rig.Database.RowsAsync("SELECT symbol FROM grid.latest JOIN grid.instrument ON id = instrument_id WHERE symbol <> 'AAPL' ORDER BY symbol"));
        foreach (var symbol in symbols)
        {
            Assert.Equal(2, (await rig.TicksAsync(symbol)).Count);
        }
    }

    [Fact]
    public async Task A_row_that_PostgreSQL_refuses_goes_to_its_quarantine_and_the_others_are_stored()
    {
        await using var rig = await PostgresRig.OpenAsync(server);
        await rig.Database.ExecuteAsync(
            "SELECT grid.make_partitions('2024-03-01', '2024-03-01'); ALTER TABLE grid.tick_20240301 ADD CONSTRAINT unlucky CHECK (price <> 13000000000)");
        var grid = await rig.OpenGridAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names, ack: AckLevel.Committed);
        await feed.SendAsync([.. Enumerable.Range(1, 40).Select(i => Trade((ulong)i, "10:00:00", i % 20 == 13 ? "13" : "14"))]);

        Assert.Equal(38, await rig.Database.ScalarAsync<long>("SELECT count(*) FROM grid.tick"));
        Assert.Equal(["13|-1|RefusedByDatabase|tester", "33|-1|RefusedByDatabase|tester"], await rig.Database.RowsAsync(
            "SELECT sequence, reason, reason_name, name FROM grid.quarantine JOIN grid.producer ON id = producer_id ORDER BY sequence"));
        Assert.Contains("unlucky", await rig.Database.ScalarAsync<string>("SELECT message FROM grid.quarantine LIMIT 1"), StringComparison.Ordinal);
        Assert.Equal(2, grid.GetStatus().Postgres!.RowsRefused);
    }

    [Fact]
    public async Task Ticks_of_classes_that_are_not_wanted_are_left_out_and_everything_else_is_kept()
    {
        await using var rig = await PostgresRig.OpenAsync(server);
        rig.Postgres.TickClasses = ["equity"];
        var grid = await rig.OpenGridAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names, ack: AckLevel.Committed);
        await feed.SendAsync(Define(1, "09:00:00", new() { Class = "equity" }), Define(2, "09:00:00", new() { Class = "bond" }, Bond));
        await feed.SendAsync(Trade(3, "10:00:00", "10"), Trade(4, "10:00:00", "99", instrument: Bond), Trade(5, "10:00:00", "12", instrument: Msft));

        Assert.Equal(["AAPL"], await rig.Database.RowsAsync("SELECT symbol FROM grid.tick JOIN grid.instrument ON id = instrument_id"));
        Assert.Equal(["AAPL|equity", "MSFT|default", "T-2030|bond"], await rig.Database.RowsAsync("SELECT symbol, class FROM grid.latest JOIN grid.instrument ON id = instrument_id ORDER BY symbol"));
        Assert.Equal(3, await rig.Database.ScalarAsync<long>("SELECT count(*) FROM grid.bar"));
    }

    [Fact]
    public async Task Events_of_any_century_are_stored_or_quarantined()
    {
        await using var rig = await PostgresRig.OpenAsync(server);
        var grid = await rig.OpenGridAsync();
        await using var feed = await FeedDriver.OpenAsync(grid, Names, ack: AckLevel.Committed);
        string[] times = ["1700-01-01", "1969-12-31T23:59:59.999999999Z", "1970-01-01", "2013-10-07T13:30:00.123456789Z", "2250-01-01"];
        await feed.SendAsync([.. times.Select((text, i) => At(Trade((ulong)i + 1, "10:00:00", "10"), text))]);

        await rig.CheckSameAsync(grid);
        Assert.Equal(["1", "2", "3", "4"], await rig.Database.RowsAsync("SELECT sequence FROM grid.tick ORDER BY sequence"));
        Assert.Equal(["5|TimeAhead"], await rig.Database.RowsAsync("SELECT sequence, reason_name FROM grid.quarantine"));

        static MarketLine At(MarketLine line, string text) =>
            Domain.Identifiers.UnixNanos.TryParse(text, out var time) ? line with { Event = line.Event with { EventTime = time } } : throw new ArgumentException(text);
    }

    [Fact]
    public async Task Days_that_are_not_kept_are_dropped()
    {
        await using var rig = await PostgresRig.OpenAsync(server);
        rig.Postgres.TickDays = 30;
        await rig.Database.ExecuteAsync("SELECT grid.make_partitions('2020-05-01', '2020-05-02'), grid.make_partitions(current_date - 29, current_date)");
        var grid = await rig.OpenGridAsync();
        await CommittedAsync(grid, Names);
        await CommittedAsync(grid, Names, "next");
        Assert.Equal(
            ["30|0|1"],
            await rig.Database.RowsAsync("""
                SELECT count(*) FILTER (WHERE relname ~ '^tick_\d' AND to_date(right(relname, 8), 'YYYYMMDD') BETWEEN current_date - 29 AND current_date),
                    count(*) FILTER (WHERE relname LIKE 'tick_2020%'), count(*) FILTER (WHERE relname = 'bar_202005')
                FROM pg_class WHERE relnamespace = 'grid'::regnamespace AND relkind = 'r'
                """));
    }

    [Fact]
    public async Task Committed_is_not_to_be_had_without_PostgreSQL()
    {
        await using var rig = await PostgresRig.OpenAsync(server);
        rig.Options.Postgres = null;
        var grid = await rig.OpenGridAsync();
        var refused = await Assert.ThrowsAsync<Domain.GridException>(() => FeedDriver.OpenAsync(grid, Names, ack: AckLevel.Committed));
        Assert.Equal("producer 'tester' asks for acknowledgement 'Committed', but this grid has no PostgreSQL; 'received' and 'journaled' are to be had", refused.Message);
    }

    [Fact]
    public async Task A_second_writer_of_the_same_folder_shuts_the_first_out()
    {
        await using var rig = await PostgresRig.OpenAsync(server);
        var first = await rig.OpenGridAsync();
        await using var feed = await FeedDriver.OpenAsync(first, Names, ack: AckLevel.Committed);
        await feed.SendAsync(Trade(1, "10:00:00", "10"));

        var second = await rig.OpenAfterKillAsync();
        await feed.SubmitAsync(Trade(2, "10:00:01", "11"));
        var closed = await feed.Closed;
        Assert.Equal(Domain.GridErrorCode.AckUnavailable, closed.Code);
        Assert.Contains("was taken over by pid", closed.Message, StringComparison.Ordinal);
        Assert.Contains("was taken over by pid", Assert.Single(first.FindTroubles()), StringComparison.Ordinal);

        // The first goes on without, and the second is not disturbed.
        await using var journaled = await FeedDriver.OpenAsync(first, Names, "other");
        await journaled.SendAsync(Trade(3, "10:00:02", "12"));
        await using var more = await FeedDriver.OpenAsync(second, Names, "more", ack: AckLevel.Committed);
        await more.SendAsync(Trade(4, "10:00:03", "13"));
        Assert.Equal(["1", "4"], await rig.Database.RowsAsync("SELECT sequence FROM grid.tick ORDER BY sequence"));
    }

    [Fact]
    public async Task A_database_of_a_cluster_is_refused()
    {
        await using var rig = await PostgresRig.OpenAsync(server);
        await rig.Database.ExecuteAsync("INSERT INTO grid.silo (name, epoch) VALUES ('silo-1', 1)");
        rig.Postgres.TakeOver = true;
        var refused = await Assert.ThrowsAsync<GridStorageException>(rig.OpenGridAsync);
        Assert.Equal("the database belongs to a cluster, of which silo 'silo-1' claimed it last; use another database", refused.Message);
    }

    [Fact]
    public async Task A_database_of_another_folder_is_refused_unless_it_is_taken_over()
    {
        await using var rig = await PostgresRig.OpenAsync(server);
        var first = await rig.OpenGridAsync();
        await CommittedAsync(first, Names);
        await using var other = new GridFolder();
        other.Options.Postgres = PostgresRig.OptionsOf(rig.Database.ConnectionString);
        var refused = await Assert.ThrowsAsync<GridStorageException>(other.OpenAsync);
        Assert.Contains("belongs to the data folder '", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Postgres:TakeOver", refused.Message, StringComparison.Ordinal);

        other.Options.Postgres.TakeOver = true;
        var second = await EmbeddedGrid.OpenAsync(other.Options, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance);
        await using (second)
        {
            await CommittedAsync(second, Names, "another");
            await using var feed = await FeedDriver.OpenAsync(first, Names, "late", ack: AckLevel.Committed);
            await feed.SubmitAsync(Trade(2, "10:00:01", "11"));
            Assert.Contains("another data folder", (await feed.Closed).Message, StringComparison.Ordinal);
        }

        Assert.Equal(2, await rig.Database.ScalarAsync<long>("SELECT count(*) FROM grid.tick"));
    }

    [Fact]
    public async Task A_folder_that_is_older_than_the_database_is_refused()
    {
        await using var rig = await PostgresRig.OpenAsync(server);
        var grid = await rig.OpenGridAsync();
        rig.Folder.PrepareAfterKill();
        var older = rig.Options.DataFolder;
        rig.Options.DataFolder = rig.Folder.Options.DataFolder;
        await using (var feed = await FeedDriver.OpenAsync(grid, Names, ack: AckLevel.Committed))
        {
            await feed.SendAsync(Trade(1, "10:00:00", "10"));
            await feed.SendAsync(Trade(2, "10:00:00", "10"));
        }

        rig.Options.DataFolder = older;
        var refused = await Assert.ThrowsAsync<GridStorageException>(rig.OpenGridAsync);
        Assert.Contains("the data folder is an older copy", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>Sends a trade that nobody looks at and waits until it and all before it are in PostgreSQL.</summary>
    internal static async Task CommittedAsync(EmbeddedGrid grid, MarketNames names, string producer = "last")
    {
        await using var feed = await FeedDriver.OpenAsync(grid, names, producer, ack: AckLevel.Committed);
        var line = Trade(0, "10:00:00", "10", source: ReferenceEquals(names, Names) ? ByNothing : (ushort)MarketSource.Tape);
        await feed.SendAsync(line);
    }
}
