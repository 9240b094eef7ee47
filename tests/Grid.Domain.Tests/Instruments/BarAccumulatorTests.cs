using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;

namespace Grid.Domain.Tests.Instruments;

public sealed class BarAccumulatorTests
{
    private readonly GridNames _names = new();
    private readonly EventOrder _order;

    public BarAccumulatorTests()
    {
        _order = new EventOrder(_names);

        // Numbers in another order than the names.
        _names.Sources.GetOrAdd("z");
        _names.Sources.GetOrAdd("a");
    }

    [Fact]
    public void Open_and_close_are_the_first_and_last_by_time_whatever_the_order_of_arrival()
    {
        var bar = Bar(Trade(5, 3), Trade(9, 4), Trade(1, 2));
        Assert.Equal(("2", "4", "4", "2"), (bar.Open.ToString(), bar.Close.ToString(), bar.High.ToString(), bar.Low.ToString()));
    }

    [Fact]
    public void Trades_of_one_time_are_ordered_by_source_name_then_session_then_sequence()
    {
        Assert.Equal(("2", "1"), Ends(Trade(1, 1, source: 1), Trade(1, 2, source: 2)));
        Assert.Equal(("2", "1"), Ends(Trade(1, 1, session: 9), Trade(1, 2, session: 8, sequence: 7)));
        Assert.Equal(("2", "1"), Ends(Trade(1, 1, sequence: 9), Trade(1, 2, sequence: 8)));
        Assert.Equal(("1", "2"), Ends(Trade(1, 2), Trade(1, 1)));

        (string Open, string Close) Ends(params MarketEvent[] trades)
        {
            var bar = Bar(trades);
            return (bar.Open.ToString(), bar.Close.ToString());
        }
    }

    [Fact]
    public void Sums_are_exact_beyond_64_bits()
    {
        var huge = Trade(1, 1) with { F0 = long.MaxValue, F1 = long.MaxValue };
        var bar = Bar(huge, huge, Trade(2, 1) with { F0 = long.MinValue, F1 = long.MaxValue });
        Assert.Equal((Int128)long.MaxValue * 3, bar.Volume);
        Assert.Equal(((Int128)long.MaxValue * long.MaxValue * 2) + ((Int128)long.MinValue * long.MaxValue), bar.Notional);
    }

    [Fact]
    public void Notional_beyond_128_bits_is_the_nearest_that_fits_and_comes_back_whatever_the_order()
    {
        var up = Trade(1, 1) with { F0 = long.MaxValue, F1 = long.MaxValue };
        var down = up with { F0 = long.MinValue };
        Assert.Equal((Int128.MaxValue, Int128.MinValue), (Bar(up, up, up).Notional, Bar(down, down, down, down).Notional));
        var net = ((Int128)long.MaxValue * 2) + ((Int128)long.MinValue * 2);
        Assert.Equal(net * long.MaxValue, Bar(up, up, down, down).Notional);
        MarketEvent[] trades = [up, up, up, up, down, down, down];
        foreach (var order in Testing.SmallMarket.Orders(trades.Length))
        {
            var first = Accumulated([.. order.Take(3).Select(i => trades[i])]);
            first.Merge(Accumulated([.. order.Skip(3).Select(i => trades[i])]), _order);
            Assert.Equal((((Int128)long.MaxValue * 4) + ((Int128)long.MinValue * 3)) * long.MaxValue, first.ToBar().Notional);
        }
    }

    [Fact]
    public void Record_keeps_the_size_that_it_has_in_snapshots_and_in_the_hot_store() =>
        Assert.Equal(144, System.Runtime.CompilerServices.Unsafe.SizeOf<BarAccumulator>());

    [Fact]
    public void Print_counts_for_what_its_conditions_leave()
    {
        var accumulator = BarAccumulator.From(default);
        accumulator.Add(Trade(1, 5), CountsFor.Volume, _order);
        Assert.Equal((false, 1L, false), (accumulator.ToBar().HasPrices, accumulator.ToBar().Count, accumulator.IsEmpty));
        accumulator.Add(Trade(2, 9), CountsFor.HighLow, _order);
        accumulator.Add(Trade(3, 7), CountsFor.HighLow, _order);
        var withoutLast = accumulator.ToBar();
        Assert.Equal(("7", "9", "7", "7"), (withoutLast.Open.ToString(), withoutLast.High.ToString(), withoutLast.Low.ToString(), withoutLast.Close.ToString()));
        accumulator.Add(Trade(4, 20), CountsFor.Last, _order);
        var whole = accumulator.ToBar();
        Assert.Equal(("20", "9", "20", 1L), (whole.Open.ToString(), whole.High.ToString(), whole.Close.ToString(), whole.Count));
        var lastOnly = BarAccumulator.From(default);
        lastOnly.Add(Trade(1, 4), CountsFor.Last, _order);
        lastOnly.Add(Trade(2, 3), CountsFor.Last, _order);
        Assert.Equal(("4", "3", 0L), (lastOnly.ToBar().High.ToString(), lastOnly.ToBar().Low.ToString(), lastOnly.ToBar().Count));
    }

    [Fact]
    public void Print_that_counts_for_nothing_leaves_it_empty()
    {
        var accumulator = BarAccumulator.From(new UnixNanos(7));
        accumulator.Add(Trade(1, 5), CountsFor.None, _order);
        Assert.True(accumulator.IsEmpty);
        Assert.Equal(new UnixNanos(7), accumulator.ToBar().Start);
    }

    [Fact]
    public void Any_pieces_merged_in_any_order_give_the_whole()
    {
        for (var seed = 0; seed < 500; seed++)
        {
            var random = new Random(seed);
            var trades = Enumerable.Range(0, random.Next(1, 12)).Select(i =>
                (Trade: Trade(random.Next(4), random.Next(1, 5), (ushort)random.Next(1, 3), (ulong)i), Counts: (CountsFor)random.Next(8))).ToArray();
            var whole = BarAccumulator.From(default);
            var pieces = new BarAccumulator[3];
            foreach (var (trade, counts) in trades)
            {
                whole.Add(in trade, counts, _order);
            }

            random.Shuffle(trades);
            foreach (var (trade, counts) in trades)
            {
                pieces[random.Next(3)].Add(in trade, counts, _order);
            }

            random.Shuffle(pieces);
            var merged = BarAccumulator.From(default);
            foreach (var piece in pieces)
            {
                merged.Merge(in piece, _order);
            }

            Assert.True(whole.ToBar().Equals(merged.ToBar()), $"seed {seed}");
        }
    }

    [Theory]
    [InlineData(10, 4, "2.5")]
    [InlineData(1, 3, "0.333333333")]
    [InlineData(2, 3, "0.666666667")]
    [InlineData(-2, 3, "-0.666666667")]
    [InlineData(0, 0, "0")]
    public void Vwap_is_the_notional_over_the_volume_rounded_half_to_even(long notional, long volume, string expected) =>
        Assert.Equal(expected, new Bar { Notional = (Int128)notional * Price.One, Volume = volume }.Vwap.ToString());

    private Bar Bar(params MarketEvent[] trades) => Accumulated(trades).ToBar();

    private BarAccumulator Accumulated(MarketEvent[] trades)
    {
        var accumulator = BarAccumulator.From(default);
        foreach (var trade in trades)
        {
            accumulator.Add(in trade, CountsFor.All, _order);
        }

        return accumulator;
    }

    private static MarketEvent Trade(long time, long price, ushort source = 1, ulong sequence = 0, uint session = 0) => new()
    {
        Kind = EventKind.Trade,
        Source = new SourceId(source),
        Session = session,
        Sequence = sequence,
        EventTime = new UnixNanos(time),
        F0 = Price.Of(price).Raw,
        F1 = Quantity.One,
    };
}
