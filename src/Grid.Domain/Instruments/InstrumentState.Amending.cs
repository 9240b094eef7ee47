using System.Runtime.CompilerServices;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;

namespace Grid.Domain.Instruments;

/// <content>Cancels and corrections.</content>
public sealed partial class InstrumentState
{
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ApplyAmendedTrade(MarketEvent trade)
    {
        _amendments!.SetPending(SequenceDomain.Of(in trade), trade.Sequence, false);
        if (_amendments.TryAmend(ref trade))
        {
            ApplyTrade(in trade);
        }
        else if (!_series.IsInSecond(trade.EventTime))
        {
            // Time goes on with a cancelled trade too: a later amendment may bring it back, and must find its minute open or closed.
            Advance(trade.EventTime);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ApplyAmendment(in MarketEvent e)
    {
        if (e.AmendedSequence == 0)
        {
            // It names nothing: 0 is no number. It would otherwise mean all trades without one.
            return;
        }

        _amendments ??= new Amendments();
        var amendment = Amendment.Of(in e);
        if (_amendments.Holds(in amendment) || !_amendments.TryAdd(in amendment, History))
        {
            return;
        }

        var root = _amendments.RootOf(in amendment);
        var trades = FindAmended(in amendment, root);
        var isDone = trades.Count > 0;
        var days = new DayFromMinutes(_context, History, DateOf);
        foreach (var start in trades.Select(t => t.EventTime.Floor(UnixNanos.PerMinute)).Distinct())
        {
            isDone &= new AmendedMinute(_context, _amendments, start).TryReplace(ref _series, History, days);
        }

        var last = new AmendedLast(_context, _amendments);
        isDone &= last.Find(in _last, trades, History);
        _last = last.Newest;
        _amendments.SetPending(amendment.Domain, amendment.Sequence, false);
        _amendments.SetPending(amendment.Domain, root, !isDone);
    }

    // The trades whose counting an amendment changes. Where numbers tell repeats there is at most one, and none if its number never came.
    private List<MarketEvent> FindAmended(in Amendment amendment, ulong root)
    {
        var trades = new List<MarketEvent>();
        if (_context.Source(amendment.Domain.Source) is not { Policy: DedupPolicy.Sequence })
        {
            History.FindTrades(amendment.Domain, _amendments!.ReachedBy(in amendment), isUnique: false, trades);
        }
        else if (_windows.Find(amendment.Domain)?.MayHaveSeen(root) ?? true)
        {
            History.FindTrades(amendment.Domain, new HashSet<ulong> { root }, isUnique: true, trades);
        }

        return trades;
    }
}
