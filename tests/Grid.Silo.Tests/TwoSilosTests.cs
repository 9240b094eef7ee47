using Grid.Domain.Identifiers;
using Grid.Silo.Contracts;
using Grid.Testing;
using Grid.Testing.Postgres;

namespace Grid.Silo.Tests;

public sealed class TwoSilosTests(SiloServer server)
{
    private const int Instruments = 120;

    // A market of many instruments; otherwise that of the other tests.
    private static readonly MarketNames Many = new()
    {
        ByKind = new Dictionary<NameKind, string[]>
        {
            [NameKind.Instrument] = ["", .. Enumerable.Range(1, Instruments).Select(i => $"I{i:000}")],
            [NameKind.Source] = TestMarket.Names.ByKind[NameKind.Source],
            [NameKind.Venue] = [""],
            [NameKind.Channel] = [""],
        },
        Declarations = TestMarket.Names.Declarations,
    };

    [Fact]
    public async Task Instruments_are_spread_over_both_silos_and_each_answers_for_all()
    {
        await using var database = await server.CreateAsync();
        await using var first = await TestSilo.StartAsync(database, "silo-1");
        await using var second = await TestSilo.StartAsync(database, "silo-2");
        await Task.WhenAll(first.SeesAsync(2), second.SeesAsync(2));
        await first.DeclareAsync();

        Assert.Equal(BatchResult.Committed, (await PublishAsync(first, 1)).Result);

        Assert.All(await LatestAsync(first), l => Assert.Equal(1UL, l));
        Assert.All(await LatestAsync(second), l => Assert.Equal(1UL, l));
        var shares = await TestSilo.SharesAsync(database);
        Assert.Equal(Instruments, shares.Values.Sum());
        Assert.All(["silo-1", "silo-2"], silo => Assert.InRange(shares.GetValueOrDefault(silo), Instruments / 4, Instruments * 3 / 4));
        Assert.Equal((long)Instruments, await database.ScalarAsync<long>("SELECT count(*) FROM grid.tick"));
    }

    [Fact]
    public async Task Nothing_acknowledged_is_lost_when_a_silo_is_killed_and_the_other_takes_over()
    {
        await using var database = await server.CreateAsync();
        await using var first = await TestSilo.StartAsync(database, "silo-1");
        await using var second = await TestSilo.StartAsync(database, "silo-2");
        await Task.WhenAll(first.SeesAsync(2), second.SeesAsync(2));
        await first.DeclareAsync();
        for (ulong number = 1; number <= 5; number++)
        {
            Assert.Equal(BatchResult.Committed, (await PublishAsync(first, number)).Result);
        }

        // Batches are on their way when it dies.
        var publishing = Enumerable.Range(6, 5).Select(number => PublishAsync(first, (ulong)number)).ToList();
        await second.KillAsync();

        Assert.All(await Task.WhenAll(publishing), a => Assert.Equal((BatchResult.Committed, null), (a.Result, a.Why)));
        Assert.All(await LatestAsync(first), version => Assert.Equal(10UL, version));
        await AssertOnceAsync(database, batches: 10);
        Assert.Equal(["silo-1"], (await TestSilo.SharesAsync(database)).Where(s => s.Value == Instruments).Select(s => s.Key));
    }

    [Fact]
    public async Task A_producer_whose_silo_is_killed_goes_on_behind_what_is_committed()
    {
        await using var database = await server.CreateAsync();
        await using var first = await TestSilo.StartAsync(database, "silo-1");
        await using var second = await TestSilo.StartAsync(database, "silo-2");
        await Task.WhenAll(first.SeesAsync(2), second.SeesAsync(2));
        await first.DeclareAsync();
        for (ulong number = 1; number <= 4; number++)
        {
            Assert.Equal(BatchResult.Committed, (await PublishAsync(first, number)).Result);
        }

        var lost = PublishAsync(first, 5);
        await first.KillAsync();
        await lost.ContinueWith(static _ => { }, TaskScheduler.Default);

        ulong? through = null;
        while (through is null)
        {
            try
            {
                through = await second.Grains.GetGrain<IProducerGrain>("P").Open(1);
            }
            catch (Exception e) when (e is Orleans.Runtime.OrleansException or TimeoutException)
            {
                // The other silo is not known to be dead yet.
            }
        }

        Assert.InRange(through.Value, 4UL, 5UL);
        for (var number = through.Value + 1; number <= 8; number++)
        {
            Assert.Equal(BatchResult.Committed, (await PublishAsync(second, number)).Result);
        }

        Assert.All(await LatestAsync(second), version => Assert.Equal(8UL, version));
        await AssertOnceAsync(database, batches: 8);
    }

    // One trade of each instrument in each batch; the source has no numbers, so that only batches tell repeats.
    private static Task<BatchAnswer> PublishAsync(TestSilo silo, ulong number)
    {
        var lines = Enumerable.Range(1, Instruments).Select(i => TestMarket.Trade(0, $"14:30:{number:00}", $"{i}", source: TestMarket.ByNothing, instrument: (uint)i));
        return silo.Grains.GetGrain<IProducerGrain>("P").Publish(
            new BatchMessage(1, number, TestMarket.At("20:00:00").Value, NamedLines.Encode(Many, lines)));
    }

    private static async Task<ulong[]> LatestAsync(TestSilo silo) =>
        [.. (await Task.WhenAll(Many.ByKind[NameKind.Instrument].Skip(1).Select(silo.LatestAsync))).Select(l => l?.Version ?? 0)];

    private static async Task AssertOnceAsync(PrivateDatabase database, int batches)
    {
        Assert.Equal(
            [$"{Instruments}|{batches}|{batches}|{batches}"],
            await database.RowsAsync("""
                SELECT count(*), min(n), max(n), min(times)
                FROM (SELECT instrument_id, count(*) AS n, count(DISTINCT event_time) AS times FROM grid.tick GROUP BY 1) AS t
                """));
    }
}
