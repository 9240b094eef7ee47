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
/// <remarks>One thread applies; any thread may read with <see cref="Read"/> and <see cref="TryRead"/>.</remarks>
public sealed partial class InstrumentState
{
    // Even while nobody writes; a reader that sees it change reads again.
    private int _writes;

    private readonly InstrumentContext _context;

    // The rules asked for last: nearly always the next ones too.
    private InstrumentRules _rules;
    private RulesTimeline _timeline;
    private DomainWindows _windows = new();

    // The window asked for last, with its domain: nearly always the next one too.
    private SequenceDomain _windowDomain;
    private SequenceWindow? _window;
    private MarketEvent _last;
    private TradeSeries _series;
    private UnixNanos _newest = new(long.MinValue);
    private InstrumentCounts _counts;
    private ulong _version;

    // Of these, definitions: all other events are ticks. Not saved; whoever loads the state knows its definitions.
    private ulong _ticks;

    // _quotes[0.._quoteCount): one for each source that ever quoted, in the order in which they came.
    private SourceQuote[] _quotes = [];
    private int _quoteCount;
    private StateWatch? _watch;
    private Amendments? _amendments;
    private ContentWindow? _content;

    /// <summary>The state of an instrument of which nothing is known yet.</summary>
    public InstrumentState(InstrumentId id, InstrumentContext context, InstrumentHistory history, RulesTimeline rules)
    {
        Id = id;
        _context = context;
        History = history;
        _timeline = rules;
        _rules = rules.At(new UnixNanos(long.MaxValue));
    }

    /// <summary>The instrument.</summary>
    public InstrumentId Id { get; }

    /// <summary>Its ticks and closed minutes.</summary>
    public InstrumentHistory History { get; }

    /// <summary>Its definitions and the rules and calendars of their classes, over time. For the owner's thread.</summary>
    public RulesTimeline Rules
    {
        get => _timeline;
        set
        {
            _timeline = value;
            _rules = value.At(new UnixNanos(_rules.LastNs));
        }
    }

    /// <summary>Grows with every applied event.</summary>
    public ulong Version => _version;

    /// <summary>Who wants to know that something was applied; null if nobody does. Set by any thread.</summary>
    public StateWatch? Watch
    {
        get => Volatile.Read(ref _watch);
        set => Volatile.Write(ref _watch, value);
    }

    /// <summary>True if some amendment's trade is not known.</summary>
    public bool HasPendingAmendments => _amendments is { HasPending: true };

    /// <summary>What holds for events of a time. For the owner's thread.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public InstrumentRules RulesAt(UnixNanos time) => _rules.HoldsAt(time) ? _rules : SwitchRules(time);

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
        Fetch.Ahead(in _counts, 2);
        Fetch.Ahead(in _newest);
        Fetch.Ahead(in _rules);
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
    public bool HasRoomForAmendment(UnixNanos time) => _amendments is null || _amendments.HasRoom(time, History);

    /// <summary>Applies an accepted or flagged event. Its sequence must have been observed before.</summary>
    public void Apply(in MarketEvent e, Outcome outcome)
    {
        Volatile.Write(ref _writes, _writes + 1);
        Volatile.WriteBarrier();
        try
        {
            ApplyInside(in e, outcome);
        }
        finally
        {
            // Also if the disk refuses: the grid stops then, and readers must not wait for it.
            Volatile.Write(ref _writes, _writes + 1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void ApplyInside(in MarketEvent e, Outcome outcome)
    {
        _version++;
        if (e.Kind != EventKind.Definition)
        {
            History.AppendTick(in e, outcome);
            _ticks++;
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
    }

    /// <summary>The open minute as it would be closed now; false if there is none. For the owner's thread.</summary>
    public bool TryGetOpenMinute(out BarAccumulator minute)
    {
        minute = _series.IsOpen ? _series.WholeMinute(_context.Order) : default;
        return _series.IsOpen;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private InstrumentRules SwitchRules(UnixNanos time) => _rules = _timeline.At(time);

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

        _series.OpenMinute(time, DateOf(time));
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
            _series.AddToDay(in piece, DateOf(trade.EventTime), _context.Order);
        }
    }
}
