using Grid.Cli.Output;
using Grid.Client.Feed;
using Grid.Domain.Validation;

namespace Grid.Cli.Feeds;

/// <summary>Prints what became of the events of some files: totals first, then by reason.</summary>
internal static class FeedSummary
{
    public static void Write(RowFormat format, EventReader reader, FeedRun run, FeedTotals totals) =>
        RowWriter.Write(format, Console.Out, !Console.IsOutputRedirected, ["events", "reason", "count"], Rows(reader, run, totals));

    private static IEnumerable<IReadOnlyList<Cell>> Rows(EventReader reader, FeedRun run, FeedTotals totals)
    {
        var outcomes = totals.Outcomes;
        yield return ["read", null, reader.EventsRead];
        yield return ["malformed", null, reader.MalformedLines];
        if (run.EventsSkipped > 0)
        {
            yield return ["sent before", null, run.EventsSkipped];
        }

        yield return ["accepted", null, outcomes.Accepted];
        yield return ["flagged", null, outcomes.Flagged];
        yield return ["duplicate", null, outcomes.Duplicate];
        yield return ["rejected", null, outcomes.Rejected];
        if (totals.EventsWithoutOutcome > 0)
        {
            yield return ["acknowledged, outcome not told", null, totals.EventsWithoutOutcome];
        }

        var unacknowledged = run.EventsSent - totals.EventsAcknowledged;
        if (unacknowledged > 0)
        {
            yield return ["not acknowledged", null, unacknowledged];
        }

        foreach (var (outcome, count) in outcomes.NonZero().Where(o => o.Key.Reason != RejectReason.None))
        {
            yield return [outcome.Disposition.ToString().ToLowerInvariant(), outcome.Reason.ToString(), count];
        }
    }
}
