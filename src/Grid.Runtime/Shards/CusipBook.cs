using Grid.Domain;
using Grid.Domain.Cusips;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Runtime.Snapshots;

namespace Grid.Runtime.Shards;

/// <summary>
/// The states of all CUSIPs. Shards contribute as they apply; contributions are absolute and versioned, so it does not
/// matter which shard comes first.
/// </summary>
/// <remarks>
/// A run or definition with a CUSIP beyond the limit is rejected where it is decided; what was applied is always taken, so that a
/// replay ends where the grid was. Quotes bring no CUSIPs of their own: they go where a definition says.
/// </remarks>
internal sealed class CusipBook(GridNames names, int cusipsMax)
{
    // While so many are copied, shards wait that contribute.
    private const int SavedAtOnce = 16;

    private readonly Lock _gate = new();
    private readonly SortedDictionary<Cusip, CusipState> _states = [];

    // Of _states, for those who only ask whether there is room.
    private volatile int _count;

    // CUSIPs that are subscribed to, with or without state.
    private readonly Dictionary<Cusip, StateWatch> _watches = [];

    /// <summary>CUSIPs that runs and definitions have named.</summary>
    public int Count => _count;

    /// <summary>True if a CUSIP is known or one more may be. Shards that ask at the same time may go over the limit by one each.</summary>
    public bool HasRoomFor(Cusip cusip) => cusip.IsNone || _count < cusipsMax || IsKnown(cusip);

    /// <summary>Makes a CUSIP known that a definition names.</summary>
    public void Add(Cusip cusip)
    {
        if (!cusip.IsNone)
        {
            lock (_gate)
            {
                Get(cusip);
            }
        }
    }

    /// <summary>Contributes a dealer's run; gives the watch to note, if there is one and something changed.</summary>
    public StateWatch? Contribute(uint date, in MarketEvent run, in RunDetail detail)
    {
        lock (_gate)
        {
            return WatchAfter(Get(detail.Cusip).Apply(date, in run, in detail), detail.Cusip);
        }
    }

    /// <summary>Contributes what a source quotes for an instrument that has a CUSIP; gives the watch likewise.</summary>
    public StateWatch? Contribute(uint date, Cusip cusip, InstrumentId instrument, in SourceQuote quote)
    {
        lock (_gate)
        {
            return WatchAfter(Get(cusip).Apply(date, instrument, in quote), cusip);
        }
    }

    /// <summary>Watches a CUSIP, or with null does no more.</summary>
    public void SetWatch(Cusip cusip, StateWatch? watch)
    {
        lock (_gate)
        {
            if (watch is null)
            {
                _watches.Remove(cusip);
            }
            else
            {
                _watches[cusip] = watch;
            }
        }
    }

    /// <summary>The market of a CUSIP on its newest date with the version of its state, which is 0 if nothing is known of it.</summary>
    public ulong Read(Cusip cusip, out CusipMarket market)
    {
        lock (_gate)
        {
            var state = _states.GetValueOrDefault(cusip);
            market = state?.Market ?? default;
            return state?.Version ?? 0;
        }
    }

    /// <summary>The market of a CUSIP on the newest date, or null if nothing is known of it.</summary>
    public CusipMarket? Market(Cusip cusip)
    {
        lock (_gate)
        {
            return _states.TryGetValue(cusip, out var state) ? state.Market : null;
        }
    }

    /// <summary>What dealers show for a CUSIP on a date, or on the newest if none is given; null if nothing is known of the CUSIP.</summary>
    public CusipRuns? Runs(Cusip cusip, uint? date)
    {
        lock (_gate)
        {
            return _states.TryGetValue(cusip, out var state) && state.Dates.FirstOrDefault() is > 0 and var newest
                ? new CusipRuns(cusip, [.. state.Dates], state.MarketOn(date ?? newest), [.. state.RunsOn(date ?? newest)])
                : null;
        }
    }

    /// <summary>Shows each state, by CUSIP. While nobody contributes.</summary>
    public void ForEach(Action<CusipState> show)
    {
        lock (_gate)
        {
            foreach (var state in _states.Values)
            {
                show(state);
            }
        }
    }

    public void Save(SectionPieces pieces)
    {
        Cusip[] cusips;
        lock (_gate)
        {
            cusips = [.. _states.Keys];
        }

        foreach (var some in cusips.Chunk(SavedAtOnce))
        {
            lock (_gate)
            {
                foreach (var cusip in some)
                {
                    pieces.Item.Put(cusip);
                    _states[cusip].Save(pieces.Item);
                    pieces.EndItem();
                }
            }

            pieces.WriteIfFull();
        }

        pieces.Finish();
    }

    public void Load(ref StateReader reader)
    {
        for (var left = reader.TakeCount(int.MaxValue); left > 0; left--)
        {
            var cusip = reader.Take<Cusip>();
            _states[cusip] = CusipState.Load(cusip, names, ref reader);
        }

        _count = _states.Count;
    }

    private StateWatch? WatchAfter(CusipChange change, Cusip cusip) =>
        change == CusipChange.Changed && _watches.Count > 0 ? _watches.GetValueOrDefault(cusip) : null;

    private bool IsKnown(Cusip cusip)
    {
        lock (_gate)
        {
            return _states.ContainsKey(cusip);
        }
    }

    private CusipState Get(Cusip cusip)
    {
        if (!_states.TryGetValue(cusip, out var state))
        {
            _states[cusip] = state = new CusipState(cusip, names);
            _count = _states.Count;
        }

        return state;
    }
}
