using System.Text;
using Grid.Domain;
using Grid.Domain.Dedup;
using Grid.Domain.Identifiers;
using Grid.Gateway.Access;

namespace Grid.Gateway.Publishing;

/// <summary>What a client asks of a publication.</summary>
/// <param name="Caller">Who publishes: says which sources may be written.</param>
/// <param name="Policy">The policy that all its sources must have; null lets a new source have <c>sequence</c> if its first row has a number, else <c>none</c>.</param>
/// <param name="Batch">Who publishes and under which number, so that it can be tried again; null for nobody in particular.</param>
/// <param name="AwaitsOutcomes">False if nobody will ask what became of it.</param>
internal sealed record PublicationTerms(Caller Caller, DedupPolicy? Policy = null, BatchIdentity? Batch = null, bool AwaitsOutcomes = true);

/// <summary>The identity of a request's events: sent again under the same number they are acknowledged and not applied again.</summary>
internal sealed record BatchIdentity
{
    /// <exception cref="GridException">A part of it breaks its rule.</exception>
    public BatchIdentity(string producer, ulong epoch, ulong batch)
    {
        if (!NameRules.IsValid(Encoding.UTF8.GetBytes(producer)))
        {
            throw new GridException(GridErrorCode.BadName, $"producer: {NameRules.Explain(producer)}");
        }

        EventPublisher.RequireOther(producer);

        if (epoch == 0 || batch == 0)
        {
            throw new GridException(GridErrorCode.BadArgument, $"producer '{producer}' has epoch {epoch} and batch {batch}; both count from 1");
        }

        Producer = producer;
        Epoch = epoch;
        Batch = batch;
    }

    /// <summary>The producer's name, the same in every life of it.</summary>
    public string Producer { get; }

    /// <summary>Its life; a new one has a higher number.</summary>
    public ulong Epoch { get; }

    /// <summary>The batch's number in its life, from 1 without holes.</summary>
    public ulong Batch { get; }
}
