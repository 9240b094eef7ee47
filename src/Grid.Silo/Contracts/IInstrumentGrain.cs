using Orleans.Concurrency;

namespace Grid.Silo.Contracts;

/// <summary>One instrument of the cluster; its key is the symbol.</summary>
/// <remarks>
/// The aliases are the contract between silos of different builds: what a name means never changes. A changed message is a new
/// one with a new alias.
/// </remarks>
[Alias("grid.instrument")]
public interface IInstrumentGrain : IGrainWithStringKey
{
    /// <summary>Decides, applies and commits what a batch has for the instrument; once, however often it is sent.</summary>
    [Alias("apply")]
    Task<SliceAnswer> Apply(SliceMessage slice);

    /// <summary>What is known now, as <see cref="Runtime.Clustering.PortableLatest"/>; null if nothing was ever applied. It may show an event a moment before that event is committed.</summary>
    [Alias("latest")]
    [ReadOnly]
    Task<byte[]?> GetLatest();
}
