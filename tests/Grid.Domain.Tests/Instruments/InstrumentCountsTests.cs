using System.Runtime.CompilerServices;
using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;
using Grid.Domain.Validation;
using Grid.Testing;

namespace Grid.Domain.Tests.Instruments;

public sealed class InstrumentCountsTests
{
    private readonly MemoryHistory _history = new();
    private InstrumentState _state;

    public InstrumentCountsTests() => _state = New(_history);

    [Theory]
    [InlineData(0, 0, 0, 0, 0, null)]
    [InlineData(0, 0, 9, 0, 0, null)]
    [InlineData(10, 0, 0, 0, 0, 100_00)]
    [InlineData(10, 0, 90, 0, 0, 100_00)]
    [InlineData(0, 0, 0, 7, 0, 0)]
    [InlineData(9, 0, 0, 1, 0, 90_00)]
    [InlineData(0, 10, 0, 0, 0, 50_00)]
    [InlineData(0, 10, 0, 0, 10, 25_00)]
    [InlineData(8, 0, 0, 0, 1, 96_88)]
    [InlineData(long.MaxValue, 0, 0, 1, 0, 100_00)]
    [InlineData(long.MaxValue, 0, 0, long.MaxValue, 0, 50_00)]
    public void Score_is_what_its_formula_says(long accepted, long flagged, long duplicate, long rejected, long late, int? score)
    {
        var counts = new InstrumentCounts { Accepted = accepted, Flagged = flagged, Duplicate = duplicate, Rejected = rejected, Late = late };

        Assert.Equal(score, counts.Score);
    }

    [Fact]
    public void Each_event_is_counted_once_and_a_late_one_also_as_late()
    {
        _state.Apply(Trade(1, timeNs: 10), Outcome.Accepted);
        _state.Apply(Trade(2, timeNs: 10), Outcome.Flag(RejectReason.PriceBand));
        _state.Apply(Trade(3, timeNs: 9), Outcome.Accepted);
        _state.CountUnapplied(Trade(3, timeNs: 9), Outcome.Duplicate);
        _state.CountUnapplied(Trade(4, timeNs: 99), Outcome.Reject(RejectReason.TimeAhead));

        var counts = _state.ReadCounts(out var newest);

        Assert.Equal((2, 1, 1, 1, 1, 5), (counts.Accepted, counts.Flagged, counts.Duplicate, counts.Rejected, counts.Late, counts.Events));
        Assert.Equal((new UnixNanos(10), new UnixNanos(1004)), (newest, counts.LastReceived));
    }

    [Fact]
    public void Nothing_is_newest_while_nothing_was_applied()
    {
        _state.CountUnapplied(Trade(1, timeNs: 10), Outcome.Reject(RejectReason.PriceNotPositive));

        Assert.Equal(1, _state.ReadCounts(out var newest).Rejected);
        Assert.Null(newest);
    }

    [Fact]
    public void Counts_are_saved()
    {
        _state.Apply(Trade(1, timeNs: 10), Outcome.Accepted);
        _state.CountUnapplied(Trade(1, timeNs: 10), Outcome.Duplicate);
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        _state.Save(new StateWriter(buffer));
        var before = _state.ReadCounts(out _);

        _state = New(new MemoryHistory());
        var reader = new StateReader(buffer.WrittenSpan);
        _state.Load(ref reader);

        Assert.True(reader.IsAtEnd);
        Assert.Equal(before, _state.ReadCounts(out _));
    }

    /// <summary>A state as it was saved before there were counts. Such files are only ever added.</summary>
    [Fact]
    public void State_that_was_saved_without_counts_is_read()
    {
        var reader = new StateReader(File.ReadAllBytes(Golden()));

        _state.Load(ref reader, hasCounts: false);

        Assert.True(reader.IsAtEnd);
        _state.Read(out var latest);
        Assert.Equal(("102", "103", 3UL), (latest.Last.Price.ToString(), latest.Bid.Price.ToString(), latest.Version));
        Assert.Equal(0, _state.ReadCounts(out var newest).Events);
        Assert.Equal(new UnixNanos(1_700_000_000_000_000_003), newest);
        Assert.Equal(SequenceSeen.Duplicate, _state.ObserveSequence(Trade(3, timeNs: 1)));
    }

    private static string Golden([CallerFilePath] string path = "") => Path.Combine(Path.GetDirectoryName(path)!, "Golden", "uncounted.state");

    private static InstrumentState New(MemoryHistory history)
    {
        var names = new GridNames();
        names.Instruments.GetOrAdd("A");
        names.Sources.GetOrAdd("S");
        names.Venues.GetOrAdd("XNAS");
        names.Channels.GetOrAdd("C");
        var context = new InstrumentContext(names);
        context.Declare(new SourceId(1), new SourceDeclaration { Name = "S" });
        return new InstrumentState(new InstrumentId(1), context, history, RuleBook.BuiltIn.TimelineOf());
    }

    private static MarketEvent Trade(ulong sequence, long timeNs) => new()
    {
        Kind = EventKind.Trade,
        Source = new SourceId(1),
        Channel = new ChannelId(1),
        Instrument = new InstrumentId(1),
        Session = 20231114,
        Sequence = sequence,
        EventTime = new UnixNanos(timeNs),
        ReceiveTime = new UnixNanos(1000 + (long)sequence),
        F0 = Price.Of(10).Raw,
        F1 = Quantity.One,
    };
}
