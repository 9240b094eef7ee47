using Grid.Domain.Cusips;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Tests.Dedup;

namespace Grid.Domain.Tests.Cusips;

public sealed class CusipStateTests
{
    private const uint Monday = 20131007;
    private const uint Tuesday = 20131008;

    private static readonly Cusip Bond = Cusip.Parse("037833100");
    private static readonly Cusip Other = Cusip.Parse("92940*118");

    [Fact]
    public void Nothing_is_known_of_a_new_cusip()
    {
        var state = new CusipState(Bond, new GridNames());
        Assert.Equal(default, state.Market);
        Assert.Equal(default, state.MarketOn(Monday));
        Assert.Empty(state.Dates);
        Assert.Empty(state.RunsOn(Monday));
        Assert.Empty(state.QuotesOn(Monday));
        Assert.Null(state.Market.Mid);
        Assert.Null(state.Market.Spread);
    }

    [Fact]
    public void The_best_sides_are_taken_over_dealers()
    {
        var names = Names();
        var state = new CusipState(Bond, names);
        Run(state, names, "alpha", 1, "99", "101");
        Run(state, names, "beta", 2, "99.5", "102");
        Run(state, names, "gamma", 3, null, "100.75");
        Run(state, names, "delta", 4, null, null);
        var market = state.Market;
        Assert.Equal((Monday, "99.5", "100.75", 3), (market.Date, market.Bid.Price.ToString(), market.Ask.Price.ToString(), market.DealerCount));
        Assert.Equal(("beta", "gamma"), (names.Sources.Text(market.Bid.Source.Value), names.Sources.Text(market.Ask.Source.Value)));
        Assert.Equal(("100.125", "1.25"), (market.Mid.ToString(), market.Spread.ToString()));
        Assert.Equal(["alpha", "beta", "delta", "gamma"], state.RunsOn(Monday).Select(run => names.Sources.Text(run.Dealer.Value)));
    }

    [Fact]
    public void The_most_recent_run_of_a_dealer_replaces_the_whole_of_the_one_before()
    {
        var names = Names();
        var state = new CusipState(Bond, names);
        Assert.Equal(CusipChange.Changed, Run(state, names, "alpha", 5, "99", "101"));
        Assert.Equal(CusipChange.None, Run(state, names, "alpha", 4, "99.75", "100"));
        Assert.Equal(CusipChange.None, Run(state, names, "alpha", 5, "99", "101"));
        Assert.Equal("99", state.Market.Bid.Price.ToString());
        Assert.Equal(CusipChange.Changed, Run(state, names, "alpha", 6, "98", null));
        Assert.Equal(("98", false, 1), (state.Market.Bid.Price.ToString(), state.Market.Ask.IsSet, state.Market.DealerCount));
        Assert.Null(state.Market.Mid);
        Assert.Equal(2ul, state.Version);
    }

    [Fact]
    public void Each_date_has_its_own_market()
    {
        var names = Names();
        var state = new CusipState(Bond, names);
        Run(state, names, "alpha", 9, "99", "101", Tuesday);
        Run(state, names, "alpha", 1, "90", "91", Monday);
        Assert.Equal([Tuesday, Monday], state.Dates);
        Assert.Equal("99", state.Market.Bid.Price.ToString());
        Assert.Equal("90", state.MarketOn(Monday).Bid.Price.ToString());
    }

    [Fact]
    public void The_newest_dates_are_kept_whatever_the_order()
    {
        var names = Names();
        var random = new Random(1);
        for (var round = 0; round < 20; round++)
        {
            var dates = Enumerable.Range(0, 2 * CusipState.DatesMax).Select(i => Monday + (uint)i).ToArray();
            random.Shuffle(dates);
            var state = new CusipState(Bond, names);
            foreach (var date in dates)
            {
                var isKept = state.Dates.Count() < CusipState.DatesMax || date > state.Dates.Last();
                Assert.Equal(isKept ? CusipChange.Changed : CusipChange.TooOld, Run(state, names, "alpha", 1, "99", "101", date));
            }

            Assert.Equal(dates.OrderDescending().Take(CusipState.DatesMax), state.Dates);
        }
    }

    [Fact]
    public void Quotes_of_instruments_take_part_side_by_side()
    {
        var names = Names();
        var state = new CusipState(Bond, names);
        Run(state, names, "alpha", 1, "99", "101");
        Assert.Equal(CusipChange.Changed, Quote(state, names, "venue", "BOND.A", 10, "99.25", null));
        Assert.Equal(CusipChange.Changed, Quote(state, names, "venue", "BOND.A", 5, null, "100.5"));
        Assert.Equal(CusipChange.None, Quote(state, names, "venue", "BOND.A", 4, "99.9", null));
        Assert.Equal(CusipChange.Changed, Quote(state, names, "alpha", "BOND.A", 4, "98", null));
        Assert.Equal(CusipChange.None, Quote(state, names, "alpha", "BOND.A", 9, null, null));
        Assert.Equal(("99.25", "100.5", 2), (state.Market.Bid.Price.ToString(), state.Market.Ask.Price.ToString(), state.Market.DealerCount));
        Assert.Equal(["alpha", "venue"], state.QuotesOn(Monday).Select(q => names.Sources.Text(q.Quote.Source.Value)));
        Assert.Single(state.RunsOn(Monday));
        Assert.Throws<ArgumentException>(() => state.Apply(Monday, InstrumentId.None, default(SourceQuote)));
    }

    [Theory]
    [InlineData("1", "2", "1.5")]
    [InlineData("0.000000001", "0.000000002", "0.000000002")]
    [InlineData("0.000000002", "0.000000003", "0.000000002")]
    [InlineData("-0.000000002", "-0.000000001", "-0.000000002")]
    [InlineData("-0.000000001", "0", "0")]
    [InlineData("9223372036.854775807", "9223372036.854775807", "9223372036.854775807")]
    public void The_middle_is_rounded_half_to_even(string bid, string ask, string mid)
    {
        var market = new CusipMarket(Monday, new Side(true, Price.Parse(bid), default, default, default), new Side(true, Price.Parse(ask), default, default, default), 1);
        Assert.Equal(mid, market.Mid.ToString());
    }

    [Fact]
    public void A_spread_that_is_no_price_is_not_given()
    {
        var market = new CusipMarket(Monday, new Side(true, new Price(long.MinValue), default, default, default), new Side(true, new Price(long.MaxValue), default, default, default), 1);
        Assert.Null(market.Spread);
        Assert.Equal(new Price(0), market.Mid);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Any_order_and_any_repetition_give_the_same_state(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 30; round++)
        {
            var contributions = Enumerable.Range(0, 60).Select(_ => RandomContribution(random)).ToArray();
            var expected = Describe(contributions, new Random(0), 1);
            for (var permutation = 1; permutation < 6; permutation++)
            {
                var shuffled = (Contribution[])contributions.Clone();
                random.Shuffle(shuffled);
                Contribution[] repeated = [.. shuffled, .. shuffled.Take(20)];
                Assert.Equal(expected, Describe(repeated, random, 3));
            }
        }
    }

    [Fact]
    public void A_full_date_refuses_further_contributors_but_not_newer_contributions()
    {
        var names = Names();
        var state = new CusipState(Bond, names);
        for (var i = 0; i < CusipState.ContributionsMax; i++)
        {
            Assert.Equal(CusipChange.Changed, Run(state, names, $"D{i:D4}", 1, "99", "101"));
        }

        Assert.Equal(CusipChange.Refused, Run(state, names, "late", 1, "100", "101"));
        Assert.Equal(CusipChange.Refused, Quote(state, names, "late", "BOND.A", 1, "100", "101"));
        Assert.Equal(CusipChange.Changed, Run(state, names, "D0007", 2, "99.5", "101"));
        Assert.Equal((2ul, "99.5", CusipState.ContributionsMax), (state.RefusedCount, state.Market.Bid.Price.ToString(), state.Market.DealerCount));
    }

    [Fact]
    public void Saved_bytes_that_cannot_be_are_refused()
    {
        var names = Names();
        var state = new CusipState(Bond, names);
        Run(state, names, "alpha", 1, "99", "101");
        Quote(state, names, "venue", "BOND.A", 10, "99.25", null);
        var bytes = SavedState.Of(state.Save);
        CusipState Read(ref StateReader reader) => CusipState.Load(Bond, names, ref reader);
        SavedState.AssertCutsAreRefused(bytes, Read);
        bytes[0] = 7;
        Assert.Equal("the saved state of CUSIP 037833100 has version 7; this program knows 1", Assert.Throws<FormatException>(() => SavedState.Read(bytes, Read)).Message);
    }

    private sealed record Contribution(string Source, string? Instrument, uint Date, MarketEvent Event, RunDetail Detail, string Channel, string Venue, string Symbol);

    // Few values for each part, so that all ties occur.
    private static Contribution RandomContribution(Random random)
    {
        var e = new MarketEvent
        {
            Kind = EventKind.Run,
            Flags = (EventFlags)random.Next(16),
            EventTime = new UnixNanos(random.Next(3)),
            Session = (uint)random.Next(2),
            Sequence = (ulong)random.Next(2),
            Conditions = (uint)random.Next(2),
            F0 = random.Next(1, 3),
            F1 = random.Next(2),
            F2 = random.Next(1, 3),
            F3 = random.Next(2),
        };
        var isQuote = random.Next(3) == 0;
        e.Kind = isQuote ? EventKind.Quote : EventKind.Run;
        return new Contribution(
            $"S{random.Next(3)}",
            isQuote ? $"I{random.Next(2)}" : null,
            Monday + (uint)random.Next(2),
            e,
            new RunDetail(Bond, random.Next(2), RunDetail.Absent, 0, random.Next(2), random.Next(2) == 0 ? default : Other),
            $"C{random.Next(2)}",
            $"V{random.Next(2)}",
            $"R{random.Next(2)}");
    }

    // Applies contributions in a process of its own: its numbers of names are in another order, and it restarts now and then.
    private static string Describe(Contribution[] contributions, Random random, int nameOrder)
    {
        var names = new GridNames();
        string[] all = ["S0", "S1", "S2", "I0", "I1", "C0", "C1", "V0", "V1", "R0", "R1"];
        if (nameOrder > 1)
        {
            random.Shuffle(all);
        }

        foreach (var name in all)
        {
            foreach (var kind in Enum.GetValues<NameKind>())
            {
                names[kind].GetOrAdd(name);
            }
        }

        var state = new CusipState(Bond, names);
        foreach (var contribution in contributions)
        {
            var e = contribution.Event with
            {
                Source = new SourceId((ushort)names.Sources.Find(contribution.Source)),
                Channel = new ChannelId((uint)names.Channels.Find(contribution.Channel)),
                Venue = new VenueId((ushort)names.Venues.Find(contribution.Venue)),
                Instrument = new InstrumentId((uint)names.Instruments.Find(contribution.Instrument ?? contribution.Symbol)),
                ReceiveTime = new UnixNanos(random.Next()),
            };
            if (contribution.Instrument is null)
            {
                state.Apply(contribution.Date, in e, contribution.Detail);
            }
            else
            {
                state.Apply(contribution.Date, e.Instrument, SourceQuote.Of(in e));
            }

            if (random.Next(40) == 0)
            {
                CusipState Read(ref StateReader reader) => CusipState.Load(Bond, names, ref reader);
                var version = state.Version;
                state = SavedState.Read(SavedState.Of(state.Save), Read);
                Assert.Equal(version, state.Version);
            }
        }

        return string.Join('\n', state.Dates.SelectMany(date => DescribeDate(state, names, date)));
    }

    private static IEnumerable<string> DescribeDate(CusipState state, GridNames names, uint date)
    {
        var market = state.MarketOn(date);
        yield return $"{market.Date} {market.DealerCount} {market.Mid} {market.Spread} "
            + $"{names.Sources.Text(market.Bid.Source.Value)} {market.Bid with { Source = default }} {names.Sources.Text(market.Ask.Source.Value)} {market.Ask with { Source = default }}";
        foreach (var run in state.RunsOn(date))
        {
            var e = run.Event;
            yield return $"{names.Sources.Text(e.Source.Value)} {names.Symbol(e.Instrument)} {names.Venues.Text(e.Venue.Value)} {names.Channels.Text((int)e.Channel.Value)} "
                + $"{e.Flags} {e.EventTime} {e.Session} {e.Sequence} {e.Conditions} {e.F0} {e.F1} {e.F2} {e.F3} {run.Detail}";
        }

        foreach (var quote in state.QuotesOn(date))
        {
            yield return $"{names.Sources.Text(quote.Quote.Source.Value)} {names.Symbol(quote.Instrument)} {quote.Quote.Bid} {quote.Quote.Ask}";
        }
    }

    private static GridNames Names() => new();

    private static CusipChange Run(CusipState state, GridNames names, string dealer, long time, string? bid, string? ask, uint date = Monday)
    {
        var e = Event(names, dealer, time, bid, ask) with { Kind = EventKind.Run };
        return state.Apply(date, in e, new RunDetail(Bond, 0, 0, 0, 0, default));
    }

    private static CusipChange Quote(CusipState state, GridNames names, string source, string symbol, long time, string? bid, string? ask)
    {
        var e = Event(names, source, time, bid, ask) with { Kind = EventKind.Quote };
        return state.Apply(Monday, new InstrumentId((uint)names.Instruments.GetOrAdd(symbol)), SourceQuote.Of(in e));
    }

    private static MarketEvent Event(GridNames names, string source, long time, string? bid, string? ask) => new()
    {
        Source = new SourceId((ushort)names.Sources.GetOrAdd(source)),
        EventTime = new UnixNanos(time),
        Flags = (bid is null ? EventFlags.None : EventFlags.BidSet) | (ask is null ? EventFlags.None : EventFlags.AskSet),
        F0 = Price.Parse(bid ?? "0").Raw,
        F1 = Quantity.One,
        F2 = Price.Parse(ask ?? "0").Raw,
        F3 = Quantity.One,
    };
}
