using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Runtime.Queries;
using Grid.Testing;
using static Grid.Testing.TestMarket;

namespace Grid.Runtime.Tests.Markets;

/// <summary>Cases in which the order of arrival could decide, each in every order.</summary>
public sealed class ArrivalOrderTests
{
    [Fact]
    public void Cancel_of_a_number_that_is_used_again_cancels_all_its_trades_and_no_quote()
    {
        EveryOrder(
            Trade(5, "10:00:00", "10", source: ByNothing), Quote(5, "10:00:10", "9", "11", ByNothing), Trade(5, "10:05:00", "12", source: ByNothing),
            Cancel(9, "10:06:00", amends: 5, ByNothing), Trade(6, "10:05:30", "11", source: ByNothing));
    }

    [Fact]
    public void Amendment_reaches_trades_that_share_the_number_of_an_amendment_on_its_way()
    {
        EveryOrder(
            Trade(5, "10:00:00", "10", source: ByNothing), Correct(10, "10:01:00", amends: 5, "11", source: ByNothing), Trade(10, "10:02:00", "12", source: ByNothing),
            Cancel(11, "10:06:00", amends: 10, ByNothing), Trade(6, "10:05:30", "11", source: ByNothing));
    }

    [Fact]
    public void Trades_belong_to_the_date_of_the_definition_that_holds_when_their_minute_begins()
    {
        var west = new InstrumentDefinition { Calendar = "west", ValidFrom = At("01:00:30"), ValidTo = At("01:11:20") };
        EveryOrder(
            Trade(1, "01:00:20", "10"), Trade(2, "01:00:40", "11"), Define(3, "01:06:00", west), Trade(4, "01:10:00", "13"), Trade(5, "01:11:30", "14"),
            Trade(6, "01:12:00", "15"));
    }

    [Fact]
    public void Definition_moves_the_day_whenever_it_comes()
    {
        EveryOrder(
            Trade(1, "01:00:00", "10"), Trade(2, "01:05:00", "11"), Define(3, "01:06:00", new InstrumentDefinition { Calendar = "west" }),
            Trade(4, "01:10:00", "13"), Cancel(5, "01:12:00", amends: 4), Trade(6, "01:12:00", "15"));
        EveryOrder(
            Trade(1, "14:29:00", "10"), Trade(2, "14:31:00", "11"), Define(3, "01:06:00", new InstrumentDefinition { Calendar = "evening" }),
            Define(4, "01:07:00", new InstrumentDefinition { Calendar = "east", ValidFrom = At("14:33:00") }), Trade(5, "14:33:00", "13"), Trade(6, "14:50:00", "15"));
    }

    [Fact]
    public void Definitions_of_one_moment_without_numbers_go_by_what_they_say()
    {
        var first = Define(0, "09:00:00", new InstrumentDefinition { Class = "fx" });
        var second = Define(0, "09:00:00", new InstrumentDefinition { Class = "bond" });
        MarketLine[] lines = [first with { Event = first.Event with { Source = new SourceId(ByNothing) } }, second with { Event = second.Event with { Source = new SourceId(ByNothing) } }];
        var classes = SmallMarket.Orders(2).Select(order =>
        {
            using var grid = Run(order.Select(i => lines[i]));
            return grid.Image.Instruments[new InstrumentId(1)]!.RulesAt(At("10:00:00")).Class;
        }).ToList();
        Assert.Same(classes[0], classes[1]);
    }

    [Fact]
    public void Pages_of_any_limit_are_the_beginning_of_the_whole()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var market = new RandomMarket(seed, eventsPerSource: 60);
            using var grid = new PlainGrid(market.Names);
            grid.Apply(market.All);
            var (order, context) = (grid.Image.Context.Order, grid.Image.Context);
            foreach (var state in grid.Image.Instruments.All())
            {
                var view = InstrumentView.Of(state);
                var all = new List<HistoryTick>();
                state.History.ReadTicks(new(long.MinValue), new(long.MaxValue), all);
                all.Sort((a, b) => order.Compare(a.Event, b.Event));
                var middle = all[all.Count / 2].Event.EventTime;
                foreach (var from in (UnixNanos[])[new(long.MinValue), middle])
                {
                    var bars = view.Bars(UnixNanos.PerSecond, from, new(long.MaxValue), int.MaxValue, order, context);
                    foreach (var limit in (int[])[1, 2, 7, 50, all.Count, int.MaxValue])
                    {
                        var page = view.Ticks(from, new(long.MaxValue), null, limit, order);
                        var expected = all.Where(t => t.Event.EventTime >= from).ToList();
                        Assert.Equal(expected.Take(limit).Select(t => Text(t.Event)), page.Ticks.Select(t => Text(t.Event)));
                        Assert.Equal(expected.Count <= limit, page.IsComplete);
                        Assert.Equal(bars.Take(limit), view.Bars(UnixNanos.PerSecond, from, new(long.MaxValue), limit, order, context));
                    }
                }
            }
        }

        static string Text(MarketEvent e) => $"{e.Kind} {e.EventTime} {e.Source} {e.Session} {e.Sequence} {e.F0} {e.F1} {e.F2} {e.F3}";
    }

    private static void EveryOrder(params MarketLine[] lines)
    {
        var expected = new NaiveMarket(Names, lines, RandomMarket.Rules).Picture();
        foreach (var order in SmallMarket.Orders(lines.Length))
        {
            using var grid = Run(order.Select(i => lines[i]));
            MarketPicture.AssertSame(expected, MarketPicture.Of(grid.Image));
        }
    }

    private static PlainGrid Run(IEnumerable<MarketLine> lines)
    {
        var grid = new PlainGrid(Names);
        foreach (var line in lines)
        {
            grid.Apply([line]);
        }

        return grid;
    }
}
