using Grid.Silo.Contracts;

namespace Grid.Silo.Tests;

public sealed class TwoSilosTests(SiloServer server)
{
    [Fact]
    public async Task Instruments_are_spread_over_both_silos_and_each_answers_for_all()
    {
        await using var database = await server.CreateAsync();
        await using var first = await TestSilo.StartAsync(database, "silo-1");
        await using var second = await TestSilo.StartAsync(database, "silo-2");
        await Task.WhenAll(first.SeesAsync(2), second.SeesAsync(2));
        await first.DeclareAsync();

        Assert.Equal(BatchResult.Committed, (await ManyInstruments.PublishAsync(first, 1)).Result);

        Assert.All(await ManyInstruments.LatestAsync(first), l => Assert.Equal(1UL, l));
        Assert.All(await ManyInstruments.LatestAsync(second), l => Assert.Equal(1UL, l));
        var shares = await TestSilo.SharesAsync(database);
        Assert.Equal(ManyInstruments.Count, shares.Values.Sum());
        Assert.All(["silo-1", "silo-2"], silo => Assert.InRange(shares.GetValueOrDefault(silo), ManyInstruments.Count / 4, ManyInstruments.Count * 3 / 4));
        Assert.Equal((long)ManyInstruments.Count, await database.ScalarAsync<long>("SELECT count(*) FROM grid.tick"));
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
            Assert.Equal(BatchResult.Committed, (await ManyInstruments.PublishAsync(first, number)).Result);
        }

        // Batches are on their way when it dies.
        var publishing = Enumerable.Range(6, 5).Select(number => ManyInstruments.PublishAsync(first, (ulong)number)).ToList();
        await second.KillAsync();

        Assert.All(await Task.WhenAll(publishing), a => Assert.Equal((BatchResult.Committed, null), (a.Result, a.Why)));
        Assert.All(await ManyInstruments.LatestAsync(first), version => Assert.Equal(10UL, version));
        await ManyInstruments.AssertOnceAsync(database, batches: 10);
        Assert.Equal(["silo-1"], (await TestSilo.SharesAsync(database)).Where(s => s.Value == ManyInstruments.Count).Select(s => s.Key));
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
            Assert.Equal(BatchResult.Committed, (await ManyInstruments.PublishAsync(first, number)).Result);
        }

        var lost = ManyInstruments.PublishAsync(first, 5);
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
            Assert.Equal(BatchResult.Committed, (await ManyInstruments.PublishAsync(second, number)).Result);
        }

        Assert.All(await ManyInstruments.LatestAsync(second), version => Assert.Equal(8UL, version));
        await ManyInstruments.AssertOnceAsync(database, batches: 8);
    }
}
