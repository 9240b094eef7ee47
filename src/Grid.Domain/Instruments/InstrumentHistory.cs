using Grid.Domain.Dedup;
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

    /// <summary>Shows ticks to a visitor in order of appending; false if some of its range may not be kept any more.</summary>
    public abstract bool ReadTicks(TickVisitor visitor);

    /// <summary>
    /// The same, but those appended last come about first: for who raises <see cref="TickVisitor.From"/> once it has found what
    /// it looks for. Only what may lie in the range as it is at the end counts for the answer.
    /// </summary>
    public abstract bool ReadTicksBackwards(TickVisitor visitor);

    /// <summary>Adds ticks with from ≤ event time &lt; to; false if some may not be kept any more.</summary>
    public bool ReadTicks(UnixNanos from, UnixNanos to, List<HistoryTick> ticks) => ReadTicks(new TickList(from, to, ticks));

    /// <summary>Adds bar records with from ≤ start &lt; to; false if some may not be kept any more.</summary>
    public abstract bool ReadBars(UnixNanos from, UnixNanos to, List<BarAccumulator> bars);

    /// <summary>Quote records with start &lt; to.</summary>
    public abstract void ReadMarks(UnixNanos to, List<QuoteMark> marks);

    /// <summary>Adds the trades that have one of some sequence numbers in a domain, as far as they are kept.</summary>
    /// <param name="domain">The domain.</param>
    /// <param name="sequences">The numbers.</param>
    /// <param name="isUnique">True if there is at most one such trade: no more is looked for then.</param>
    /// <param name="trades">What is found is added here.</param>
    public abstract void FindTrades(in SequenceDomain domain, IReadOnlySet<ulong> sequences, bool isUnique, List<MarketEvent> trades);

    /// <summary>Adds ranges of sequence numbers, whatever their domain: no kept tick has a number outside of all of them.</summary>
    public abstract void ReadSequences(List<SequenceRange> ranges);

    /// <summary>Changes whenever ticks of some instrument are dropped.</summary>
    public abstract long Dropped { get; }

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
