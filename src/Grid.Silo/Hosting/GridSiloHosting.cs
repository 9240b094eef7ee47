using System.Net;
using Grid.Domain.Instruments;
using Grid.Silo.Stores;
using Grid.Storage.Postgres;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace Grid.Silo.Hosting;

/// <summary>Puts a silo of a grid's cluster into a host.</summary>
public static class GridSiloHosting
{
    /// <summary>Adds the silo. Its start claims its name in the database, and its stop flushes its grains.</summary>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public static IHostApplicationBuilder AddGridSilo(this IHostApplicationBuilder host, GridSiloOptions options, RuleBook rules, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(rules);
        ArgumentNullException.ThrowIfNull(time);
        options.Validate();
        host.Services.AddSingleton(services => new SiloStore(options, rules, time, services.GetRequiredService<ILogger<SiloStore>>()));
        host.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>, SiloStoreLifecycle>();
        return (IHostApplicationBuilder)host.UseOrleans(silo => Configure(silo, options));
    }

    private static void Configure(ISiloBuilder silo, GridSiloOptions options)
    {
        silo.UseAdoNetClustering(o =>
        {
            o.Invariant = MembershipConnection.Invariant;
            o.ConnectionString = MembershipConnection.Of(options.Postgres);
        });
        silo.ConfigureEndpoints(IPAddress.Parse(options.Address), options.SiloPort, options.GatewayPort);
        silo.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (options.Cluster, options.Cluster));
        silo.Configure<SiloOptions>(o => o.SiloName = options.Commit.Silo);
        silo.Configure<ClusterMembershipOptions>(o =>
        {
            o.ProbeTimeout = o.MaxProbeTimeout = options.ProbeTimeout;
            o.MinProbeTimeout = options.ProbeTimeout;
            o.NumMissedProbesLimit = options.ProbesMissedMax;
        });
        silo.Configure<SiloMessagingOptions>(o => o.ResponseTimeout = options.ResponseTimeout);
        silo.Configure<GrainCollectionOptions>(o => o.CollectionAge = options.IdleMax);
    }
}
