namespace Grid.Domain.Instruments;

/// <content>What any thread may read while the owner's thread changes it.</content>
public sealed partial class InstrumentState
{
    // Of a reader that may not wait: a change is made in less time than these take, unless its thread was put aside.
    private const int ReadAttemptsMax = 16;

    /// <summary>A consistent copy of what is known now; from any thread.</summary>
    public void Read(out Latest latest)
    {
        var wait = default(SpinWait);
        while (!TryReadOnce(out latest))
        {
            wait.SpinOnce();
        }
    }

    /// <summary>The same, but gives up where the owner's thread was in the middle of a change in each of a few attempts: it may not be running.</summary>
    public bool TryRead(out Latest latest)
    {
        for (var attempt = 1; !TryReadOnce(out latest); attempt++)
        {
            if (attempt == ReadAttemptsMax)
            {
                return false;
            }

            Thread.SpinWait(attempt);
        }

        return true;
    }

    private bool TryReadOnce(out Latest latest)
    {
        var before = Volatile.Read(ref _writes);
        if ((before & 1) != 0)
        {
            latest = default;
            return false;
        }

        Copy(out latest);
        Volatile.ReadBarrier();
        return Volatile.Read(ref _writes) == before;
    }

    private void Copy(out Latest latest)
    {
        var held = _quotes;
        latest = new Latest
        {
            Instrument = Id, Last = _last, Time = _newest, Version = _version, Ticks = _ticks, Day = _series.Statistics(_context.Order),
        };
        SourceQuote.Best(held.AsSpan(0, Math.Min(_quoteCount, held.Length)), _context.Order, out latest.Bid, out latest.Ask);
    }
}
