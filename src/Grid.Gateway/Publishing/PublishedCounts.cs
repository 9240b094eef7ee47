using Grid.Domain.Validation;

namespace Grid.Gateway.Publishing;

/// <summary>What became of one publication's events.</summary>
/// <param name="Events">All of them.</param>
/// <param name="Accepted">Applied without a mark.</param>
/// <param name="Flagged">Applied with a mark.</param>
/// <param name="Duplicate">Not applied, seen before.</param>
/// <param name="Rejected">Not applied, quarantined.</param>
/// <param name="Reasons">Outcomes with a reason and how often they occurred.</param>
internal sealed record PublishedCounts(
    long Events, long Accepted, long Flagged, long Duplicate, long Rejected, IReadOnlyList<KeyValuePair<Outcome, long>> Reasons)
{
    public static PublishedCounts None { get; } = new(0, 0, 0, 0, 0, []);

    /// <summary>What was counted since <paramref name="before"/>.</summary>
    public static PublishedCounts Between(OutcomeCounts before, OutcomeCounts after)
    {
        var reasons = after.NonZero()
            .Select(o => KeyValuePair.Create(o.Key, o.Value - before[o.Key]))
            .Where(o => o.Value != 0 && o.Key.Reason != RejectReason.None)
            .ToList();
        return new PublishedCounts(
            after.Total - before.Total,
            after.Accepted - before.Accepted,
            after.Flagged - before.Flagged,
            after.Duplicate - before.Duplicate,
            after.Rejected - before.Rejected,
            reasons);
    }

    /// <summary>Both together.</summary>
    public PublishedCounts Plus(PublishedCounts other) => Events == 0 ? other : other.Events == 0 ? this : new PublishedCounts(
        Events + other.Events,
        Accepted + other.Accepted,
        Flagged + other.Flagged,
        Duplicate + other.Duplicate,
        Rejected + other.Rejected,
        [.. Reasons.Concat(other.Reasons).GroupBy(r => r.Key, (outcome, counts) => KeyValuePair.Create(outcome, counts.Sum(c => c.Value)))]);
}
