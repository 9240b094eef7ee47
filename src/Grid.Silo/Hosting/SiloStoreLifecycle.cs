using Grid.Silo.Stores;

namespace Grid.Silo.Hosting;

/// <summary>Opens the store before grains are activated, and closes it when all have been deactivated.</summary>
internal sealed class SiloStoreLifecycle(SiloStore store) : ILifecycleParticipant<ISiloLifecycle>
{
    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe(nameof(SiloStore), ServiceLifecycleStage.RuntimeStorageServices, store.OpenAsync, store.StopAsync);
}
