using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Runtime.Queries;
using Grid.Runtime.Shards;
using Grid.Testing;
using static Grid.Testing.TestMarket;

namespace Grid.Runtime.Tests.Markets;

/// <summary>What is made again and told once the hot store has dropped its oldest ticks, and what that costs.</summary>
public sealed class RolledHistoryTests : IDisposable
{
    private const long BytesMost = 1 << 20;
    private static readonly UnixNanos Earliest = new(long.MinValue);
    private static readonly UnixNanos Latest = new(long.MaxValue);
    private readonly TempFolder _folder = new();
    private readonly PlainGrid _grid;
    private ulong _filled;

    public RolledHistoryTests() => _grid = new PlainGrid(Names, 1, new HotHistoryStores(_folder.Path, 4 << 20, 1L << 30, readOnly: false));

    public void Dispose()
    {
        _grid.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Cancel_that_reaches_beyond_the_store_leaves_minute_and_day_as_they_are_and_waits()
    {
        _grid.Apply([Trade(1, "09:00:00", "10", "100"), Trade(2, "09:10:00", "12", "100"), Trade(3, "09:20:00", "11", "100")]);
        Fill();
        _grid.Apply([Trade(4, "12:00:00", "11", "100"), Trade(5, "12:01:00", "11", "100"), Trade(6, "12:02:00", "11", "100")]);
        var page = View().Ticks(Earliest, Latest, null, 100, _grid.Image.Context.Order);
        Assert.Equal((3, false, false), (page.Ticks.Count, page.IsComplete, page.AmendmentPending));
        Assert.True(View().Ticks(At("12:00:00"), Latest, null, 100, _grid.Image.Context.Order).IsComplete);

        _grid.Apply([Cancel(7, "12:03:00", amends: 5)]);
        State().Read(out var latest);
        Assert.Equal((6L, "10", "12"), (latest.Day.Count, latest.Day.Open.ToString(), latest.Day.High.ToString()));
        Assert.True(View().Ticks(At("12:00:00"), Latest, null, 100, _grid.Image.Context.Order).AmendmentPending);
        _grid.Apply([Cancel(8, "12:03:00", amends: 1)]);
        Assert.True(State().HasPendingAmendments);
    }

    [Fact]
    public void Cancel_within_the_store_is_applied_whole_though_older_days_have_left_it()
    {
        var old = Trade(1, "09:00:00", "10", "100");
        _grid.Apply([old with { Event = old.Event with { EventTime = new UnixNanos(old.Event.EventTime.Value - (3 * UnixNanos.PerDay)) } }]);
        Fill();
        _grid.Apply([Trade(4, "12:00:00", "11", "100"), Trade(5, "12:01:00", "14", "100"), Trade(6, "12:02:00", "12", "100"), Trade(7, "12:05:00", "12", "100")]);
        _grid.Apply([Cancel(8, "12:06:00", amends: 5), Cancel(9, "12:06:00", amends: 7)]);
        State().Read(out var latest);
        Assert.Equal((20240301u, 2L, "12", "12"), (latest.Day.Date, latest.Day.Count, latest.Day.High.ToString(), latest.Last.Price.ToString()));
        Assert.False(State().HasPendingAmendments);
    }

    [Fact]
    public void Cancel_of_a_trade_costs_no_memory_however_much_came_after_it()
    {
        Fill();
        var oldest = View("MSFT").Ticks(Earliest, Latest, null, 1, _grid.Image.Context.Order).Ticks[0].Event.Sequence;
        var cancel = Cancel(90_000_000, "12:03:00", oldest + 5, ByBatch, Msft);
        var before = GC.GetAllocatedBytesForCurrentThread();
        _grid.Apply([cancel]);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, BytesMost);
    }

    [Fact]
    public void Queries_hold_no_more_than_they_answer()
    {
        Fill();
        var view = View("MSFT");
        var (order, context) = (_grid.Image.Context.Order, _grid.Image.Context);
        var before = GC.GetAllocatedBytesForCurrentThread();
        var page = view.Ticks(Earliest, Latest, null, 1, order);
        var bars = view.Bars(UnixNanos.PerSecond, Earliest, Latest, 2, order, context);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, BytesMost);
        Assert.Equal((1, false, 2), (page.Ticks.Count, page.IsComplete, bars.Count));
    }

    [Fact]
    public void Quote_whose_mark_has_left_the_store_still_closes_later_bars()
    {
        _grid.Apply([Quote(1, "09:00:00", "9", "11"), Trade(2, "09:01:00", "10")]);
        Fill();
        _grid.Apply([Trade(3, "12:00:00", "10"), Trade(4, "12:01:00", "10")]);
        foreach (var interval in (long[])[UnixNanos.PerSecond, UnixNanos.PerMinute])
        {
            var bars = View().Bars(interval, Earliest, Latest, 100, _grid.Image.Context.Order, _grid.Image.Context);
            Assert.InRange(bars.Count, 2, 3);
            Assert.All(bars, b => Assert.Equal("9 11", $"{b.Bid.Price} {b.Ask.Price}"));
        }
    }

    // Rolls out what came before: prices and sizes that cannot be packed closely.
    private void Fill()
    {
        var random = new Random(1);
        var start = At("09:30:00").Value;
        for (var batch = 0; batch < 40; batch++)
        {
            _grid.Apply(Enumerable.Range(0, 10_000).Select(_ =>
            {
                var trade = Trade(++_filled, "09:30:00", "10", "1", ByBatch, Msft);
                var e = trade.Event;
                (e.EventTime, e.F0, e.F1) = (new UnixNanos(start + ((long)_filled * 1_000_000)), random.NextInt64(1, 1L << 55), random.NextInt64(1, 1L << 40));
                return trade with { Event = e };
            }).ToList());
        }
    }

    private InstrumentState State(string symbol = "AAPL") => _grid.Image.Instruments[new InstrumentId((uint)_grid.Image.Names.Instruments.Find(symbol))]!;

    private InstrumentView View(string symbol = "AAPL") => InstrumentView.Of(State(symbol));
}
