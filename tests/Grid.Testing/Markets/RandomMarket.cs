using Grid.Domain.Cusips;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;

namespace Grid.Testing;

/// <summary>
/// A small market that follows from a seed: several sources of every policy, three instruments, two session dates with
/// minutes on both sides of midnight, ties in time, late events, amendments of trades, of each other and of nothing, and
/// some events that every rule book refuses. Repeats of what was sent are left to who sends it.
/// </summary>
/// <remarks>What is accepted does not depend on the order of arrival, so every order must give the same market.</remarks>
internal sealed class RandomMarket
{
    /// <summary>When every event is received: after all of them.</summary>
    public static readonly DateTimeOffset ReceivedAt = new(2024, 3, 2, 0, 0, 0, TimeSpan.Zero);

    private const long TimeStepNs = UnixNanos.PerSecond / 2;
    private const int InstrumentCount = 3;
    // A dealer's numbers are not unique; those of one moment are, so that ties in time are decided by the number.
    private const int RepeatsAfter = 10;
    private const ulong NeverSent = 5_000_000;
    private static readonly string[] Symbols = ["", "AAPL", "MSFT", "T-2030"];

    // 2024-02-29T23:58:30Z, 2024-03-01T00:00:00Z and 2024-03-01T14:30:00Z.
    private static readonly long[] Starts = [1_709_251_110 * UnixNanos.PerSecond, 1_709_251_200 * UnixNanos.PerSecond, 1_709_303_400 * UnixNanos.PerSecond];
    private static readonly Cusip[] Bonds = [Cusip.Parse("037833100"), Cusip.Parse("92940*118")];

    // As long as a name may be, so that many definitions fill a segment; no rule book has the first.
    private static readonly string[] Calendars = [new('d', 64), new('w', 64), new('e', 64), new('n', 64)];

    private readonly Random _random;
    private readonly List<MarketLine>[] _lines = [[], [], [], [], [], [], []];

    // By domain: numbers used so far, and what may be amended.
    private readonly Dictionary<SequenceDomain, ulong> _sequences = [];
    private readonly Dictionary<SequenceDomain, List<(ulong Sequence, InstrumentId Instrument)>> _amendable = [];

    /// <summary>A market of about <paramref name="eventsPerSource"/> events of each source, and so many long definitions more.</summary>
    public RandomMarket(int seed, int eventsPerSource, int extraDefinitions = 0)
    {
        _random = new Random(seed);
        Names = NewNames();
        for (var i = 0; i < InstrumentCount; i++)
        {
            for (var versions = _random.Next(3) + (extraDefinitions / InstrumentCount); versions > 0; versions--)
            {
                Define(new InstrumentId((uint)i + 1));
            }
        }

        int[] sources = [MarketSource.Exchange, MarketSource.Venue, MarketSource.Dealer, MarketSource.Tape, MarketSource.Echo];
        foreach (var source in sources)
        {
            var count = _random.Next(eventsPerSource / 2, eventsPerSource + 1);
            var step = 0;
            for (var i = 0; i < count; i++)
            {
                step += _random.Next(3) == 0 ? 0 : _random.Next(1, 1 + (900 / Math.Max(1, count)));
                Next((ushort)source, TimeOf(step - (_random.Next(12) == 0 ? _random.Next(200) : 0)));
            }
        }
    }

    /// <summary>Rules with calendars that some of the definitions name: of two cities, and one whose dates begin in the evening.</summary>
    public static RuleBook Rules { get; } = new(BuiltInClasses.All,
    [
        City("west", -5), City(Calendars[1], -5), City("east", 9), City(Calendars[2], 9), Evening("evening"), Evening(Calendars[3]),
    ]);

    /// <summary>The names and declarations.</summary>
    public MarketNames Names { get; }

    /// <summary>The events of one source, in the order of their numbers.</summary>
    public IReadOnlyList<MarketLine> Of(int source) => _lines[source];

    /// <summary>All events, by time.</summary>
    public IReadOnlyList<MarketLine> All => [.. _lines.SelectMany(l => l).OrderBy(l => l.Event.EventTime.Value)];

    /// <summary>All sources' numbers.</summary>
    public static IEnumerable<int> Sources => Enumerable.Range(MarketSource.Exchange, MarketSource.Reference);

    private static MarketNames NewNames() => new()
    {
        ByKind = new Dictionary<NameKind, string[]>
        {
            [NameKind.Instrument] = Symbols,
            [NameKind.Source] = ["", "exchange", "venue", "dealer", "tape", "echo", "reference"],
            [NameKind.Venue] = ["", "N", "Q"],
            [NameKind.Channel] = ["", "left", "right"],
        },
        Declarations =
        [
            new() { Name = "" },
            new() { Name = "exchange", IsContiguous = true },
            new() { Name = "venue", NotLastConditions = 1, NotHighLowConditions = 2, NotVolumeConditions = 4 },
            new() { Name = "dealer", Policy = DedupPolicy.Batch, UnknownInstrument = UnknownInstrumentAction.Flag },
            new() { Name = "tape", Policy = DedupPolicy.None },
            new() { Name = "echo", Policy = DedupPolicy.Content },
            new() { Name = "reference" },
        ],
    };

    private static long TimeOf(int step)
    {
        var part = Math.Clamp(step / 300, 0, Starts.Length - 1);
        return Starts[part] + (Math.Max(0, step - (part * 300)) * TimeStepNs);
    }

    private static SessionCalendar City(string name, int hours) => new(name, [new ZoneOffset(new UnixNanos(long.MinValue), hours * 3600)], [], []);

    private static SessionCalendar Evening(string name) =>
        new(name, [], Enum.GetValues<DayOfWeek>().Select(d => new SessionHours(d, new(14, 31, 0), new(14, 0, 0))), []);

    private void Next(ushort source, long time)
    {
        var e = NewEvent(source, time);
        switch (_random.Next(20))
        {
            case < 9:
                Trade(e);
                break;
            case < 15:
                Quote(e);
                break;
            case 15 or 16 when source is not (MarketSource.Tape or MarketSource.Echo):
                Amend(e, EventKind.Correct);
                break;
            case 17 when source is not (MarketSource.Tape or MarketSource.Echo):
                Amend(e, EventKind.Cancel);
                break;
            case 18 when source == MarketSource.Dealer:
                Run(e);
                break;
            case 19:
                Refused(e);
                break;
            default:
                Trade(e);
                break;
        }
    }

    private MarketEvent NewEvent(ushort source, long time)
    {
        var e = new MarketEvent
        {
            Source = new SourceId(source),
            Instrument = new InstrumentId((uint)_random.Next(1, InstrumentCount + 1)),
            EventTime = new UnixNanos(time),
        };
        if (source is MarketSource.Tape or MarketSource.Echo)
        {
            return e;
        }

        e.Session = source == MarketSource.Dealer ? 0 : time < TimeOf(300) ? 20240229u : 20240301u;
        e.Venue = new VenueId((ushort)_random.Next(3));
        e.Channel = new ChannelId(source == MarketSource.Venue ? (uint)_random.Next(1, 3) : 0);
        e.Conditions = source == MarketSource.Venue && _random.Next(4) == 0 ? (uint)_random.Next(8) : 0;
        e.Sequence = NextSequence(SequenceDomain.Of(in e));
        return e;
    }

    private ulong NextSequence(SequenceDomain domain)
    {
        // Two channels of one source do not share numbers, so that ties in time are decided by the number.
        var last = _sequences.GetValueOrDefault(domain, domain.Channel.Value * 1_000_000UL);
        var leavesOut = domain.Source.Value == MarketSource.Venue || _random.Next(25) == 0;
        return _sequences[domain] = last + (leavesOut ? (ulong)_random.Next(1, 6) : 1);
    }

    private void Trade(MarketEvent e)
    {
        e.Kind = EventKind.Trade;
        (e.F0, e.F1) = (NextPrice(), NextSize());
        var numbers = AmendableOf(in e);
        if (e.Source.Value == MarketSource.Dealer && numbers.Count >= RepeatsAfter && _random.Next(8) == 0)
        {
            (e.Sequence, e.Instrument) = numbers[^RepeatsAfter];
        }

        Add(e);
        Remember(in e);
    }

    private void Quote(MarketEvent e)
    {
        e.Kind = EventKind.Quote;
        var bid = _random.Next(4);
        var ask = _random.Next(4);
        if (bid >= 2)
        {
            (e.F0, e.F1) = (NextPrice(), NextSize());
        }

        if (ask >= 2)
        {
            (e.F2, e.F3) = (NextPrice(), NextSize());
        }

        e.Flags = (bid >= 2 ? EventFlags.BidSet : bid == 1 ? EventFlags.BidCleared : EventFlags.None)
            | (ask >= 2 ? EventFlags.AskSet : ask == 1 ? EventFlags.AskCleared : EventFlags.None);
        Add(e);
    }

    private void Run(MarketEvent e)
    {
        e.Kind = EventKind.Run;
        e.Flags = EventFlags.BidSet | EventFlags.AskSet;
        e.Instrument = new InstrumentId(InstrumentCount);
        (e.F0, e.F1, e.F2, e.F3) = (NextPrice(), NextSize(), NextPrice(), NextSize());
        _lines[e.Source.Value].Add(new MarketLine(e, new RunDetail(Bonds[0], 100, 90, RunDetail.Absent, 5, Bonds[1]), null, true));
    }

    private void Amend(MarketEvent e, EventKind kind)
    {
        e.Kind = kind;
        var amendable = AmendableOf(in e);
        var target = amendable.Count == 0 || _random.Next(10) == 0
            ? (Sequence: NeverSent + (ulong)_random.Next(3), e.Instrument)
            : amendable[Math.Max(0, amendable.Count - 1 - _random.Next(12))];
        e.Instrument = target.Instrument;
        e.F3 = (long)target.Sequence;
        if (kind == EventKind.Correct)
        {
            (e.F0, e.F1) = (NextPrice(), NextSize());
        }

        Add(e);
        Remember(in e);
    }

    private void Refused(MarketEvent e)
    {
        e.Kind = EventKind.Trade;
        (e.F0, e.F1) = (NextPrice(), NextSize());
        switch (_random.Next(3))
        {
            case 0:
                e.F1 = -e.F1;
                break;
            case 1:
                e.EventTime = new UnixNanos(UnixNanos.From(ReceivedAt).Value + UnixNanos.PerMinute);
                break;
            default:
                e.F1 = e.Sequence == 0 || Names.DeclarationOf(in e).Policy != DedupPolicy.Sequence ? -1 : e.F1;
                e.Sequence = 0;
                break;
        }

        _lines[e.Source.Value].Add(new MarketLine(e, default, null, IsGood: false));
    }

    // Names of a class and a calendar that no rule book has stand for the default ones.
    private void Define(InstrumentId instrument)
    {
        var e = new MarketEvent
        {
            Kind = EventKind.Definition,
            Source = new SourceId(MarketSource.Reference),
            Instrument = instrument,
            EventTime = new UnixNanos(TimeOf(_random.Next(900))),
        };
        e.Sequence = NextSequence(SequenceDomain.Of(in e));
        var definition = new InstrumentDefinition
        {
            Class = new string('c', 64),
            Calendar = Calendars[_random.Next(Calendars.Length)],
            ValidFrom = new UnixNanos(_random.Next(2) == 0 ? long.MinValue : TimeOf(_random.Next(900))),
            ValidTo = new UnixNanos(_random.Next(2) == 0 ? long.MaxValue : TimeOf(_random.Next(900))),
            TickSize = new Price(10_000_000L * _random.Next(1, 4)),
            Currency = new string('U', _random.Next(60)),
            Cusip = instrument.Value == InstrumentCount ? Bonds[0] : default,
        };
        _lines[MarketSource.Reference].Add(new MarketLine(e, default, definition, true));
    }

    private void Add(in MarketEvent e) => _lines[e.Source.Value].Add(new MarketLine(e, default, null, IsGood: true));

    private void Remember(in MarketEvent e)
    {
        if (e.Sequence != 0)
        {
            AmendableOf(in e).Add((e.Sequence, e.Instrument));
        }
    }

    private List<(ulong Sequence, InstrumentId Instrument)> AmendableOf(in MarketEvent e)
    {
        var domain = SequenceDomain.Of(in e);
        if (!_amendable.TryGetValue(domain, out var list))
        {
            _amendable[domain] = list = [];
        }

        return list;
    }

    // Few prices, so that equal ones meet.
    private long NextPrice() => 100_000_000_000 + (_random.Next(8) * 10_000_000L);

    // Now and then one that a sum of 64 bits could not take twice.
    private long NextSize() => _random.Next(15) == 0 ? 9_000_000_000_000_000_000 : _random.Next(1, 500) * 100_000_000L;
}
