using System.Globalization;
using Grid.Domain;
using Grid.Domain.Cusips;
using Grid.Runtime;

namespace Grid.Gateway.Streams;

/// <summary>What a client asks to be told, as it says it: by the properties of a message or the arguments of a request.</summary>
internal sealed class StreamRequest
{
    public const string KindsRule = "some of trades, quotes, bars and latest";
    public const string SlowRule = "conflate or close";
    private static readonly TimeSpan IntervalMax = TimeSpan.FromMinutes(10);

    private readonly List<string> _instruments = [];
    private readonly List<string> _patterns = [];
    private readonly List<Cusip> _cusips = [];
    private readonly Dictionary<string, ulong> _from = [];
    private SubscriptionKinds _kinds;
    private SlowConsumer _slow;

    /// <summary>Shortest time between readings of the subscription.</summary>
    public TimeSpan Interval { get; private set; }

    public void AddInstrument(string symbol) => _instruments.Add(symbol);

    public void AddPattern(string pattern) => _patterns.Add(pattern);

    public void AddCusip(string text)
    {
        try
        {
            _cusips.Add(Cusip.Parse(text));
        }
        catch (FormatException e)
        {
            throw new GridException(GridErrorCode.BadArgument, $"cusips: {e.Message}", e);
        }
    }

    public void AddFrom(string symbol, ulong version) => _from[symbol] = version;

    public void AddKind(string name) => _kinds |= name switch
    {
        "trades" => SubscriptionKinds.Trades,
        "quotes" => SubscriptionKinds.Quotes,
        "bars" => SubscriptionKinds.Bars,
        "latest" => SubscriptionKinds.Latest,
        _ => throw Bad("kinds", name, KindsRule),
    };

    public void SetSlow(string name) => _slow = name switch
    {
        "conflate" => SlowConsumer.Conflate,
        "close" => SlowConsumer.Close,
        _ => throw Bad("slow", name, SlowRule),
    };

    public void SetInterval(long milliseconds) =>
        Interval = milliseconds >= 0 && milliseconds <= IntervalMax.TotalMilliseconds
            ? TimeSpan.FromMilliseconds(milliseconds)
            : throw Bad("interval", milliseconds.ToString(CultureInfo.InvariantCulture), $"milliseconds from 0 to {IntervalMax.TotalMilliseconds}");

    /// <summary>The request to the grid.</summary>
    /// <exception cref="GridException">It names nothing, or too much.</exception>
    public SubscriptionRequest Finish(StreamOptions options)
    {
        var names = _instruments.Count + _patterns.Count + _cusips.Count;
        if (names == 0)
        {
            throw new GridException(GridErrorCode.BadArgument, "nothing is asked for: give instruments, patterns or cusips");
        }

        if (names > options.NamesMax || _from.Count > options.NamesMax)
        {
            throw new GridException(
                GridErrorCode.TooLarge, $"{Math.Max(names, _from.Count)} names are given; {options.NamesMax} are allowed (option Stream:{nameof(StreamOptions.NamesMax)}); a pattern counts as one");
        }

        return new SubscriptionRequest
        {
            Instruments = [.. _instruments.Distinct()],
            Patterns = _patterns,
            Cusips = _cusips,
            From = _from,
            Kinds = _kinds == SubscriptionKinds.None ? SubscriptionKinds.Latest : _kinds,
            Slow = _slow,
            TicksBehindMax = options.TicksBehindMax,
        };
    }

    public static GridException Bad(string name, string value, string rule) => new(GridErrorCode.BadArgument, $"'{name}' is '{value}'; it must be {rule}");
}
