using Grid.Domain.Events;
using Grid.Domain.Identifiers;

namespace Grid.Testing;

/// <summary>
/// A handful of events of one instrument, so few that every order of them can be tried: trades of a few minutes on two
/// dates, amendments of them and of each other, quotes. Two sources, the second with conditions.
/// </summary>
internal sealed class SmallMarket
{
    private const long Midnight = 1_709_251_200 * UnixNanos.PerSecond;

    // Two minutes before midnight, three after, one an hour later.
    private static readonly long[] Minutes = [-2, -1, 0, 1, 2, 60];

    private readonly Random _random;
    private readonly List<MarketLine> _lines = [];
    private readonly List<ulong>[] _amendable = [[], [], []];

    /// <summary>A market of so many events.</summary>
    public SmallMarket(int seed, int events)
    {
        _random = new Random(seed);
        for (ulong i = 1; i <= (ulong)events; i++)
        {
            Add(i * 10);
        }
    }

    /// <summary>Names of every small market.</summary>
    public static MarketNames Names { get; } = new()
    {
        ByKind = new Dictionary<NameKind, string[]>
        {
            [NameKind.Instrument] = ["", "AAPL"],
            [NameKind.Source] = ["", "one", "two"],
            [NameKind.Venue] = [""],
            [NameKind.Channel] = [""],
        },
        Declarations =
        [
            new() { Name = "" },
            new() { Name = "one" },
            new() { Name = "two", NotLastConditions = 1, NotHighLowConditions = 2, NotVolumeConditions = 4 },
        ],
    };

    /// <summary>The events in the order of their numbers.</summary>
    public IReadOnlyList<MarketLine> Lines => _lines;

    /// <summary>All orders of so many things, as indexes.</summary>
    public static IEnumerable<int[]> Orders(int count)
    {
        var order = Enumerable.Range(0, count).ToArray();
        while (true)
        {
            yield return [.. order];
            var i = count - 2;
            while (i >= 0 && order[i] > order[i + 1])
            {
                i--;
            }

            if (i < 0)
            {
                yield break;
            }

            var j = count - 1;
            while (order[j] < order[i])
            {
                j--;
            }

            (order[i], order[j]) = (order[j], order[i]);
            Array.Reverse(order, i + 1, count - i - 1);
        }
    }

    private void Add(ulong sequence)
    {
        var source = _random.Next(3) == 0 ? 2 : 1;
        var e = new MarketEvent
        {
            Kind = EventKind.Trade,
            Source = new SourceId((ushort)source),
            Instrument = new InstrumentId(1),
            Session = 1,
            Sequence = sequence,
            Conditions = source == 2 && _random.Next(2) == 0 ? (uint)_random.Next(8) : 0,
            EventTime = new UnixNanos(Midnight + (Minutes[_random.Next(Minutes.Length)] * UnixNanos.PerMinute) + (_random.Next(3) * UnixNanos.PerSecond)),
            F0 = Price.Of(_random.Next(1, 9)).Raw,
            F1 = Quantity.Of(_random.Next(1, 9)).Raw,
        };
        var amendable = _amendable[source];
        switch (_random.Next(10))
        {
            case < 4 when amendable.Count > 0:
                e.Kind = _random.Next(2) == 0 ? EventKind.Cancel : EventKind.Correct;
                (e.F0, e.F1) = e.Kind == EventKind.Cancel ? (0, 0) : (e.F0, e.F1);
                e.F3 = (long)amendable[_random.Next(amendable.Count)];
                break;
            case 4:
                e.Kind = EventKind.Quote;
                e.Flags = (EventFlags)_random.Next(3) | (EventFlags)(_random.Next(3) << 2);
                (e.F2, e.F3) = (e.F0 + Price.One, e.F1);
                break;
        }

        if (e.Kind != EventKind.Quote)
        {
            amendable.Add(sequence);
        }

        _lines.Add(new MarketLine(e, default, null, IsGood: true));
    }
}
