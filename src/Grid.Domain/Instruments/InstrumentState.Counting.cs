using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;

namespace Grid.Domain.Instruments;

/// <content>What became of the instrument's events.</content>
public sealed partial class InstrumentState
{
    /// <summary>Counts an event that was decided a duplicate or rejected; the applied ones count themselves.</summary>
    public void CountUnapplied(in MarketEvent e, Outcome outcome)
    {
        Volatile.Write(ref _writes, _writes + 1);
        Volatile.WriteBarrier();
        _counts.AddUnapplied(in e, outcome);
        Volatile.Write(ref _writes, _writes + 1);
    }

    /// <summary>Sets the counts to what is known of them elsewhere. While nobody applies.</summary>
    public void SetCounts(in InstrumentCounts counts) => _counts = counts;

    /// <summary>A consistent copy of the counts, with the newest event time of an applied event, if there was one; from any thread.</summary>
    public InstrumentCounts ReadCounts(out UnixNanos? newest)
    {
        var wait = default(SpinWait);
        while (true)
        {
            var before = Volatile.Read(ref _writes);
            if ((before & 1) == 0)
            {
                var counts = _counts;
                newest = _version > 0 ? _newest : null;
                Volatile.ReadBarrier();
                if (Volatile.Read(ref _writes) == before)
                {
                    return counts;
                }
            }

            wait.SpinOnce();
        }
    }
}
