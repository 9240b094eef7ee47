using System.Runtime.CompilerServices;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;

namespace Grid.Domain.Instruments;

/// <summary>
/// The state of one instrument: a function of the events applied to it, whatever the order in which they came. Ticks and
/// closed minutes go to its <see cref="InstrumentHistory"/>; what is open, last and best stays here.
/// </summary>
/// <remarks>One thread applies; any thread may read with <see cref="Read"/>.</remarks>
public sealed partial class InstrumentState
{
    // Even while nobody writes; a reader that sees it change reads again.
    private int _writes;

    private readonly InstrumentContext _context;
    private DomainWindows _windows = new();

    // The window asked for last, with its domain: nearly always the next one too.
    private SequenceDomain _windowDomain;
    private SequenceWindow? _window;
    private MarketEvent _last;
    private TradeSeries _series;
    private UnixNanos _newest = new(long.MinValue);
    private InstrumentCounts _counts;
    private ulong _version;

    // _quotes[0.._quoteCount): one for each source that ever quoted, in the order in which they came.
    private SourceQuote[] _quotes = [];
    private int _quoteCount;
    private Amendments? _amendments;
    private ContentWindow? _content;

    /// <summary>The state of an instrument of which nothing is known yet.</summary>
    public InstrumentState(InstrumentId id, InstrumentContext context, InstrumentHistory history, InstrumentRules rules)
    {
        Id = id;
        _context = context;
        History = history;
        Rules = rules;
    }

    /// <summary>The instrument.</summary>
    public InstrumentId Id { get; }

    /// <summary>Its ticks and closed minutes.</summary>
    public InstrumentHistory History { get; }

    /// <summary>Its definition and the rules and calendar of its class.</summary>
    public InstrumentRules Rules { get; set; }

    /// <summary>Grows with every applied event.</summary>
    public ulong Version => _version;

    /// <summary>True if some amendment's trade is not known.</summary>
    public bool HasPendingAmendments => _amendments is { HasPending: true };

    /// <summary>Asks for an event's sequence number (1 or more) in its domain and marks it as seen.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public SequenceSeen ObserveSequence(in MarketEvent e) =>
        _window is not null && _windowDomain == SequenceDomain.Of(in e) ? _window.Observe(e.Sequence) : ObserveInOtherDomain(in e);

    /// <summary>First of three calls, some events ahead, that bring what applying will touch nearer to the processor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void PrefetchState()
    {
        Fetch.Ahead(in _writes);
        Fetch.Ahead(in _last, 2);
        Fetch.Ahead(in _series, 4);
        Fetch.Ahead(in _counts);
    }

    /// <summary>Second call: what the state points to.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void PrefetchParts()
    {
        if (_window is not null)
        {
            _window.PrefetchSelf();
        }

        if (_quoteCount > 0)
        {
            Fetch.Ahead(in _quotes[0], 2);
        }

        History.PrefetchSelf();
    }

    /// <summary>Third call: where the next range and the next tick will be written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void PrefetchTails()
    {
        _window?.Prefetch();
        History.PrefetchTail();
    }

    /// <summary>The sequence windows.</summary>
    public DomainWindows Windows => _windows;

    /// <summary>A copy of the amendments for another thread, or null if there are none. For the owner's thread.</summary>
    public Amendments? CopyAmendments() => _amendments?.Copy();

    /// <summary>The snapshot that last wrote this state; of the owner's thread.</summary>
    public int SnapshotMark { get; set; }

    /// <summary>The last trade as it counts; kind None if there is none.</summary>
    public ref readonly MarketEvent Last => ref _last;

    /// <summary>What the sources quote.</summary>
    public ReadOnlySpan<SourceQuote> Quotes => _quotes.AsSpan(0, _quoteCount);

    /// <summary>A source's quote as it would be after an event; for validation.</summary>
    public SourceQuote QuoteAfter(in MarketEvent e)
    {
        var quote = SourceQuote.Of(in e);
        foreach (ref readonly var held in Quotes)
        {
            if (held.Source == e.Source)
            {
                var after = held;
                after.Merge(in quote);
                return after;
            }
        }

        return quote;
    }

    /// <summary>True if an event repeats the content of a recent one; if not, it is remembered. For the policy Content.</summary>
    /// <param name="e">The event.</param>
    /// <param name="wide">The encoded wider part of a run or definition; empty for other kinds.</param>
    public bool IsRepeat(in MarketEvent e, ReadOnlySpan<byte> wide = default) => (_content ??= new ContentWindow()).IsRepeat(in e, wide);

    /// <summary>True if an amendment sent at a time can be kept.</summary>
    public bool HasRoomForAmendment(UnixNanos time) => _amendments is null || _amendments.HasRoom(time);

    /// <summary>Applies an accepted or flagged event. Its sequence must have been observed before.</summary>
    public void Apply(in MarketEvent e, Outcome outcome)
    {
        Volatile.Write(ref _writes, _writes + 1);
        Volatile.WriteBarrier();
        _version++;
        if (e.Kind != EventKind.Definition)
        {
            History.AppendTick(in e, outcome);
        }

        var isLate = e.EventTime < _newest;
        _counts.AddApplied(in e, outcome, isLate);
        _newest = isLate ? _newest : e.EventTime;
        switch (e.Kind)
        {
            case EventKind.Trade when _amendments is null:
                ApplyTrade(in e);
                break;
            case EventKind.Trade:
                ApplyAmendedTrade(e);
                break;
            case EventKind.Quote or EventKind.Run:
                ApplyQuote(in e);
                break;
            case EventKind.Cancel or EventKind.Correct:
                ApplyAmendment(in e);
                break;
        }

        Volatile.Write(ref _writes, _writes + 1);
    }

    /// <summary>A consistent copy of what is known now; from any thread.</summary>
    public void Read(out Latest latest)
    {
        var wait = default(SpinWait);
        while (true)
        {
            var before = Volatile.Read(ref _writes);
            if ((before & 1) == 0)
            {
                var held = _quotes;
                latest = new Latest { Instrument = Id, Last = _last, Time = _newest, Version = _version, Day = _series.Statistics(_context.Order) };
                SourceQuote.Best(held.AsSpan(0, Math.Min(_quoteCount, held.Length)), _context.Order, out latest.Bid, out latest.Ask);
                Volatile.ReadBarrier();
                if (Volatile.Read(ref _writes) == before)
                {
                    return;
                }
            }

            wait.SpinOnce();
        }
    }

    /// <summary>The open minute as it would be closed now; false if there is none. For the owner's thread.</summary>
    public bool TryGetOpenMinute(out BarAccumulator minute)
    {
        minute = _series.IsOpen ? _series.WholeMinute(_context.Order) : default;
        return _series.IsOpen;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private SequenceSeen ObserveInOtherDomain(in MarketEvent e)
    {
        _windowDomain = SequenceDomain.Of(in e);
        _window = _windows.Find(in _windowDomain);
        return _window?.Observe(e.Sequence) ?? SequenceSeen.TooOld;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void ApplyTrade(in MarketEvent trade)
    {
        var counts = _context.Counts(in trade);
        if (_series.IsInSecond(trade.EventTime) || Advance(trade.EventTime))
        {
            _series.Second.Add(in trade, counts, _context.Order);
        }
        else
        {
            AddLateTrade(in trade, counts);
        }

        if ((counts & CountsFor.Last) != CountsFor.None && (_last.Kind == EventKind.None || _context.Order.Compare(in trade, in _last) > 0))
        {
            _last = trade;
        }
    }

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

    private void ApplyQuote(in MarketEvent e)
    {
        var quote = SourceQuote.Of(in e);
        if (!_series.IsInSecond(e.EventTime) && !Advance(e.EventTime) && !_series.IsInMinute(e.EventTime) && quote.IsAny)
        {
            History.AppendMark(new QuoteMark { Start = e.EventTime.Floor(UnixNanos.PerMinute), Quote = quote });
        }

        for (var i = 0; i < _quoteCount; i++)
        {
            if (_quotes[i].Source == e.Source)
            {
                _quotes[i].Merge(in quote);
                return;
            }
        }

        AddSource(in quote);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AddSource(in SourceQuote quote)
    {
        _quotes = [.. Quotes, quote];
        _quoteCount = _quotes.Length;
    }

    // Opens the second of a time; false if the time lies before the open one.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool Advance(UnixNanos time)
    {
        if (_series.IsLate(time))
        {
            return false;
        }

        if (_series.IsInMinute(time))
        {
            _series.OpenSecond(time, _context.Order);
            return true;
        }

        if (_series.IsOpen)
        {
            CloseMinute();
        }

        _series.OpenMinute(time, Rules.Calendar.DateOf(time));
        return true;
    }

    private void CloseMinute()
    {
        _series.CloseMinute(_context.Order);
        if (!_series.Minute.IsEmpty)
        {
            History.AppendBar(in _series.Minute);
        }

        foreach (var mark in OpenMarks())
        {
            History.AppendMark(in mark);
        }
    }

    /// <summary>The quotes that were set in the open minute. For the owner's thread.</summary>
    public List<QuoteMark> OpenMarks()
    {
        var marks = new List<QuoteMark>(1);
        foreach (ref readonly var held in Quotes)
        {
            var quote = held;
            quote.Bid = _series.IsInMinute(quote.Bid.Time) ? quote.Bid : default;
            quote.Ask = _series.IsInMinute(quote.Ask.Time) ? quote.Ask : default;
            if (quote.Bid.State != SideState.Absent || quote.Ask.State != SideState.Absent)
            {
                marks.Add(new QuoteMark { Start = _series.Minute.Start, Quote = quote });
            }
        }

        return marks;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AddLateTrade(in MarketEvent trade, CountsFor counts)
    {
        if (_series.IsInMinute(trade.EventTime))
        {
            _series.Minute.Add(in trade, counts, _context.Order);
            return;
        }

        var piece = BarAccumulator.From(trade.EventTime.Floor(UnixNanos.PerMinute));
        piece.Add(in trade, counts, _context.Order);
        if (!piece.IsEmpty)
        {
            History.AppendBar(in piece);
            _series.AddToDay(in piece, Rules.Calendar.DateOf(trade.EventTime), _context.Order);
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
        if (!_amendments.TryAdd(in amendment))
        {
            return;
        }

        var root = _amendments.RootOf(in amendment);
        _amendments.SetPending(amendment.Domain, amendment.Sequence, false);
        var isKnown = History.TryFindTrade(amendment.Domain, root, out var trade);
        _amendments.SetPending(amendment.Domain, root, !isKnown);
        if (isKnown)
        {
            var remade = new AmendedMinute(_context, History, _amendments, trade.EventTime);
            remade.Replace(ref _series, Rules.Calendar);
            _last = remade.LastTrade(in _last);
        }
    }
}
