using Grid.Domain.Cusips;

namespace Grid.Runtime;

/// <summary>What a subscriber wants to be told.</summary>
[Flags]
public enum SubscriptionKinds
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Each trade, cancel and correction.</summary>
    Trades = 1,

    /// <summary>Each quote and dealer run.</summary>
    Quotes = 2,

    /// <summary>The open minute, conflated, and each minute that is closed or changes afterwards.</summary>
    Bars = 4,

    /// <summary>What is known of the instrument, conflated.</summary>
    Latest = 8,
}

/// <summary>What is done with a subscriber of trades or quotes that falls too far behind.</summary>
public enum SlowConsumer
{
    /// <summary>It is told how many ticks it missed and what is known now, and goes on from there.</summary>
    Conflate = 0,

    /// <summary>Its subscription is closed.</summary>
    Close = 1,
}

/// <summary>What to subscribe to, and how.</summary>
public sealed record SubscriptionRequest
{
    /// <summary>Symbols. One that is not known yet is waited for.</summary>
    public IReadOnlyCollection<string> Instruments { get; init; } = [];

    /// <summary>Patterns over symbols (<c>*</c> any text, <c>?</c> one character); they hold for instruments that come later too.</summary>
    public IReadOnlyCollection<string> Patterns { get; init; } = [];

    /// <summary>CUSIPs, whose markets are told conflated whatever the kinds are.</summary>
    public IReadOnlyCollection<Cusip> Cusips { get; init; } = [];

    /// <summary>What to tell of instruments.</summary>
    public SubscriptionKinds Kinds { get; init; } = SubscriptionKinds.Latest;

    /// <summary>What to do if the subscriber is too slow.</summary>
    public SlowConsumer Slow { get; init; }

    /// <summary>Ticks that an instrument may be ahead of the subscriber before it counts as too slow.</summary>
    public long TicksBehindMax { get; init; } = SubscriptionLimits.TicksBehindMax;

    /// <summary>By symbol the number of the last tick that the subscriber has seen: it goes on after it, without a snapshot.</summary>
    public IReadOnlyDictionary<string, ulong> From { get; init; } = new Dictionary<string, ulong>();
}

/// <summary>Limits of subscriptions in one process.</summary>
public static class SubscriptionLimits
{
    /// <summary>Ticks that an instrument may be ahead of a subscriber: at 50,000 a second of one instrument, more than a second. They cost nothing, as the hot store has them.</summary>
    public const long TicksBehindMax = 1 << 16;

    /// <summary>Instruments of all subscriptions together: at about 150 bytes each (400 with ticks) 600 MB.</summary>
    public const int FollowedMax = 4 << 20;
}

/// <summary>What became of a request.</summary>
/// <param name="Instruments">Instruments that are followed now.</param>
/// <param name="Waiting">Symbols of the request that are not known yet.</param>
/// <param name="Reset">Symbols of <see cref="SubscriptionRequest.From"/> after whose tick it cannot go on: they begin with a snapshot.</param>
public sealed record SubscriptionAnswer(int Instruments, IReadOnlyList<string> Waiting, IReadOnlyList<string> Reset);
