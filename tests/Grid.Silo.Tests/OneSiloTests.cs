using Grid.Domain.Dedup;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;
using Grid.Silo.Contracts;
using Grid.Storage.Postgres.Committing;
using Grid.Testing;
using Npgsql;
using static Grid.Testing.TestMarket;

namespace Grid.Silo.Tests;

public sealed class OneSiloTests(SiloServer server)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_published_is_committed_and_latest()
    {
        await using var database = await server.CreateAsync();
        await using var silo = await TestSilo.StartAsync(database, "silo-1");
        await silo.DeclareAsync();

        var answer = await silo.PublishAsync(
            1, Trade(1, "14:30:00", "10.5"), Quote(2, "14:30:01", "10.4", "10.6"), Trade(3, "14:30:02", "200", instrument: Msft), Trade(3, "14:30:02", "200", instrument: Msft), Trade(4, "14:30:03", "-1"));

        Assert.Equal((BatchResult.Committed, null), (answer.Result, answer.Why));
        Assert.Equal((3, 1, 1), (TestSilo.Count(answer, Outcome.Accepted), TestSilo.Count(answer, Outcome.Duplicate), TestSilo.Count(answer, Outcome.Reject(RejectReason.PriceNotPositive))));
        var apple = (await silo.LatestAsync("AAPL"))!.Value;
        Assert.Equal(("10.5", "10.4", "10.6", 1L), (apple.Last.Price.ToString(), apple.Bid.Price.ToString(), apple.Ask.Price.ToString(), apple.Day.Count));
        Assert.Equal("200", (await silo.LatestAsync("MSFT"))!.Value.Last.Price.ToString());
        Assert.Null(await silo.LatestAsync("ZZZ"));
        Assert.Equal((3L, 1L), (await database.ScalarAsync<long>("SELECT count(*) FROM grid.tick"), await database.ScalarAsync<long>("SELECT count(*) FROM grid.quarantine")));
    }

    [Fact]
    public async Task Retried_batch_is_applied_once_and_a_number_with_other_content_is_refused()
    {
        await using var database = await server.CreateAsync();
        await using var silo = await TestSilo.StartAsync(database, "silo-1");
        await silo.DeclareAsync();
        var line = Trade(0, "14:30:00", "10", source: ByNothing);

        // Sent twice at once, again, and by an activation that only the database can tell.
        var both = await Task.WhenAll(silo.PublishAsync(1, line), silo.PublishAsync(1, line));
        Assert.All(both, a => Assert.Equal(BatchResult.Committed, a.Result));
        Assert.Equal(BatchResult.Known, (await silo.PublishAsync(1, line)).Result);
        Assert.Equal(BatchResult.NumberReused, (await silo.PublishAsync(1, Trade(0, "14:30:00", "11", source: ByNothing))).Result);
        Assert.Equal(BatchResult.NumberSkipped, (await silo.PublishAsync(3, line)).Result);

        // A slice that comes again without its batch being known.
        var grain = silo.Grains.GetGrain<IInstrumentGrain>("AAPL");
        var again = await grain.Apply(new SliceMessage("P", 1, 1, At("20:00:00").Value, NamedLines.Encode(Names, [line]), []));
        Assert.Equal((SliceResult.Known, 1L), (again.Result, again.Outcomes.Single().Count));
        Assert.Equal(1L, await database.ScalarAsync<long>("SELECT count(*) FROM grid.tick"));
        Assert.Equal(1UL, (await silo.LatestAsync("AAPL"))!.Value.Version);
    }

    [Fact]
    public async Task Batches_on_their_way_side_by_side_are_all_committed_in_order()
    {
        await using var database = await server.CreateAsync();
        await using var silo = await TestSilo.StartAsync(database, "silo-1");
        await silo.DeclareAsync();
        var sent = new List<Task<BatchAnswer>>();
        for (ulong number = 1; number <= 30; number++)
        {
            // The first finds the grains, the others reach them in order.
            await (number == 2 ? sent[0] : Task.CompletedTask);
            sent.Add(silo.PublishAsync(number, Trade(number, $"14:30:{number:00}", "10"), Trade(number, $"14:30:{number:00}", "10", instrument: Msft)));
        }

        Assert.All(await Task.WhenAll(sent), a => Assert.Equal(BatchResult.Committed, a.Result));
        Assert.Equal(60L, await database.ScalarAsync<long>("SELECT count(*) FROM grid.tick"));
        Assert.Equal(0L, await database.ScalarAsync<long>("SELECT count(*) FROM (SELECT sequence < lag(sequence) OVER (PARTITION BY instrument_id ORDER BY lsn, frame_row) AS back FROM grid.tick) AS t WHERE back"));
        Assert.Equal(30UL, await silo.Grains.GetGrain<IProducerGrain>("P").Open(1));
    }

    [Fact]
    public async Task A_commit_that_is_waited_for_holds_up_no_reading()
    {
        await using var database = await server.CreateAsync();
        await using var silo = await TestSilo.StartAsync(database, "silo-1");
        await silo.DeclareAsync();
        await silo.PublishAsync(1, Trade(1, "14:30:00", "10"));
        await using var connection = await database.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync(Cancel);
        await using (var locking = new NpgsqlCommand("SELECT FROM grid.silo FOR NO KEY UPDATE", connection, transaction))
        {
            await locking.ExecuteNonQueryAsync(Cancel);
        }

        var publishing = silo.PublishAsync(2, Trade(2, "14:30:01", "11"));
        while ((await silo.LatestAsync("AAPL"))!.Value.Version < 2)
        {
            Assert.False(publishing.IsCompleted);
        }

        Assert.Equal("11", (await silo.LatestAsync("AAPL"))!.Value.Last.Price.ToString());
        Assert.False(publishing.IsCompleted);
        Assert.Equal(1L, await database.ScalarAsync<long>("SELECT count(*) FROM grid.tick"));
        await transaction.RollbackAsync(Cancel);
        Assert.Equal(BatchResult.Committed, (await publishing).Result);
    }

    [Fact]
    public async Task A_grain_that_another_writer_claimed_gives_up_and_nothing_is_lost_or_doubled()
    {
        await using var database = await server.CreateAsync();
        await using var silo = await TestSilo.StartAsync(database, "silo-1");
        await silo.DeclareAsync();
        await silo.PublishAsync(1, Trade(1, "14:30:00", "10"), Trade(1, "14:30:00", "20", instrument: Msft));
        var options = silo.Store.Options;
        await using var other = await GroupCommitter.OpenAsync(options.Postgres, new GroupCommitOptions { Silo = "other" }, new Domain.Identifiers.GridNames(), TimeProvider.System, Cancel);
        var stolen = await other.ClaimAsync(new GrainKey(GrainKind.Instrument, "AAPL"), Cancel);
        Assert.Equal(1UL, Assert.Single(stolen.Ticks).Event.Sequence);

        var answer = await silo.PublishAsync(2, Trade(2, "14:30:01", "11"), Trade(2, "14:30:01", "21", instrument: Msft));

        Assert.Equal((BatchResult.Committed, 2L), (answer.Result, TestSilo.Count(answer, Outcome.Accepted)));
        Assert.Equal(1, silo.Store.Committer.Counts.StaleGrains);
        Assert.Equal("11", (await silo.LatestAsync("AAPL"))!.Value.Last.Price.ToString());
        Assert.Equal(4L, await database.ScalarAsync<long>("SELECT count(*) FROM grid.tick"));

        // The other one is left out in turn.
        var refusal = await Assert.ThrowsAsync<CommitRefusedException>(() => other.SaveAsync(stolen.Claim, [1]));
        Assert.Equal(CommitRefusal.StaleGrain, refusal.Reason);
    }

    [Fact]
    public async Task An_event_that_the_database_does_not_take_goes_to_its_quarantine_and_the_others_are_committed()
    {
        await using var database = await server.CreateAsync();
        await using var silo = await TestSilo.StartAsync(database, "silo-1");
        await silo.DeclareAsync();
        await database.ExecuteAsync("ALTER TABLE grid.tick ADD CONSTRAINT thirteen CHECK (sequence <> 13)");

        var answer = await silo.PublishAsync(1, Trade(12, "14:30:00", "10"), Trade(13, "14:30:01", "11"), Trade(14, "14:30:02", "12"), Trade(13, "14:30:02", "12", instrument: Msft));

        Assert.Equal(BatchResult.Committed, answer.Result);
        Assert.Equal((2L, 2L), (TestSilo.Count(answer, Outcome.Accepted), TestSilo.Count(answer, Outcome.Reject(RejectReason.NotStorable))));
        Assert.Equal(["12", "14"], await database.RowsAsync("SELECT sequence FROM grid.tick ORDER BY 1"));
        Assert.Equal(["AAPL|13|RefusedByDatabase", "MSFT|13|RefusedByDatabase"], await database.RowsAsync(
            "SELECT i.symbol::text, q.sequence, q.reason_name FROM grid.quarantine AS q JOIN grid.instrument AS i ON i.id = q.instrument_id ORDER BY 1"));
        Assert.Equal(2UL, (await silo.LatestAsync("AAPL"))!.Value.Version);
    }

    [Fact]
    public async Task A_silo_that_stops_flushes_and_the_next_start_goes_on_from_what_it_saved()
    {
        await using var database = await server.CreateAsync();
        var definition = new InstrumentDefinition { Class = "equity", Currency = "USD", TickSize = Domain.Identifiers.Price.Parse("0.01") };
        await using (var silo = await TestSilo.StartAsync(database, "silo-1"))
        {
            await silo.DeclareAsync();
            await silo.PublishAsync(1, Define(1, "14:00:00", definition), Trade(2, "14:30:00", "10.01"), Trade(3, "14:30:01", "10.02", source: Contiguous), Trade(7, "14:30:01", "10.03", source: Contiguous));
            await silo.PublishAsync(2, Cancel(4, "14:31:00", amends: 2), Trade(5, "14:31:00", "10.005"));
            await silo.StopAsync();
        }

        Assert.Equal(1L, await database.ScalarAsync<long>("SELECT count(*) FROM grid.grain_snapshot AS s JOIN grid.grain AS g ON g.id = s.grain_id WHERE g.kind = 1 AND g.tail_from IS NULL"));
        Assert.Equal(["equity|USD"], await database.RowsAsync("SELECT class, currency FROM grid.instrument WHERE symbol = 'AAPL'"));
        await using var next = await TestSilo.StartAsync(database, "silo-1");
        Assert.Equal(2UL, await next.Grains.GetGrain<IProducerGrain>("P").Open(1));
        Assert.Equal([new GapMessage("", 0, 4, 6)], await next.Grains.GetGrain<ISourceGrain>("contiguous").GetGaps(10));
        var latest = (await next.LatestAsync("AAPL"))!.Value;
        Assert.Equal(("10.005", 3L), (latest.Last.Price.ToString(), latest.Day.Count));

        // The definition still judges, the window still tells, and the cancelled trade is still known.
        var answer = await next.PublishAsync(3, Trade(6, "14:32:00", "10.005"), Trade(2, "14:30:00", "10.01"), Correct(8, "14:33:00", amends: 3, "10.5", source: Contiguous));
        Assert.Equal((1L, 1L), (TestSilo.Count(answer, Outcome.Duplicate), TestSilo.Count(answer, Outcome.Accepted)));
        Assert.Equal(1L, answer.Outcomes.Where(o => new Outcome(o.Outcome).Reason == RejectReason.OffTick).Sum(o => o.Count));
        Assert.Equal([new GapMessage("", 0, 4, 6)], await next.Grains.GetGrain<ISourceGrain>("contiguous").GetGaps(10));
    }

    [Fact]
    public async Task A_source_that_never_declared_itself_and_bytes_that_cannot_be_read_are_refused()
    {
        await using var database = await server.CreateAsync();
        await using var silo = await TestSilo.StartAsync(database, "silo-1");

        var undeclared = await silo.PublishAsync(1, Trade(1, "14:30:00", "10"));
        Assert.Equal((BatchResult.UnknownSource, "source 'by-sequence' was never declared"), (undeclared.Result, undeclared.Why));
        await silo.DeclareAsync();
        var producer = silo.Grains.GetGrain<IProducerGrain>("P");
        Assert.Equal(BatchResult.Malformed, (await producer.Publish(new BatchMessage(1, 1, 0, [1, 2, 3]))).Result);
        Assert.Equal(BatchResult.Committed, (await silo.PublishAsync(1, Trade(1, "14:30:00", "10"))).Result);
        Assert.Equal(BatchResult.OldEpoch, (await silo.PublishAsync("P", 0, 1, Trade(1, "14:30:00", "10"))).Result);

        var other = Names.Declarations[BySequence] with { Policy = DedupPolicy.None };
        Assert.Equal(Names.Declarations[BySequence], await silo.Store.Sources.DeclareAsync(other, Cancel));
    }
}
