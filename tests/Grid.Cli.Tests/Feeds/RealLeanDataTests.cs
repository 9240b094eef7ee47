using Grid.Domain.Events;
using Grid.Domain.Identifiers;

namespace Grid.Cli.Tests.Feeds;

/// <summary>Reads other people's real ticks and compares with what was found in them by other tools.</summary>
public sealed class RealLeanDataTests
{
    [Fact]
    public void All_equity_ticks_are_read_and_none_is_malformed()
    {
        var rig = ReaderRig.Lean(SharedData.Require("lean/equity-tick"));

        Assert.Empty(rig.Malformed);
        Assert.Empty(rig.LeftOut);
        var rows = rig.Events.CountBy(e => (rig.Channel(e), e.Session)).ToDictionary();
        Assert.Equal(25_351, rows[("trade.AIG", 20131007)]);
        Assert.Equal(43_342, rows[("trade.AIG", 20131008)]);
        Assert.Equal(88_172, rows[("trade.BAC", 20131007)]);
        Assert.Equal(125_872, rows[("trade.BAC", 20131008)]);
        Assert.Equal(24_293, rows[("trade.IBM", 20131007)]);
        Assert.Equal(33_381, rows[("trade.IBM", 20131008)]);
        Assert.Equal(250_601, rows[("trade.SPY", 20131007)]);
        Assert.Equal(451_545, rows[("trade.SPY", 20131008)]);
        Assert.Equal(476_855, rows[("quote.BAC", 20131007)]);
        Assert.Equal(576_096, rows[("quote.BAC", 20131008)]);
        Assert.Equal(109_067, rows[("quote.IBM", 20131007)]);
        Assert.Equal(125_750, rows[("quote.IBM", 20131008)]);

        Assert.Equal(2, rig.Events.Count(e => e.Has(EventFlags.Suspicious)));
        Assert.All(rig.Events.Where(e => e.Kind == EventKind.Quote), e => Assert.True(e.Has(EventFlags.BidSet) != e.Has(EventFlags.AskSet)));
        AssertInOrder(rig);
    }

    [Fact]
    public void Trade_volume_without_official_prints_is_as_in_the_ticks()
    {
        var rig = ReaderRig.Lean(Path.Combine(SharedData.Require("lean/equity-tick"), "aig", "20131007_trade.zip"));

        var official = rig.Events.Count(e => (e.Conditions & 0x0500_0000) != 0);
        var volume = rig.Events.Where(e => (e.Conditions & 0x0500_0000) == 0).Sum(e => e.F1 / Quantity.One);

        Assert.Equal(OfficialPrintsOfAig, official);
        Assert.Equal(VolumeOfAig, volume);
    }

    [Fact]
    public void Gold_trades_are_read_by_expiry_with_their_zero_volumes()
    {
        var rig = ReaderRig.Lean(SharedData.Require("lean/gold-tick"));

        Assert.Empty(rig.Malformed);
        Assert.Equal(10, rig.Events.Select(rig.Symbol).Distinct().Count());
        Assert.Equal(39_702, rig.Events.Count(e => rig.Symbol(e) == "GC201312"));
        Assert.Equal(147, rig.Events.Count(e => e.F1 == 0));

        // The pause of COMEX from 17:15 to 18:00 in New York shows that the file is in UTC.
        Assert.DoesNotContain(rig.Events, e => e.EventTime.ToDateTimeOffset().TimeOfDay is var t && t >= new TimeSpan(21, 15, 0) && t < new TimeSpan(22, 0, 0));
        AssertInOrder(rig);
    }

    [Fact]
    public void Forex_quotes_open_the_week_on_Sunday_at_five_in_New_York()
    {
        var rig = ReaderRig.Lean(SharedData.Require("lean/forex-tick"));

        Assert.Empty(rig.Malformed);
        Assert.Equal("2014-05-04T21:00:00.462000000Z", rig.Events.First(e => e.Session == 20140504).EventTime.ToString());
        Assert.All(rig.Events, e => Assert.Equal(EventFlags.BidSet | EventFlags.AskSet, e.Flags));
        AssertInOrder(rig);
    }

    private const int OfficialPrintsOfAig = 3;
    private const long VolumeOfAig = 5_299_107;

    private static void AssertInOrder(ReaderRig rig)
    {
        for (var i = 1; i < rig.Events.Count; i++)
        {
            Assert.True(rig.Events[i].EventTime >= rig.Events[i - 1].EventTime, $"event {i} is earlier than the one before it");
        }
    }
}
