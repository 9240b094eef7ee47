using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;

namespace Grid.Domain.Tests.Instruments;

public sealed class BarFoldTests
{
    private const long Minute = UnixNanos.PerMinute;
    private readonly GridNames _names = new();
    private readonly EventOrder _order;

    public BarFoldTests()
    {
        _order = new EventOrder(_names);
        _names.Sources.GetOrAdd("one");
        _names.Sources.GetOrAdd("two");
    }

    [Fact]
    public void Pieces_of_one_interval_add_up_and_a_replacement_takes_their_place()
    {
        var combined = BarFold.Combine([Piece(0, 1), Piece(1, 5), Piece(0, 2), Replacement(0, 7), Piece(0, 3)], _order);
        Assert.Equal([0L, Minute], combined.Keys);
        Assert.Equal((2L, "7", "3"), (combined[0].Count, combined[0].ToBar().High.ToString(), combined[0].ToBar().Low.ToString()));
        Assert.Equal(1, combined[Minute].Count);
    }

    [Fact]
    public void Longer_bars_derive_from_minutes()
    {
        var bars = Bars([Piece(4, 3), Piece(0, 1), Piece(5, 9), Piece(3, 7)], [], 5 * Minute);
        Assert.Equal([(0L, 3L, "1", "3", "7"), (5 * Minute, 1L, "9", "9", "9")],
            bars.Select(b => (b.Start.Value, b.Count, b.Open.ToString(), b.Close.ToString(), b.High.ToString())));
    }

    [Fact]
    public void Interval_whose_trades_were_all_cancelled_has_no_bar()
    {
        var empty = BarAccumulator.From(default);
        empty.IsReplacement = true;
        Assert.Empty(Bars([Piece(0, 1), empty], [], Minute));
    }

    [Fact]
    public void Quotes_carry_forward_over_intervals_and_from_before_the_range()
    {
        var bars = BarFold.ToBars(
            [Piece(1, 1), Piece(3, 1)], [Mark(0, 9, 11), Mark(2, 10, null), Mark(3, null, 12)], [], Minute, new UnixNanos(Minute), new UnixNanos(10 * Minute), 10, _order);
        Assert.Equal(["1: 9 11", "2: 10 11", "3: 10 12"], bars.Select(b => $"{b.Start.Value / Minute}: {b.Bid.Price} {b.Ask.Price}"));
        Assert.Equal([1L, 0L, 1L], bars.Select(b => b.Count));
    }

    [Fact]
    public void Newest_quotes_hold_from_their_times_on_without_their_marks_and_make_no_bar()
    {
        var quote = Mark(2, 10, 12).Quote;
        quote.Ask = quote.Ask with { Time = new UnixNanos(3 * Minute) };
        var bars = BarFold.ToBars([Piece(1, 1), Piece(3, 1), Piece(5, 1)], [], [quote], Minute, default, new UnixNanos(9 * Minute), 10, _order);
        Assert.Equal(["1: 0 0", "3: 10 12", "5: 10 12"], bars.Select(b => $"{b.Start.Value / Minute}: {b.Bid.Price} {b.Ask.Price}"));
        bars = BarFold.ToBars([Piece(5, 1)], [], [quote], Minute, new UnixNanos(4 * Minute), new UnixNanos(9 * Minute), 10, _order);
        Assert.Equal(["5: 10 12"], bars.Select(b => $"{b.Start.Value / Minute}: {b.Bid.Price} {b.Ask.Price}"));
    }

    [Fact]
    public void Older_version_of_a_side_changes_nothing_however_late_it_is_recorded()
    {
        var bars = Bars([], [Mark(1, 10, null), Mark(0, 9, 11), Mark(1, 8, null, atNs: -5)], Minute);
        Assert.Equal(["9", "10"], bars.Select(b => b.Bid.Price.ToString()));
    }

    [Fact]
    public void Limit_and_end_cut_the_bars()
    {
        BarAccumulator[] trades = [Piece(0, 1), Piece(1, 1), Piece(2, 1)];
        Assert.Equal(2, BarFold.ToBars(trades, [], [], Minute, default, new UnixNanos(9 * Minute), 2, _order).Count);
        Assert.Equal(2, BarFold.ToBars(trades, [], [], Minute, default, new UnixNanos(2 * Minute), 9, _order).Count);
        Assert.Equal([2 * Minute], BarFold.ToBars(trades, [], [], Minute, new UnixNanos(Minute + 1), new UnixNanos(9 * Minute), 9, _order).Select(b => b.Start.Value));
    }

    private List<Bar> Bars(BarAccumulator[] trades, QuoteMark[] marks, long intervalNs) =>
        BarFold.ToBars(trades, marks, [], intervalNs, default, new UnixNanos(long.MaxValue), int.MaxValue, _order);

    private BarAccumulator Piece(long minute, long price)
    {
        var trade = new MarketEvent
        {
            Kind = EventKind.Trade,
            Source = new SourceId(1),
            EventTime = new UnixNanos((minute * Minute) + 1),
            F0 = Price.Of(price).Raw,
            F1 = Quantity.One,
        };
        var piece = BarAccumulator.From(new UnixNanos(minute * Minute));
        piece.Add(in trade, CountsFor.All, _order);
        return piece;
    }

    private BarAccumulator Replacement(long minute, long price)
    {
        var piece = Piece(minute, price);
        piece.IsReplacement = true;
        return piece;
    }

    private static QuoteMark Mark(long minute, long? bid, long? ask, long atNs = 0)
    {
        var time = new UnixNanos((minute * Minute) + 10 + atNs);
        return new QuoteMark
        {
            Start = new UnixNanos(minute * Minute),
            Quote = new SourceQuote
            {
                Source = new SourceId(1),
                Bid = bid is { } b ? new SideMark(SideState.Set, time, 0, 0, Price.Of(b).Raw, 1) : default,
                Ask = ask is { } a ? new SideMark(SideState.Set, time, 0, 0, Price.Of(a).Raw, 1) : default,
            },
        };
    }
}
