namespace Grid.Client.Streams;

/// <summary>What to be told of instruments.</summary>
[Flags]
public enum StreamKinds
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Each trade, cancel and correction.</summary>
    Trades = 1,

    /// <summary>Each quote and dealer run.</summary>
    Quotes = 2,

    /// <summary>Bars of a minute: the open one conflated, closed ones when they close or change.</summary>
    Bars = 4,

    /// <summary>What is known, conflated.</summary>
    Latest = 8,
}

/// <summary>What to subscribe to: symbols, patterns over symbols (<c>*</c> any text, <c>?</c> one character) and CUSIPs.</summary>
public sealed record StreamRequest
{
    /// <summary>Symbols; one that is not known yet is waited for.</summary>
    public IReadOnlyCollection<string> Instruments { get; init; } = [];

    /// <summary>Patterns; they hold for instruments that come later too.</summary>
    public IReadOnlyCollection<string> Patterns { get; init; } = [];

    /// <summary>CUSIPs, whose markets are told whatever the kinds are.</summary>
    public IReadOnlyCollection<string> Cusips { get; init; } = [];

    /// <summary>What to be told of instruments; what is known, unless something else is asked for.</summary>
    public StreamKinds Kinds { get; init; } = StreamKinds.Latest;

    /// <summary>True to end, rather than to leave out ticks, if this program is too slow.</summary>
    public bool CloseIfSlow { get; init; }

    /// <summary>Shortest time between two messages of the server; 0, the default, for as they come.</summary>
    public TimeSpan Interval { get; init; }
}
