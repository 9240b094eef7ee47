using Grid.Domain;
using Grid.Domain.Cusips;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;

namespace Grid.Runtime;

/// <summary>
/// One subscription: a place in the history of each of its instruments. Nothing is queued for it; what is new is read when
/// it asks, so a slow subscriber costs the grid nothing. Disposing of it ends it. Used by one caller at a time.
/// </summary>
public interface IGridSubscription : IDisposable
{
    /// <summary>What became of the request.</summary>
    SubscriptionAnswer Answer { get; }

    /// <summary>
    /// Gives what is new to a sink until it is full: of each instrument first a snapshot (or what follows the tick it asked to
    /// go on from), then each change once. True if more is waiting; else the wake that was given to Subscribe is called when something is.
    /// </summary>
    /// <exception cref="GridException">TooSlow, TooLarge, Stopping: the subscription is closed.</exception>
    bool Read(ISubscriptionSink sink);
}

/// <summary>Where an update stands.</summary>
/// <param name="Version">The number of the instrument's newest tick that it includes.</param>
/// <param name="Frame">It is durable once <see cref="IGrid.FlushedFrame"/> has come to this journal frame.</param>
public readonly record struct UpdatePosition(ulong Version, ulong Frame);

/// <summary>Takes updates. Arguments are valid during the call.</summary>
public interface ISubscriptionSink
{
    /// <summary>True if no more should be given for now.</summary>
    bool IsFull { get; }

    /// <summary>What is known of an instrument now.</summary>
    void Latest(in Latest latest, UpdatePosition at, bool isSnapshot);

    /// <summary>One tick: the one that has the version as its number.</summary>
    void Tick(in MarketEvent e, Outcome outcome, UpdatePosition at);

    /// <summary>A minute: open, or closed and complete as far as is known.</summary>
    void Bar(InstrumentId instrument, in Bar bar, bool isClosed, UpdatePosition at);

    /// <summary>The market of a CUSIP now. The version is that of the CUSIP.</summary>
    void Market(Cusip cusip, in CusipMarket market, UpdatePosition at);

    /// <summary>Ticks of an instrument, of all kinds, that the subscriber was too slow for.</summary>
    void Dropped(InstrumentId instrument, ulong ticks, UpdatePosition at);
}
