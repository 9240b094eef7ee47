using Grid.Client.Query;

namespace Grid.Client.Streams;

/// <summary>What an update tells.</summary>
public enum StreamUpdateKind
{
    /// <summary>A connection stands, the first or another one.</summary>
    Connected,

    /// <summary>What is known of an instrument: <see cref="StreamUpdate.Latest"/>.</summary>
    Latest,

    /// <summary>A trade: <see cref="StreamUpdate.Tick"/>.</summary>
    Trade,

    /// <summary>A quote: <see cref="StreamUpdate.Tick"/>.</summary>
    Quote,

    /// <summary>A dealer's run: <see cref="StreamUpdate.Tick"/>.</summary>
    Run,

    /// <summary>A cancel: <see cref="StreamUpdate.Tick"/>.</summary>
    Cancel,

    /// <summary>A correction: <see cref="StreamUpdate.Tick"/>.</summary>
    Correct,

    /// <summary>A minute: <see cref="StreamUpdate.Bar"/>.</summary>
    Bar,

    /// <summary>The market of a CUSIP: <see cref="StreamUpdate.Market"/>.</summary>
    Market,

    /// <summary>Ticks were left out, <see cref="StreamUpdate.Count"/> of them, because this program was too slow. A snapshot follows.</summary>
    Dropped,
}

/// <summary>One update of a subscription.</summary>
public sealed record StreamUpdate
{
    /// <summary>What it tells.</summary>
    public required StreamUpdateKind Kind { get; init; }

    /// <summary>The instrument; empty where it is about none.</summary>
    public string Instrument { get; init; } = string.Empty;

    /// <summary>The number of the instrument's newest tick that is included; each tick has the next one.</summary>
    public ulong Version { get; init; }

    /// <summary>True if ticks follow from here on, whatever was told before.</summary>
    public bool IsSnapshot { get; init; }

    /// <summary>What is known.</summary>
    public LatestRow? Latest { get; init; }

    /// <summary>The event.</summary>
    public TickRow? Tick { get; init; }

    /// <summary>The minute.</summary>
    public BarRow? Bar { get; init; }

    /// <summary>True if the minute is closed; it is told again if it changes nevertheless.</summary>
    public bool IsClosed { get; init; }

    /// <summary>The market of a CUSIP.</summary>
    public MarketRow? Market { get; init; }

    /// <summary>Ticks left out.</summary>
    public ulong Count { get; init; }

    /// <summary>
    /// Of a connection: true if the server was started again since the one before. What it tells of an instrument then replaces
    /// what was seen with the same versions, because a crash may have lost what was not flushed.
    /// </summary>
    public bool IsOtherRun { get; init; }

    /// <summary>Of a connection: symbols that could not go on where they were and begin with a snapshot.</summary>
    public IReadOnlyList<string> Reset { get; init; } = [];
}

/// <summary>The best bid and ask of a CUSIP over dealers. Decimals are exact text; null where there is nothing.</summary>
public sealed record MarketRow(
    string Cusip, uint Date, string? Bid, string? BidSize, string BidSource, string? Ask, string? AskSize, string AskSource, string? Mid, string? Spread, int Dealers);
