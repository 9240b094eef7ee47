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
public sealed class InstrumentState
{
    // Even while nobody writes; a reader that sees it change reads again.
    private int writes;

    private readonly InstrumentContext context;
    private DomainWindows windows = new();

    // The window asked for last, with its domain: nearly always the next one too.
    private SequenceDomain windowDomain;
    private SequenceWindow? window;
    private MarketEvent last;
    private TradeSeries series;
    private UnixNanos newest = new(long.MinValue);
    private ulong version;

    // quotes[0..quoteCount): one for each source that ever quoted, in the order in which they came.
    private SourceQuote[] quotes = [];
    private int quoteCount;
    private Amendments? amendments;
    private ContentWindow? content;

    /// <summary>The state of an instrument of which nothing is known yet.</summary>
    public InstrumentState(InstrumentId id, InstrumentContext context, InstrumentHistory history, InstrumentRules rules)
    {
        Id = id;
        this.context = context;
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
    public ulong Version => version;

    /// <summary>True if some amendment's trade is not known.</summary>
    public bool HasPendingAmendments => amendments is { HasPending: true };

    /// <summary>Asks for an event's sequence number (1 or more) in its domain and marks it as seen.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public SequenceSeen ObserveSequence(in MarketEvent e) =>
        window is not null && windowDomain == SequenceDomain.Of(in e) ? window.Observe(e.Sequence) : ObserveInOtherDomain(in e);

    /// <summary>First of three calls, some events ahead, that bring what applying will touch nearer to the processor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void PrefetchState()
    {
        Fetch.Ahead(in writes);
        Fetch.Ahead(in last, 2);
        Fetch.Ahead(in series, 4);
    }

    /// <summary>Second call: what the state points to.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void PrefetchParts()
    {
        if (window is not null)
        {
            window.PrefetchSelf();
        }

        if (quoteCount > 0)
        {
            Fetch.Ahead(in quotes[0], 2);
        }

        History.PrefetchSelf();
    }

    /// <summary>Third call: where the next range and the next tick will be written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void PrefetchTails()
    {
        window?.Prefetch();
        History.PrefetchTail();
    }

    /// <summary>The sequence windows.</summary>
    public DomainWindows Windows => windows;

    /// <summary>A copy of the amendments for another thread, or null if there are none. For the owner's thread.</summary>
    public Amendments? CopyAmendments() => amendments?.Copy();

    /// <summary>The snapshot that last wrote this state; of the owner's thread.</summary>
    public int SnapshotMark { get; set; }

    /// <summary>The last trade as it counts; kind None if there is none.</summary>
    public ref readonly MarketEvent Last => ref last;

    /// <summary>What the sources quote.</summary>
    public ReadOnlySpan<SourceQuote> Quotes => quotes.AsSpan(0, quoteCount);

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
    public bool IsRepeat(in MarketEvent e) => (content ??= new ContentWindow()).IsRepeat(in e);

    /// <summary>True if an amendment can be kept.</summary>
    public bool HasRoomForAmendment => amendments is null || amendments.Count < GridLimits.AmendmentsMax;

    /// <summary>Applies an accepted or flagged event. Its sequence must have been observed before.</summary>
    public void Apply(in MarketEvent e, Outcome outcome)
    {
        Volatile.Write(ref writes, writes + 1);
        Volatile.WriteBarrier();
        version++;
        if (e.Kind != EventKind.Definition)
        {
            History.AppendTick(in e, outcome);
        }

        newest = e.EventTime > newest ? e.EventTime : newest;
        switch (e.Kind)
        {
            case EventKind.Trade when amendments is null:
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

        Volatile.Write(ref writes, writes + 1);
    }

    /// <summary>A consistent copy of what is known now; from any thread.</summary>
    public void Read(out Latest latest)
    {
        var wait = default(SpinWait);
        while (true)
        {
            var before = Volatile.Read(ref writes);
            if ((before & 1) == 0)
            {
                var held = quotes;
                latest = new Latest { Instrument = Id, Last = last, Time = newest, Version = version, Day = series.Statistics(context.Order) };
                SourceQuote.Best(held.AsSpan(0, Math.Min(quoteCount, held.Length)), context.Order, out latest.Bid, out latest.Ask);
                Volatile.ReadBarrier();
                if (Volatile.Read(ref writes) == before)
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
        minute = series.IsOpen ? series.WholeMinute(context.Order) : default;
        return series.IsOpen;
    }

    /// <summary>Writes all of the state but its history.</summary>
    public void Save(StateWriter writer)
    {
        writer.Put(in last);
        writer.Put(in series);
        writer.Put(newest);
        writer.Put(version);
        writer.Put(Quotes);
        windows.Save(writer);
        writer.Put(amendments is not null);
        amendments?.Save(writer);
        writer.Put(content is not null);
        content?.Save(writer);
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    public void Load(ref StateReader reader)
    {
        last = reader.Take<MarketEvent>();
        series = reader.Take<TradeSeries>();
        newest = reader.Take<UnixNanos>();
        version = reader.Take<ulong>();
        quotes = reader.TakeArray<SourceQuote>(GridLimits.SourcesMax);
        quoteCount = quotes.Length;
        windows = DomainWindows.Load(ref reader);
        window = null;
        amendments = reader.Take<bool>() ? Amendments.Load(ref reader) : null;
        content = reader.Take<bool>() ? ContentWindow.Load(ref reader) : null;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private SequenceSeen ObserveInOtherDomain(in MarketEvent e)
    {
        windowDomain = SequenceDomain.Of(in e);
        window = windows.Find(in windowDomain);
        return window?.Observe(e.Sequence) ?? SequenceSeen.TooOld;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void ApplyTrade(in MarketEvent trade)
    {
        var counts = context.Counts(in trade);
        if (series.IsInSecond(trade.EventTime) || Advance(trade.EventTime))
        {
            series.Second.Add(in trade, counts, context.Order);
        }
        else
        {
            AddLateTrade(in trade, counts);
        }

        if ((counts & CountsFor.Last) != CountsFor.None && (last.Kind == EventKind.None || context.Order.Compare(in trade, in last) > 0))
        {
            last = trade;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ApplyAmendedTrade(MarketEvent trade)
    {
        amendments!.SetPending(SequenceDomain.Of(in trade), trade.Sequence, false);
        if (amendments.TryAmend(ref trade))
        {
            ApplyTrade(in trade);
        }
    }

    private void ApplyQuote(in MarketEvent e)
    {
        var quote = SourceQuote.Of(in e);
        if (!series.IsInSecond(e.EventTime) && !Advance(e.EventTime) && !series.IsInMinute(e.EventTime))
        {
            History.AppendMark(new QuoteMark { Start = e.EventTime.Floor(UnixNanos.PerMinute), Quote = quote });
        }

        for (var i = 0; i < quoteCount; i++)
        {
            if (quotes[i].Source == e.Source)
            {
                quotes[i].Merge(in quote);
                return;
            }
        }

        AddSource(in quote);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AddSource(in SourceQuote quote)
    {
        quotes = [.. Quotes, quote];
        quoteCount = quotes.Length;
    }

    // Opens the second of a time; false if the time lies before the open one.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool Advance(UnixNanos time)
    {
        if (series.IsLate(time))
        {
            return false;
        }

        if (series.IsInMinute(time))
        {
            series.OpenSecond(time, context.Order);
            return true;
        }

        if (series.IsOpen)
        {
            CloseMinute();
        }

        series.OpenMinute(time, Rules.Calendar.DateOf(time));
        return true;
    }

    private void CloseMinute()
    {
        series.CloseMinute(context.Order);
        if (!series.Minute.IsEmpty)
        {
            History.AppendBar(in series.Minute);
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
            quote.Bid = series.IsInMinute(quote.Bid.Time) ? quote.Bid : default;
            quote.Ask = series.IsInMinute(quote.Ask.Time) ? quote.Ask : default;
            if (quote.Bid.State != SideState.Absent || quote.Ask.State != SideState.Absent)
            {
                marks.Add(new QuoteMark { Start = series.Minute.Start, Quote = quote });
            }
        }

        return marks;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void AddLateTrade(in MarketEvent trade, CountsFor counts)
    {
        if (series.IsInMinute(trade.EventTime))
        {
            series.Minute.Add(in trade, counts, context.Order);
            return;
        }

        var piece = BarAccumulator.From(trade.EventTime.Floor(UnixNanos.PerMinute));
        piece.Add(in trade, counts, context.Order);
        if (!piece.IsEmpty)
        {
            History.AppendBar(in piece);
            series.AddToDay(in piece, Rules.Calendar.DateOf(trade.EventTime), context.Order);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ApplyAmendment(in MarketEvent e)
    {
        amendments ??= new Amendments();
        var amendment = Amendment.Of(in e);
        if (!amendments.TryAdd(in amendment))
        {
            return;
        }

        var root = amendments.RootOf(in amendment);
        amendments.SetPending(amendment.Domain, amendment.Sequence, false);
        var isKnown = History.TryFindTrade(amendment.Domain, root, out var trade);
        amendments.SetPending(amendment.Domain, root, !isKnown);
        if (isKnown)
        {
            var remade = new AmendedMinute(context, History, amendments, trade.EventTime);
            remade.Replace(ref series, Rules.Calendar);
            last = remade.LastTrade(in last);
        }
    }
}
