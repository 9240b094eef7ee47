using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;
using Grid.Testing;
using static Grid.Testing.TestMarket;

namespace Grid.Domain.Tests.Instruments;

public sealed class InstrumentStateTests
{
    private readonly OneInstrument _apple = new(Names);

    [Fact]
    public void Nothing_is_known_before_the_first_event()
    {
        _apple.State.Read(out var latest);
        Assert.Equal((false, false, false, 0u, 0UL), (latest.HasLast, latest.Bid.IsSet, latest.Ask.IsSet, latest.Day.Date, latest.Version));
    }

    [Fact]
    public void Late_trade_enters_bars_and_day_but_never_becomes_last()
    {
        Apply(Trade(2, "10:05:00", "12"), Trade(1, "10:00:00", "20"), Trade(3, "10:04:59.999999999", "5"));
        var latest = Latest();
        Assert.Equal(("12", "20", "20", "5", 3L), (latest.Last.Price.ToString(), latest.Day.Open.ToString(), latest.Day.High.ToString(), latest.Day.Low.ToString(), latest.Day.Count));
        Assert.Equal(3, _apple.Picture().Count(l => l.StartsWith("AAPL minute", StringComparison.Ordinal)));
    }

    [Fact]
    public void Reader_that_may_not_wait_gives_up_in_the_middle_of_a_change_and_reads_after_it()
    {
        bool? wasRead = null;
        _apple.History.Appending = () => wasRead = _apple.State.TryRead(out _);

        Apply(Trade(1, "10:00:00", "10"));

        Assert.False(wasRead);
        Assert.True(_apple.State.TryRead(out var latest));
        Assert.Equal(("10", 1UL), (latest.Last.Price.ToString(), latest.Version));
    }

    [Fact]
    public void Trades_of_one_time_are_ordered_by_source_name_then_number()
    {
        Apply(Trade(9, "10:00:00", "1", source: Contiguous), Trade(1, "10:00:00", "2"));
        Assert.Equal("1", Latest().Last.Price.ToString());
        Apply(Trade(1, "10:00:00", "3", source: Strict), Trade(8, "10:00:00", "4", source: Contiguous));
        Assert.Equal("3", Latest().Last.Price.ToString());
    }

    [Fact]
    public void Each_side_of_a_quote_is_versioned_by_itself()
    {
        Apply(Quote(1, "10:00:00", "9", "11"), Quote(3, "10:00:02", "10", null), Quote(2, "10:00:01", "8", "12"));
        Assert.Equal(("10", "12"), Quoted());
        Apply(Quote(5, "10:00:03", null, ""), Quote(4, "10:00:02.5", null, "13"));
        Assert.Equal(("10", "none"), Quoted());
        Apply(Quote(6, "10:00:04", null, null));
        Assert.Equal(("10", "none"), Quoted());
    }

    [Fact]
    public void Best_bid_and_offer_are_over_sources_and_ties_go_to_the_earlier_then_to_the_name()
    {
        Apply(Quote(1, "10:00:01", "10", "20"), Quote(1, "10:00:00", "10", "21", Contiguous), Quote(1, "10:00:01", "9", "20", ByBatch));
        Assert.Equal(("contiguous", "by-batch"), BestBy());
        Apply(Quote(2, "10:00:02", "", ""), Quote(2, "10:00:03", "9.5", "19", Contiguous));
        Assert.Equal(("contiguous", "contiguous"), BestBy());
        Apply(Quote(3, "10:00:04", "", "", Contiguous));
        Assert.Equal(("by-batch", "by-batch"), BestBy());
    }

    [Fact]
    public void Quote_that_sets_nothing_leaves_no_bar_behind_however_late()
    {
        Apply(Trade(1, "10:05:00", "10"), Quote(2, "10:00:00", null, null), Quote(3, "10:05:01", null, null), Trade(4, "10:06:00", "10"));
        Assert.Equal(2, _apple.Picture().Count(l => l.StartsWith("AAPL minute", StringComparison.Ordinal)));
    }

    [Fact]
    public void Day_is_the_newest_session_date_that_has_a_trade()
    {
        Apply(Trade(1, "10:00:00", "10"));
        Apply(AtDay(Trade(2, "10:00:00", "30"), +1), AtDay(Trade(3, "11:00:00", "40"), +1), AtDay(Trade(4, "10:00:00", "5"), -1));
        Assert.Equal((20240302u, 2L, "30", "40"), (Latest().Day.Date, Latest().Day.Count, Latest().Day.Open.ToString(), Latest().Day.High.ToString()));
        Apply(AtDay(Cancel(5, "12:00:00", amends: 2), +1), AtDay(Cancel(6, "12:00:00", amends: 3), +1));
        Assert.Equal((20240301u, 1L, "10", "10"), (Latest().Day.Date, Latest().Day.Count, Latest().Day.Open.ToString(), Latest().Last.Price.ToString()));
        Apply(AtDay(Correct(7, "13:00:00", amends: 3, "41"), +1));
        Assert.Equal((20240302u, 1L, "41", "41"), (Latest().Day.Date, Latest().Day.Count, Latest().Day.Open.ToString(), Latest().Last.Price.ToString()));
        Apply(AtDay(Cancel(8, "13:00:00", amends: 7), +1), Cancel(9, "13:00:00", amends: 1), AtDay(Cancel(10, "13:00:00", amends: 4), -1));
        Assert.Equal((0u, false), (Latest().Day.Date, Latest().HasLast));
    }

    [Fact]
    public void Session_calendar_says_to_which_day_an_evening_trade_belongs()
    {
        var hours = Enum.GetValues<DayOfWeek>().Select(d => new SessionHours(d, TimeSpan.FromHours(18), TimeSpan.FromHours(17)));
        var calendar = new SessionCalendar("evening", [], hours, []);
        var rules = new RuleBook([new("default", new ClassRules { Calendar = "evening" })], [calendar]);
        var instrument = new OneInstrument(Names, rules);
        foreach (var line in (MarketLine[])[Trade(1, "17:59:00", "10"), Trade(2, "18:00:00", "11"), AtDay(Trade(3, "09:00:00", "12"), +1), Trade(4, "18:01:00", "13")])
        {
            instrument.Apply(line.Event);
        }

        instrument.State.Read(out var latest);
        Assert.Equal((20240302u, 3L, "11", "13"), (latest.Day.Date, latest.Day.Count, latest.Day.Open.ToString(), latest.Day.High.ToString()));
    }

    [Fact]
    public void Cancel_that_comes_before_its_trade_waits_for_it()
    {
        Apply(Cancel(5, "10:00:01", amends: 4));
        Assert.True(_apple.State.HasPendingAmendments);
        Apply(Trade(4, "10:00:00", "10"), Trade(6, "10:00:00", "11"));
        Assert.Equal((false, 1L, "11"), (_apple.State.HasPendingAmendments, Latest().Day.Count, Latest().Last.Price.ToString()));
    }

    [Fact]
    public void Amendment_that_comes_again_makes_nothing_again()
    {
        Apply(Trade(1, "10:00:00", "10", source: ByBatch), Trade(2, "10:05:00", "11", source: ByBatch), Cancel(3, "10:06:00", amends: 1, ByBatch));
        var bars = new List<BarAccumulator>();
        _apple.History.ReadBars(new(long.MinValue), new(long.MaxValue), bars);
        Apply([.. Enumerable.Repeat(Cancel(3, "10:06:00", amends: 1, ByBatch), 5)]);
        var again = new List<BarAccumulator>();
        _apple.History.ReadBars(new(long.MinValue), new(long.MaxValue), again);
        Assert.Equal((1L, bars.Count), (Latest().Day.Count, again.Count));
    }

    [Fact]
    public void Amendments_of_trades_that_history_no_longer_holds_whole_change_nothing_and_wait()
    {
        Apply(Trade(1, "10:00:00", "10"), Trade(2, "10:05:00", "11"), Trade(3, "10:05:30", "12"), Trade(4, "10:06:00", "13"), Trade(5, "10:07:00", "9"));
        _apple.History.ForgetBefore(At("10:05:20"));
        Apply(Cancel(6, "10:08:00", amends: 3));
        Assert.Equal((5L, "10", true), (Latest().Day.Count, Latest().Day.Open.ToString(), _apple.State.HasPendingAmendments));
    }

    [Fact]
    public void Cancel_of_the_last_trade_says_none_and_waits_if_history_no_longer_holds_the_one_before()
    {
        Apply(Trade(1, "10:00:00", "10"), Trade(2, "10:05:00", "11"));
        _apple.History.ForgetBefore(At("10:05:00"));
        Apply(Cancel(3, "10:08:00", amends: 2));
        Assert.Equal((false, true), (Latest().HasLast, _apple.State.HasPendingAmendments));
    }

    [Fact]
    public void Cancelled_trade_that_comes_back_counts_once_though_its_minute_goes_on()
    {
        Apply(Trade(1, "10:00:00", "10"), Cancel(3, "10:05:00", amends: 2), Trade(2, "10:05:00", "20"));
        Assert.Equal(1, Latest().Day.Count);
        Apply(Correct(4, "10:05:00", amends: 2, "21"), Trade(5, "10:05:30", "22"), Correct(6, "10:05:40", amends: 5, "23"), Trade(7, "10:06:00", "24"));
        Assert.Equal((4L, "24"), (Latest().Day.Count, Latest().Last.Price.ToString()));
        Assert.Contains(_apple.Picture(), l => l.StartsWith("AAPL minute 2024-03-01T10:05:00.000000000Z: 2 of", StringComparison.Ordinal));
    }

    [Fact]
    public void History_has_every_applied_event_as_it_came_with_its_outcome()
    {
        Apply(Trade(1, "10:00:00", "10"), Quote(2, "10:00:01", "9", null), Correct(3, "10:00:02", amends: 1, "11"));
        var flagged = Trade(4, "10:00:03", "12").Event;
        _apple.State.Apply(in flagged, Outcome.Flag(RejectReason.PriceBand));
        Assert.Equal(
            [(EventKind.Trade, 1UL, RejectReason.None), (EventKind.Quote, 2UL, RejectReason.None), (EventKind.Correct, 3UL, RejectReason.None), (EventKind.Trade, 4UL, RejectReason.PriceBand)],
            _apple.History.Ticks.Select(t => (t.Event.Kind, t.Event.Sequence, t.Outcome.Reason)));
        Assert.Equal("10", _apple.History.Ticks[0].Event.Price.ToString());
        Assert.Equal(4UL, _apple.State.Version);
    }

    [Fact]
    public void Definition_counts_as_a_version_and_leaves_no_tick()
    {
        _apple.State.Apply(Define(1, "10:00:00", new InstrumentDefinition()).Event, Outcome.Accepted);
        Assert.Equal((1UL, 0), (_apple.State.Version, _apple.History.Ticks.Count));
        Assert.Equal((1UL, 0UL), (Latest().Version, Latest().Ticks));
    }

    [Fact]
    public void Who_follows_sees_the_state_and_the_history_of_one_moment()
    {
        var view = _apple.History.Freeze();
        Assert.False(_apple.State.Follow(view, out var latest, out _));
        Assert.Equal(0UL, latest.Ticks);
        Apply(Trade(1, "10:00:00", "10"), Define(2, "10:00:00", new InstrumentDefinition()), Trade(3, "10:00:01", "11"));
        Assert.True(_apple.State.Follow(view, out latest, out var minute));
        Assert.Equal((2UL, "11", 2L), (latest.Ticks, latest.Last.Price.ToString(), minute.Count));
        Apply(Trade(4, "10:00:02", "12"));
        var ticks = new HistoryTick[4];
        Assert.Equal((1, 3UL), (view.ReadTicksAfter(1, latest.Ticks, ticks, out _), ticks[0].Event.Sequence));
    }

    [Fact]
    public void Room_for_amendments_is_made_by_old_ones_only()
    {
        for (ulong i = 0; i < GridLimits.AmendmentsMax; i++)
        {
            Apply(Cancel(10_000 + i, "10:00:00", amends: i + 1));
        }

        Assert.False(_apple.State.HasRoomForAmendment(At("23:00:00")));
        Assert.True(_apple.State.HasRoomForAmendment(new UnixNanos(At("10:00:01").Value + (2 * UnixNanos.PerDay))));
    }

    private static MarketLine AtDay(MarketLine line, int days) =>
        line with { Event = line.Event with { EventTime = new UnixNanos(line.Event.EventTime.Value + (days * UnixNanos.PerDay)) } };

    private void Apply(params MarketLine[] lines)
    {
        foreach (var line in lines)
        {
            _apple.Apply(line.Event);
        }
    }

    private Latest Latest()
    {
        _apple.State.Read(out var latest);
        return latest;
    }

    private (string Bid, string Ask) Quoted() =>
        (Latest().Bid is { IsSet: true } bid ? bid.Price.ToString() : "none", Latest().Ask is { IsSet: true } ask ? ask.Price.ToString() : "none");

    private (string Bid, string Ask) BestBy() => (Names.Source(Latest().Bid.Source), Names.Source(Latest().Ask.Source));
}
