using Grid.Domain.Events;
using Grid.Domain.Instruments;

namespace Grid.Runtime.Subscriptions;

/// <summary>One instrument or CUSIP of one subscription: how far the subscriber has been told.</summary>
internal sealed class Followed
{
    // Ticks that are read from the history at a time, on the reader's stack.
    private const int TicksAtOnce = 32;

    private const SubscriptionKinds Ticks = SubscriptionKinds.Trades | SubscriptionKinds.Quotes;

    private readonly SubscriptionKinds _kinds;

    // The history as of the last reading. CUSIPs have none, and those who only want the latest need none.
    private readonly InstrumentHistory? _view;

    // The number of the last tick told; null before the snapshot. What was told last of the conflated kinds.
    private ulong? _told;
    private ulong _latestTold;
    private ulong _barTold;

    private Followed(EmbeddedSubscription owner, Watch watch, ulong? from)
    {
        Owner = owner;
        Watch = watch;
        _told = from;
        _latestTold = from ?? 0;
        _kinds = owner.Request.Kinds;
        _view = (_kinds & (Ticks | SubscriptionKinds.Bars)) != SubscriptionKinds.None ? watch.State?.History.Freeze() : null;
    }

    public EmbeddedSubscription Owner { get; }

    public Watch Watch { get; }

    /// <summary>Its place among the watch's followers.</summary>
    public int Place { get; set; }

    /// <summary>True while it waits to be read. Under its owner's gate.</summary>
    public bool IsPending { get; set; }

    /// <summary>Follows a CUSIP.</summary>
    public static Followed Of(EmbeddedSubscription owner, Watch cusip) => new(owner, cusip, from: null);

    /// <summary>Follows an instrument, after the tick that the request says if that is possible.</summary>
    public static Followed Of(EmbeddedSubscription owner, Watch instrument, string symbol)
    {
        if (!owner.Request.From.TryGetValue(symbol, out var from))
        {
            return new Followed(owner, instrument, from: null);
        }

        var followed = new Followed(owner, instrument, from);
        if (!followed.CanGoOnAfter(from))
        {
            followed._told = null;
            followed._latestTold = 0;
        }

        return followed;
    }

    /// <summary>True if it goes on after a tick that the subscriber has.</summary>
    public bool IsResumed => _told is not null;

    /// <summary>Tells what is new; true if it is all told.</summary>
    public bool Read(ISubscriptionSink sink) => Watch.State is { } state ? Read(state, sink) : ReadMarket(sink);

    // The ticks after it must still be there, or they need not be told.
    private bool CanGoOnAfter(ulong from)
    {
        var state = Watch.State!;
        Span<HistoryTick> first = stackalloc HistoryTick[1];
        if (_view is null)
        {
            state.Read(out var now);
            return from <= now.Ticks;
        }

        state.Follow(_view, out var latest, out _);
        if (from > latest.Ticks || (_kinds & Ticks) == SubscriptionKinds.None)
        {
            return from <= latest.Ticks;
        }

        _view.ReadTicksAfter(from, latest.Ticks, first, out var lost);
        return lost == 0;
    }

    private bool Read(InstrumentState state, ISubscriptionSink sink)
    {
        Latest latest;
        BarAccumulator minute = default;
        var isMinuteOpen = false;
        if (_view is null)
        {
            state.Read(out latest);
        }
        else
        {
            isMinuteOpen = state.Follow(_view, out latest, out minute);
        }

        if (latest.Version == 0)
        {
            // It has state because something of it was refused: nobody knows it yet.
            return true;
        }

        // Read behind the state, so it covers all that the state has.
        var at = new UpdatePosition(latest.Ticks, Owner.NewestFrame);
        if (_told is null)
        {
            _told = latest.Ticks;
            TellLatest(in latest, at, sink, isSnapshot: true);
        }

        var isAllTold = (_kinds & Ticks) == SubscriptionKinds.None || TellTicks(in latest, at, sink);
        if ((_kinds & SubscriptionKinds.Bars) != SubscriptionKinds.None && _barTold != latest.Version)
        {
            _barTold = latest.Version;
            TellBars(in latest, isMinuteOpen, in minute, at, sink);
        }

        if ((_kinds & SubscriptionKinds.Latest) != SubscriptionKinds.None && _latestTold != latest.Ticks && isAllTold)
        {
            TellLatest(in latest, at, sink, isSnapshot: false);
        }

        return isAllTold;
    }

    private void TellLatest(in Latest latest, UpdatePosition at, ISubscriptionSink sink, bool isSnapshot)
    {
        _latestTold = latest.Ticks;
        sink.Latest(in latest, at, isSnapshot);
    }

    private bool TellTicks(in Latest latest, UpdatePosition at, ISubscriptionSink sink)
    {
        if (latest.Ticks - _told!.Value > (ulong)Owner.Request.TicksBehindMax)
        {
            Owner.ThrowIfSlowIsClosed(latest.Instrument, latest.Ticks - _told.Value);
            Skip(in latest, latest.Ticks - _told.Value, at, sink);
            return true;
        }

        Span<HistoryTick> ticks = stackalloc HistoryTick[TicksAtOnce];
        while (_told < latest.Ticks)
        {
            if (sink.IsFull)
            {
                return false;
            }

            var count = _view!.ReadTicksAfter(_told.Value, latest.Ticks, ticks, out var lost);
            if (lost > 0)
            {
                Owner.ThrowIfSlowIsClosed(latest.Instrument, lost);
                Skip(in latest, latest.Ticks - _told.Value, at, sink);
                return true;
            }

            foreach (ref readonly var tick in ticks[..count])
            {
                _told++;
                if ((_kinds & KindOf(tick.Event.Kind)) != SubscriptionKinds.None)
                {
                    sink.Tick(tick.Event, tick.Outcome, at with { Version = _told.Value });
                }
            }
        }

        return true;
    }

    private void Skip(in Latest latest, ulong ticks, UpdatePosition at, ISubscriptionSink sink)
    {
        _told = latest.Ticks;
        sink.Dropped(latest.Instrument, ticks, at);
        TellLatest(in latest, at, sink, isSnapshot: true);
    }

    private void TellBars(in Latest latest, bool isMinuteOpen, in BarAccumulator minute, UpdatePosition at, ISubscriptionSink sink)
    {
        var records = Owner.BarRecords;
        records.Clear();
        _view!.ReadBarsSince(records);
        foreach (var start in records.Select(r => r.Start).Distinct())
        {
            var closed = Owner.ClosedMinute(_view, start);
            sink.Bar(latest.Instrument, in closed, isClosed: true, at);
        }

        if (isMinuteOpen)
        {
            var open = minute.ToBar();
            open.Bid = latest.Bid;
            open.Ask = latest.Ask;
            sink.Bar(latest.Instrument, in open, isClosed: false, at);
        }
    }

    private bool ReadMarket(ISubscriptionSink sink)
    {
        var version = Owner.ReadMarket(Watch.Cusip, out var market);
        if (version != 0 && version != _latestTold)
        {
            _latestTold = version;
            sink.Market(Watch.Cusip, in market, new UpdatePosition(version, Owner.NewestFrame));
        }

        return true;
    }

    private static SubscriptionKinds KindOf(EventKind kind) =>
        kind is EventKind.Quote or EventKind.Run ? SubscriptionKinds.Quotes : SubscriptionKinds.Trades;
}
