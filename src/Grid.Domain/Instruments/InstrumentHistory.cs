using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;

namespace Grid.Domain.Instruments;

/// <summary>
/// Where an instrument's ticks and closed minutes go: the hot store, or memory. Appending is done by the owner of the
/// instrument's state alone; all lists are given in order of appending.
/// </summary>
public abstract class InstrumentHistory
{
    /// <summary>Brings the history itself nearer to the processor, some events ahead; a hint.</summary>
    public virtual void PrefetchSelf()
    {
    }

    /// <summary>Brings the place of the next tick nearer to the processor, some events ahead; a hint.</summary>
    public virtual void PrefetchTail()
    {
    }

    /// <summary>Keeps an applied event.</summary>
    public abstract void AppendTick(in MarketEvent e, Outcome outcome);

    /// <summary>Keeps a closed minute, a piece of one (a late trade), or a replacement of one (after an amendment).</summary>
    public abstract void AppendBar(in BarAccumulator bar);

    /// <summary>Keeps the newest quote of a source in a closed minute.</summary>
    public abstract void AppendMark(in QuoteMark mark);

    /// <summary>Ticks with from ≤ event time &lt; to.</summary>
    public abstract void ReadTicks(UnixNanos from, UnixNanos to, List<HistoryTick> ticks);

    /// <summary>Bar records with from ≤ start &lt; to.</summary>
    public abstract void ReadBars(UnixNanos from, UnixNanos to, List<BarAccumulator> bars);

    /// <summary>Quote records with start &lt; to.</summary>
    public abstract void ReadMarks(UnixNanos to, List<QuoteMark> marks);

    /// <summary>The trade with a sequence number in a domain, if it is still kept.</summary>
    public abstract bool TryFindTrade(in SequenceDomain domain, ulong sequence, out MarketEvent trade);

    /// <summary>Writes what is needed to find all of it again beside the store's own files.</summary>
    public abstract void Save(StateWriter writer);

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    public abstract void Load(ref StateReader reader);

    /// <summary>A view of what was appended up to now that any thread may read while more is appended.</summary>
    public abstract InstrumentHistory Freeze();

    /// <summary>
    /// Makes a view that <see cref="Freeze"/> gave one of now, without allocation. Done while something is appended, the view may
    /// be torn and must be made again before it is read (<see cref="InstrumentState.Follow"/>).
    /// </summary>
    public abstract void Refreeze(InstrumentHistory view);

    /// <summary>
    /// Of a view, for one reader: the ticks after one, by their numbers in order of appending (the first has 1), as many as
    /// fit. A reader that goes on where it ended reads each tick once, whatever the length of the history.
    /// </summary>
    /// <param name="after">The number of the last tick that is not wanted.</param>
    /// <param name="newest">The number of the view's last tick.</param>
    /// <param name="target">Where the ticks go.</param>
    /// <param name="lost">Ticks after <paramref name="after"/> that are not kept any more: the first one read is behind them.</param>
    /// <returns>Ticks read.</returns>
    public abstract int ReadTicksAfter(ulong after, ulong newest, Span<HistoryTick> target, out ulong lost);

    /// <summary>Of a view, for one reader: adds the bar records that were appended since it last asked; none the first time.</summary>
    public abstract void ReadBarsSince(List<BarAccumulator> bars);
}

/// <summary>An event as it was kept.</summary>
public readonly record struct HistoryTick(MarketEvent Event, Outcome Outcome);

/// <summary>The series in which a sequence number is unique.</summary>
public readonly record struct SequenceDomain(SourceId Source, ChannelId Channel, uint Session)
{
    /// <summary>The domain of an event.</summary>
    public static SequenceDomain Of(in MarketEvent e) => new(e.Source, e.Channel, e.Session);
}
