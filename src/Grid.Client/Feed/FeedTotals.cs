using Grid.Domain.Validation;

namespace Grid.Client.Feed;

/// <summary>What a client has sent and what became of it, since it was made.</summary>
public sealed record FeedTotals
{
    /// <summary>Events in batches that were closed to be sent.</summary>
    public required long Events { get; init; }

    /// <summary>Batches that were closed to be sent.</summary>
    public required long Batches { get; init; }

    /// <summary>Bytes of those batches.</summary>
    public required long BatchBytes { get; init; }

    /// <summary>Events that were acknowledged.</summary>
    public required long EventsAcknowledged { get; init; }

    /// <summary>Batches that were acknowledged.</summary>
    public required long BatchesAcknowledged { get; init; }

    /// <summary>Outcomes of the events acknowledged, as far as the server told them.</summary>
    public required OutcomeCounts Outcomes { get; init; }

    /// <summary>Events acknowledged whose outcome was not told: with acknowledgement <c>received</c> all; else those of batches whose acknowledgement was lost with a connection.</summary>
    public long EventsWithoutOutcome => EventsAcknowledged - Outcomes.Total;

    /// <summary>How often the client connected again.</summary>
    public required int Reconnects { get; init; }
}
