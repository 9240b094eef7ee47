using Grid.Silo.Contracts;
using Grid.Silo.Hosting;
using Grid.Testing;

namespace Grid.Silo.Tests;

public sealed class SiloProcessTests(SiloServer server)
{
    [Fact]
    public async Task Nothing_acknowledged_is_lost_when_a_silo_gets_SIGKILL()
    {
        using var folder = new TempFolder();
        await using var database = await server.CreateAsync();
        await using var first = await TestSilo.StartAsync(database, "silo-1");
        using var second = await SiloProcess.StartSiloAsync(database, "silo-2", folder.Path);
        await first.SeesAsync(2);
        await first.DeclareAsync();
        for (ulong number = 1; number <= 5; number++)
        {
            Assert.Equal(BatchResult.Committed, (await ManyInstruments.PublishAsync(first, number)).Result);
        }

        Assert.InRange((await TestSilo.SharesAsync(database)).GetValueOrDefault("silo-2"), 1, ManyInstruments.Count - 1);
        var publishing = Enumerable.Range(6, 5).Select(number => ManyInstruments.PublishAsync(first, (ulong)number)).ToList();
        second.Kill();

        Assert.All(await Task.WhenAll(publishing), a => Assert.Equal((BatchResult.Committed, null), (a.Result, a.Why)));
        Assert.All(await ManyInstruments.LatestAsync(first), version => Assert.Equal(10UL, version));
        await ManyInstruments.AssertOnceAsync(database, batches: 10);
        Assert.Equal(ManyInstruments.Count, (await TestSilo.SharesAsync(database))["silo-1"]);
    }

    [Fact]
    public async Task A_silo_that_is_asked_to_end_saves_its_grains_and_ends_without_a_failure()
    {
        using var folder = new TempFolder();
        await using var database = await server.CreateAsync();
        await using var first = await TestSilo.StartAsync(database, "silo-1");
        using var second = await SiloProcess.StartSiloAsync(database, "silo-2", folder.Path);
        await first.SeesAsync(2);
        await first.DeclareAsync();
        await ManyInstruments.PublishAsync(first, 1);
        var theirs = (await TestSilo.SharesAsync(database))["silo-2"];

        await second.TerminateAsync();

        Assert.True(second.ExitCode == 0, second.Errors);
        Assert.Equal(theirs, await database.ScalarAsync<long>(
            "SELECT count(*) FROM grid.grain AS g JOIN grid.silo AS s ON s.id = g.silo_id JOIN grid.grain_snapshot AS n ON n.grain_id = g.id WHERE s.name = 'silo-2' AND g.kind = 1"));
        Assert.Equal(BatchResult.Committed, (await ManyInstruments.PublishAsync(first, 2)).Result);
        Assert.All(await ManyInstruments.LatestAsync(first), version => Assert.Equal(2UL, version));
    }

    [Fact]
    public async Task What_is_wrong_is_told_in_one_line()
    {
        using var folder = new TempFolder();
        var path = Path.Combine(folder.Path, "silo.json");
        await File.WriteAllTextAsync(path, """{ "Silo": { "SiloPort": 0 }, "Commit": { "Silo": "silo-1" } }""");
        using var wrong = SiloProcess.Start("--config", path, "--postgres", "Host=127.0.0.1");
        using var usage = SiloProcess.Start();
        await wrong.EndAsync();
        await usage.EndAsync();
        Assert.Equal((1, "grid-silo: Option Silo:SiloPort is 0; it must be 1 to 65535."), (wrong.ExitCode, wrong.Errors));
        Assert.Equal((2, "grid-silo: Option '--config' is required. See 'grid-silo --help'."), (usage.ExitCode, usage.Errors));
    }

    [Fact]
    public void Every_file_of_silo_config_is_whole()
    {
        var files = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "silo-config"), "*.json");
        Assert.Equal(4, files.Length);
        var silos = files.Select(f => SiloSettings.Load(f, null).Options).Select(o => (o.Cluster, o.SiloPort, o.GatewayPort, o.Commit.Silo)).ToList();
        Assert.Equal(silos.Count, silos.Select(s => (s.Cluster, s.Silo)).Distinct().Count());
        Assert.Equal(silos.Count, silos.Select(s => (s.Cluster, s.SiloPort)).Distinct().Count());
    }
}
