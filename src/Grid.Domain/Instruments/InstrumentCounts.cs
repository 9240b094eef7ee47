using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;

namespace Grid.Domain.Instruments;

/// <summary>What became of one instrument's events since the data folder was made.</summary>
public struct InstrumentCounts
{
    // The score is counted in hundredths, and penalties in quarters of an event.
    private const long FullScore = 100_00;
    private const long Rejection = 4;
    private const long Flag = 2;
    private const long Lateness = 1;

    /// <summary>Applied without a mark.</summary>
    public long Accepted;

    /// <summary>Applied and marked.</summary>
    public long Flagged;

    /// <summary>Not applied: seen before.</summary>
    public long Duplicate;

    /// <summary>Not applied: quarantined.</summary>
    public long Rejected;

    /// <summary>Of those applied, the ones whose event time was before the instrument's newest when they came.</summary>
    public long Late;

    /// <summary>When the newest event was taken in, whatever became of it; meaningless without one.</summary>
    public UnixNanos LastReceived;

    /// <summary>All of them.</summary>
    public readonly long Events => Accepted + Flagged + Duplicate + Rejected;

    /// <summary>
    /// How good the events are, in hundredths from 0 to 10,000 (100.00), rounded half up: 100 less the share that was
    /// rejected, half of the share that was flagged and a quarter of the share that came late. Shares are of the events that
    /// were judged; duplicates are not among them, as a feed that is sent twice is none the worse. Null if none was judged.
    /// </summary>
    public readonly int? Score
    {
        get
        {
            var judged = (Int128)Accepted + Flagged + Rejected;
            if (judged == 0)
            {
                return null;
            }

            var penalty = (Rejection * (Int128)Rejected) + (Flag * (Int128)Flagged) + (Lateness * (Int128)Late);
            var of = 4 * judged;
            return (int)(((FullScore * 2 * (of - penalty)) + of) / (2 * of));
        }
    }

    internal void AddApplied(in MarketEvent e, Outcome outcome, bool isLate)
    {
        var flagged = outcome.Disposition == Disposition.Flagged ? 1 : 0;
        Flagged += flagged;
        Accepted += 1 - flagged;
        Late += isLate ? 1 : 0;
        LastReceived = e.ReceiveTime;
    }

    internal void AddUnapplied(in MarketEvent e, Outcome outcome)
    {
        var rejected = outcome.Disposition == Disposition.Rejected ? 1 : 0;
        Rejected += rejected;
        Duplicate += 1 - rejected;
        LastReceived = e.ReceiveTime;
    }
}
