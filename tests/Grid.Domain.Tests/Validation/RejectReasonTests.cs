using System.Xml.Linq;
using Grid.Domain.Dedup;
using Grid.Domain.Validation;

namespace Grid.Domain.Tests.Validation;

public sealed class RejectReasonTests
{
    [Fact]
    public void Reasons_have_numbers_of_their_own_that_fit_an_outcome()
    {
        var reasons = Enum.GetValues<RejectReason>();
        Assert.Equal(reasons.Length, reasons.Distinct().Count());
        Assert.All(reasons, reason => Assert.InRange((int)reason, 0, 63));
    }

    [Fact]
    public void Every_reason_is_documented()
    {
        var comments = XDocument.Load(Path.Combine(AppContext.BaseDirectory, "Grid.Domain.xml"))
            .Descendants("member")
            .ToDictionary(member => member.Attribute("name")!.Value, member => member.Element("summary")?.Value.Trim());
        Assert.All(Enum.GetNames<RejectReason>(), name => Assert.NotEmpty(comments[$"F:{typeof(RejectReason).FullName}.{name}"]!));
    }

    // The numbers are in journals: this list is only ever added to.
    [Theory]
    [InlineData(RejectReason.None, 0)]
    [InlineData(RejectReason.AlreadySeen, 1)]
    [InlineData(RejectReason.OlderThanWindow, 2)]
    [InlineData(RejectReason.SequenceMissing, 3)]
    [InlineData(RejectReason.TooManyWindows, 4)]
    [InlineData(RejectReason.UnknownInstrument, 16)]
    [InlineData(RejectReason.PriceNotPositive, 17)]
    [InlineData(RejectReason.SizeNegative, 18)]
    [InlineData(RejectReason.SizeZero, 19)]
    [InlineData(RejectReason.SizeOverLimit, 20)]
    [InlineData(RejectReason.TimeAhead, 21)]
    [InlineData(RejectReason.TimeTooOld, 22)]
    [InlineData(RejectReason.OutsideSession, 23)]
    [InlineData(RejectReason.OffTick, 24)]
    [InlineData(RejectReason.Crossed, 25)]
    [InlineData(RejectReason.Locked, 26)]
    [InlineData(RejectReason.PriceBand, 27)]
    [InlineData(RejectReason.Suspicious, 28)]
    [InlineData(RejectReason.CusipMismatch, 29)]
    [InlineData(RejectReason.TooManyAmendments, 30)]
    [InlineData(RejectReason.TooManyDefinitions, 31)]
    [InlineData(RejectReason.TooManyCusips, 32)]
    [InlineData(RejectReason.NotStorable, 33)]
    public void Reasons_keep_their_numbers(RejectReason reason, int number) => Assert.Equal(number, (int)reason);

    [Fact]
    public void Outcomes_hold_every_disposition_with_every_reason()
    {
        foreach (var disposition in Enum.GetValues<Disposition>())
        {
            foreach (var reason in Enum.GetValues<RejectReason>())
            {
                var outcome = Outcome.Of(disposition, reason);
                Assert.Equal(disposition, outcome.Disposition);
                Assert.Equal(reason, outcome.Reason);
                Assert.Equal(disposition is Disposition.Accepted or Disposition.Flagged, outcome.IsApplied);
            }
        }

        Assert.Equal("Rejected TimeAhead", Outcome.Reject(RejectReason.TimeAhead).ToString());
        Assert.Equal("Accepted", Outcome.Accepted.ToString());
        Assert.Equal("Duplicate AlreadySeen", Outcome.Duplicate.ToString());
    }

    [Fact]
    public void What_is_done_with_unknown_instruments_has_the_numbers_of_rule_actions() => Assert.Equal(
        Enum.GetValues<RuleAction>().Select(action => (action.ToString(), (int)action)),
        Enum.GetValues<UnknownInstrumentAction>().Select(action => (action.ToString(), (int)action)));

    [Fact]
    public void Counts_add_up_by_disposition()
    {
        var counts = new OutcomeCounts();
        counts.Add(Outcome.Accepted);
        counts.Add(Outcome.Accepted, 4);
        counts.Add(Outcome.Flag(RejectReason.OffTick), 3);
        counts.Add(Outcome.Duplicate);
        counts.Add(Outcome.Reject(RejectReason.TimeAhead), 2);
        var twice = new OutcomeCounts();
        twice.Add(counts);
        twice.Add(counts);
        Assert.Equal((22, 10, 6, 2, 4), (twice.Total, twice.Accepted, twice.Flagged, twice.Duplicate, twice.Rejected));
        Assert.Equal(6, twice[Outcome.Flag(RejectReason.OffTick)]);
        Assert.Equal([10, 6, 2, 4], twice.NonZero().Select(pair => pair.Value));
        twice.Clear();
        Assert.Equal(0, twice.Total);
    }
}
