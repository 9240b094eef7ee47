using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Gateway.Rows;

namespace Grid.Cli.Bench;

/// <summary>
/// An endless feed of made-up trades and quotes: random walks, Zipf-distributed symbols, some events late and some twice. It
/// keeps account of what must come out when all it gave has been applied, whatever the order. Allocates nothing per event.
/// </summary>
/// <remarks>Sequence numbers are those of the order in which events happened, so late ones come out of sequence.</remarks>
internal sealed class SyntheticMarket
{
    private const long TickRaw = 10_000_000;
    private const int PriceTicksMin = 1_000;
    private const int PriceTicksMax = 100_000;
    private const uint LotUnits = 100;

    private static readonly string[] Venues = ["N", "Q", "P", "Z"];

    private readonly SyntheticMarketOptions _options;
    private readonly ZipfSampler _zipf;
    private readonly ushort[] _venues;
    private readonly MarketEvent _template;

    // Chances as bounds of 32 random bits: below _lateBelow an event is late, from there below _twiceBelow it comes twice.
    private readonly uint _tradeBelow;
    private readonly uint _lateBelow;
    private readonly uint _twiceBelow;

    // _held[n & _heldMask] is to be given as the n-th event, if its kind is not None. A power of two of them.
    private readonly MarketEvent[] _held;
    private readonly int _heldMask;
    private int _heldCount;
    private int _drainAt;
    private ulong _given;

    // By instrument; _ticks is the price of the walk in ticks.
    private readonly ExpectedInstrument[] _expected;
    private readonly int[] _ticks;

    private RandomStream _random;
    private ulong _sequence;
    private long _timeNs;

    /// <summary>A market whose names are numbered by the producer that will send it.</summary>
    public SyntheticMarket(SyntheticMarketOptions options, NameNumbering numbering)
    {
        _options = options;
        _random = new RandomStream(options.Seed);
        _zipf = new ZipfSampler(options.Instruments);
        _venues = [.. Venues.Select(v => (ushort)numbering(NameKind.Venue, Encoding.ASCII.GetBytes(v)))];
        _tradeBelow = Chance(options.TradesPerMille);
        _lateBelow = Chance(options.LatePerMille);
        _twiceBelow = Chance(options.LatePerMille + options.DuplicatesPerMille);
        _held = new MarketEvent[options.LateByEventsMax];
        _heldMask = options.LateByEventsMax - 1;
        if ((options.LateByEventsMax & _heldMask) != 0)
        {
            throw new ArgumentException($"LateByEventsMax is {options.LateByEventsMax}; it must be a power of two");
        }

        var date = options.Start.Date;
        _timeNs = options.Start.Value;
        _template = new MarketEvent
        {
            Source = new SourceId((ushort)numbering(NameKind.Source, Encoding.ASCII.GetBytes(options.Source))),
            Channel = new ChannelId((uint)numbering(NameKind.Channel, Encoding.ASCII.GetBytes(options.Channel))),
            Session = (uint)((date.Year * 10_000) + (date.Month * 100) + date.Day),
        };
        _expected = new ExpectedInstrument[options.Instruments];
        _ticks = new int[options.Instruments];
        for (var i = 0; i < _expected.Length; i++)
        {
            _expected[i].Number = new InstrumentId((uint)numbering(NameKind.Instrument, Encoding.ASCII.GetBytes(Symbol(i))));
            _ticks[i] = (int)(2_000 + _random.Below(48_000));
        }
    }

    /// <summary>What the source says of itself.</summary>
    public SourceDeclaration Declaration => new() { Name = _options.Source, IsContiguous = _options.IsContiguous };

    /// <summary>Events given so far, duplicates and late ones included.</summary>
    public long Given => (long)_given;

    /// <summary>Of these, duplicates.</summary>
    public long Duplicates { get; private set; }

    /// <summary>Of these, events that came after their turn, duplicates not counted.</summary>
    public long Late { get; private set; }

    /// <summary>Of these, trades, duplicates not counted.</summary>
    public long Trades { get; private set; }

    /// <summary>Of these, quotes, duplicates not counted.</summary>
    public long Quotes { get; private set; }

    /// <summary>Event time of the newest event.</summary>
    public UnixNanos Now => new(_timeNs);

    /// <summary>What must come out, by instrument; true of what was given only after <see cref="TryDrain"/> gave false.</summary>
    public ReadOnlySpan<ExpectedInstrument> Expected => _expected;

    /// <summary>The symbol of the instrument at an index of <see cref="Expected"/>.</summary>
    public string Symbol(int index) => _options.SymbolPrefix + (index + 1).ToString("D5", CultureInfo.InvariantCulture);

    /// <summary>Moves the market's clock forward; it never goes back.</summary>
    public void AdvanceTo(UnixNanos now) => _timeNs = Math.Max(_timeNs, now.Value);

    /// <summary>Gives the next event.</summary>
    public void Next(out MarketEvent e)
    {
        while (true)
        {
            ref var held = ref _held[(int)_given & _heldMask];
            if (held.Kind != EventKind.None)
            {
                e = held;
                held.Kind = EventKind.None;
                _heldCount--;
                _given++;
                return;
            }

            Make(out e);
            var chance = (uint)_random.Next();
            if (chance >= _twiceBelow || !TryHold(in e, chance))
            {
                _given++;
                return;
            }
        }
    }

    /// <summary>Gives what is still held back, in the order in which it would have come; false if nothing is left.</summary>
    public bool TryDrain(out MarketEvent e)
    {
        e = default;
        while (_heldCount > 0)
        {
            ref var held = ref _held[(int)(_given + (ulong)_drainAt) & _heldMask];
            if (held.Kind != EventKind.None)
            {
                e = held;
                held.Kind = EventKind.None;
                _heldCount--;
                _given++;
                return true;
            }

            _drainAt++;
        }

        _drainAt = 0;
        return false;
    }

    private static uint Chance(int perMille) => (uint)Math.Min((ulong)perMille * (1UL << 32) / 1_000, uint.MaxValue);

    // Holds an event back, or a second copy of it; true if the event itself is not to be given now. If its place is taken it is
    // neither late nor twice.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryHold(in MarketEvent e, uint chance)
    {
        var by = 1 + (int)_random.Below((uint)_heldMask);
        ref var place = ref _held[((int)_given + by) & _heldMask];
        if (place.Kind != EventKind.None)
        {
            return false;
        }

        place = e;
        _heldCount++;
        var isLate = chance < _lateBelow;
        Late += isLate ? 1 : 0;
        Duplicates += isLate ? 0 : 1;
        return isLate;
    }

    private void Make(out MarketEvent e)
    {
        var index = _zipf.Draw(_random.Next());
        var bits = _random.Next();
        ref var expected = ref _expected[index];
        ref var ticks = ref _ticks[index];

        // Bits 0 to 2: a step of -2 to 2 ticks, none most often. Bit 3: whether time goes on. Bits 4 to 15: size. 16 and 17: spread.
        ticks += (int)(bits & 3) - (int)((bits >> 1) & 3);
        ticks = Math.Clamp(ticks, PriceTicksMin, PriceTicksMax);
        _timeNs += (long)((bits >> 3) & 1) * 2 * _options.SpacingNs;
        e = _template;
        e.Sequence = ++_sequence;
        e.EventTime = new UnixNanos(_timeNs);
        e.Instrument = expected.Number;
        e.Venue = new VenueId(_venues[index & 3]);
        var bid = ticks * TickRaw;
        var ask = bid + ((1 + (long)((bits >> 16) & 3)) * TickRaw);
        var units = (1 + ((bits >> 4) & 7)) * LotUnits;
        if ((uint)(bits >> 32) < _tradeBelow)
        {
            e.Kind = EventKind.Trade;
            e.F0 = (bits & (1 << 18)) != 0 ? ask : bid;
            e.F1 = (long)units * Quantity.One;
            Trades++;
            Expect(ref expected, in e, (long)units);
        }
        else
        {
            e.Kind = EventKind.Quote;
            e.Flags = EventFlags.BidSet | EventFlags.AskSet;
            e.F0 = bid;
            e.F1 = (long)units * Quantity.One;
            e.F2 = ask;
            e.F3 = (long)(1 + ((bits >> 8) & 7)) * LotUnits * Quantity.One;
            Quotes++;
            expected.Quotes++;
            expected.Bid = e.BidPrice;
            expected.BidSize = e.BidSize;
            expected.Ask = e.AskPrice;
            expected.AskSize = e.AskSize;
            expected.QuoteTime = e.EventTime;
        }
    }

    private static void Expect(ref ExpectedInstrument expected, in MarketEvent trade, long units)
    {
        if (expected.Trades == 0)
        {
            expected.Open = expected.High = expected.Low = trade.Price;
        }

        expected.Trades++;
        expected.VolumeUnits += units;
        expected.NotionalRaw += (Int128)trade.F0 * units;
        expected.High = trade.Price > expected.High ? trade.Price : expected.High;
        expected.Low = trade.Price < expected.Low ? trade.Price : expected.Low;
        expected.LastPrice = trade.Price;
        expected.LastSize = trade.Size;
        expected.LastSequence = trade.Sequence;
        expected.LastTime = trade.EventTime;
    }
}
