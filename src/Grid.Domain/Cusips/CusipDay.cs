using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;

namespace Grid.Domain.Cusips;

/// <summary>What is known of one CUSIP on one date: at most one contribution of each dealer's runs and of each source's quotes of an instrument.</summary>
internal sealed class CusipDay(uint date, GridNames names, EventOrder order)
{
    // Contributions [0..count) in the order of source name, then symbol (a run's is "none" and so first), whatever the order
    // of arrival. keys[i] names contribution i, quotes[i] holds its sides; runs[i] is the run behind it, default for a quote.
    private ulong[] _keys = [];
    private SourceQuote[] _quotes = [];
    private DealerRun[] _runs = [];
    private int _count;
    private CusipMarket _market;
    private bool _isMarketCurrent;

    public uint Date { get; } = date;

    public int Count => _count;

    public CusipMarket Market
    {
        get
        {
            if (!_isMarketCurrent)
            {
                SourceQuote.Best(_quotes.AsSpan(0, _count), order, out var bid, out var ask);
                _market = new CusipMarket(Date, bid, ask, CountDealers());
                _isMarketCurrent = true;
            }

            return _market;
        }
    }

    public IEnumerable<DealerRun> Runs() => Enumerable.Range(0, _count).Where(i => IsRun(_keys[i])).Select(i => _runs[i]);

    public IEnumerable<InstrumentQuote> Quotes() =>
        Enumerable.Range(0, _count).Where(i => !IsRun(_keys[i])).Select(i => new InstrumentQuote(Date, new InstrumentId((uint)_keys[i]), _quotes[i]));

    /// <summary>Takes a run over if it is newer than the dealer's last.</summary>
    public CusipChange Apply(in MarketEvent run, in RunDetail detail)
    {
        var key = KeyOf(run.Source, InstrumentId.None);
        var at = Find(key);
        if (at < 0)
        {
            if (_count == CusipState.ContributionsMax)
            {
                return CusipChange.Refused;
            }

            at = Insert(key);
        }
        else if (CompareRuns(in run, in detail, in _runs[at]) <= 0)
        {
            return CusipChange.None;
        }

        _runs[at] = new DealerRun(Date, run with { Detail = 0 }, detail);
        _quotes[at] = SourceQuote.Of(in run);
        _isMarketCurrent = false;
        return CusipChange.Changed;
    }

    /// <summary>Takes over those sides of a source's quote that are newer; at least one is not absent.</summary>
    public CusipChange Apply(InstrumentId instrument, in SourceQuote quote)
    {
        var key = KeyOf(quote.Source, instrument);
        var at = Find(key);
        if (at < 0)
        {
            if (_count == CusipState.ContributionsMax)
            {
                return CusipChange.Refused;
            }

            at = Insert(key);
            _quotes[at].Source = quote.Source;
        }

        var before = _quotes[at];
        _quotes[at].Merge(in quote);
        if (before.Bid == _quotes[at].Bid && before.Ask == _quotes[at].Ask)
        {
            return CusipChange.None;
        }

        _isMarketCurrent = false;
        return CusipChange.Changed;
    }

    private static ulong KeyOf(SourceId source, InstrumentId instrument) => ((ulong)source.Value << 32) | instrument.Value;

    private static bool IsRun(ulong key) => (uint)key == 0;

    private static SourceId SourceOf(ulong key) => new((ushort)(key >> 32));

    private int Find(ulong key) => _keys.AsSpan(0, _count).IndexOf(key);

    private int Insert(ulong key)
    {
        if (_count == _keys.Length)
        {
            var capacity = Math.Max(4, _count * 2);
            Array.Resize(ref _keys, capacity);
            Array.Resize(ref _quotes, capacity);
            Array.Resize(ref _runs, capacity);
        }

        var at = 0;
        while (at < _count && CompareKeys(_keys[at], key) < 0)
        {
            at++;
        }

        _keys.AsSpan(at, _count - at).CopyTo(_keys.AsSpan(at + 1));
        _quotes.AsSpan(at, _count - at).CopyTo(_quotes.AsSpan(at + 1));
        _runs.AsSpan(at, _count - at).CopyTo(_runs.AsSpan(at + 1));
        _keys[at] = key;
        _quotes[at] = default;
        _runs[at] = default;
        _count++;
        return at;
    }

    private int CompareKeys(ulong a, ulong b)
    {
        var sources = order.CompareSources(SourceOf(a), SourceOf(b));
        return sources != 0 ? sources : CompareSymbols((uint)a, (uint)b);
    }

    private int CompareSymbols(uint a, uint b) => names.Instruments[(int)a].SequenceCompareTo(names.Instruments[(int)b]);

    // The order of events; runs that still tie go by symbol, then by the bytes of their wider part.
    private int CompareRuns(in MarketEvent run, in RunDetail detail, in DealerRun held)
    {
        var heldEvent = held.Event;
        var result = order.Compare(in run, in heldEvent);
        result = result != 0 ? result : CompareSymbols(run.Instrument.Value, heldEvent.Instrument.Value);
        if (result != 0 || detail == held.Detail)
        {
            return result;
        }

        Span<byte> a = stackalloc byte[RunDetail.EncodedBytes];
        Span<byte> b = stackalloc byte[RunDetail.EncodedBytes];
        detail.Write(a);
        held.Detail.Write(b);
        return a.SequenceCompareTo(b);
    }

    // Contributions of one source are neighbours.
    private int CountDealers()
    {
        var dealers = 0;
        var counted = default(SourceId);
        for (var i = 0; i < _count; i++)
        {
            var isShown = _quotes[i].Bid.State == SideState.Set || _quotes[i].Ask.State == SideState.Set;
            if (isShown && (dealers == 0 || SourceOf(_keys[i]) != counted))
            {
                counted = SourceOf(_keys[i]);
                dealers++;
            }
        }

        return dealers;
    }
}
