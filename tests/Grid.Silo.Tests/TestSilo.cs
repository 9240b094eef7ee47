using Grid.Domain.Instruments;
using Grid.Domain.Validation;
using Grid.Runtime.Clustering;
using Grid.Silo.Contracts;
using Grid.Silo.Hosting;
using Grid.Silo.Stores;
using Grid.Testing;
using Grid.Testing.Postgres;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Grid.Silo.Tests;

/// <summary>A real silo in this process, on ports of its own.</summary>
internal sealed class TestSilo : IAsyncDisposable
{
    private readonly IHost _host;
    private bool _isStopped;

    private TestSilo(IHost host, string name)
    {
        _host = host;
        Name = name;
    }

    public string Name { get; }

    public SiloStore Store => _host.Services.GetRequiredService<SiloStore>();

    public IGrainFactory Grains => _host.Services.GetRequiredService<IGrainFactory>();

    public static async Task<TestSilo> StartAsync(PrivateDatabase database, string name, Action<GridSiloOptions>? change = null)
    {
        var options = new GridSiloOptions
        {
            Cluster = database.Name,
            SiloPort = PrivatePostgres.NextPort(),
            GatewayPort = PrivatePostgres.NextPort(),
        };
        options.Postgres.ConnectionString = database.ConnectionStringOf("silo", "silo");
        options.Postgres.RetryDelay = TimeSpan.FromMilliseconds(5);
        options.Postgres.RetryDelayMax = TimeSpan.FromMilliseconds(50);
        options.Postgres.ApplicationName = name;
        options.Commit.Silo = name;
        change?.Invoke(options);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.AddGridSilo(options, RuleBook.BuiltIn, TimeProvider.System);
        var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        return new TestSilo(host, name);
    }

    /// <summary>Declares the sources of the test market.</summary>
    public async Task DeclareAsync()
    {
        foreach (var declaration in TestMarket.Names.Declarations.Skip(1))
        {
            Assert.Equal(declaration, await Store.Sources.DeclareAsync(declaration, TestContext.Current.CancellationToken));
        }
    }

    public Task<BatchAnswer> PublishAsync(ulong number, params MarketLine[] lines) => PublishAsync("P", 1, number, lines);

    public Task<BatchAnswer> PublishAsync(string producer, ulong epoch, ulong number, params MarketLine[] lines) =>
        Grains.GetGrain<IProducerGrain>(producer).Publish(MessageOf(epoch, number, lines));

    public static BatchMessage MessageOf(ulong epoch, ulong number, params MarketLine[] lines) =>
        new(epoch, number, TestMarket.At("20:00:00").Value, NamedLines.Encode(TestMarket.Names, lines));

    /// <summary>What is known of an instrument; asked again while its grain moves.</summary>
    public async Task<Latest?> LatestAsync(string symbol)
    {
        while (true)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            try
            {
                return await Grains.GetGrain<IInstrumentGrain>(symbol).GetLatest() is { } bytes ? PortableLatest.Decode(bytes, Store.Names) : null;
            }
            catch (Exception e) when (e is Orleans.Runtime.OrleansException or TimeoutException or InvalidOperationException)
            {
                // Its silo died, or it gave up; the next activation answers.
            }
        }
    }

    /// <summary>Ends when this silo knows of so many that are active.</summary>
    public async Task SeesAsync(int silos)
    {
        var membership = _host.Services.GetRequiredService<Orleans.Runtime.IClusterMembershipService>();
        await foreach (var snapshot in membership.MembershipUpdates.WithCancellation(TestContext.Current.CancellationToken))
        {
            if (snapshot.Members.Values.Count(m => m.Status == Orleans.Runtime.SiloStatus.Active) == silos)
            {
                return;
            }
        }
    }

    /// <summary>Where the instruments' grains are active, by the name of the silo that claimed them last.</summary>
    public static async Task<Dictionary<string, long>> SharesAsync(PrivateDatabase database)
    {
        var rows = await database.RowsAsync("SELECT s.name, count(*) FROM grid.grain AS g JOIN grid.silo AS s ON s.id = g.silo_id WHERE g.kind = 1 GROUP BY 1");
        return rows.Select(r => r.Split('|')).ToDictionary(r => r[0], r => long.Parse(r[1]));
    }

    /// <summary>Ends without flushing, handing over or saying goodbye: what is not committed is lost.</summary>
    public async Task KillAsync()
    {
        if (!_isStopped)
        {
            _isStopped = true;
            await Store.Committer.DisposeAsync();
            try
            {
                await _host.StopAsync(new CancellationToken(canceled: true));
            }
            catch (OperationCanceledException)
            {
                // That was asked for.
            }
        }
    }

    public async Task StopAsync()
    {
        if (!_isStopped)
        {
            _isStopped = true;
            await _host.StopAsync(CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await Store.DisposeAsync();
        if (_host is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync();
        }
    }

    public static long Count(BatchAnswer answer, Outcome outcome) => answer.Outcomes.Where(o => o.Outcome == outcome.Value).Sum(o => o.Count);
}
