using Grid.Client.Streams;

namespace Grid.Client.Tests.Streams;

public sealed class StreamPositionsTests
{
    private readonly StreamPositions _positions = new();

    [Fact]
    public void Same_run_goes_on_after_what_was_seen()
    {
        _positions.Note("A", 5, frame: 10);
        _positions.Note("A", 6, frame: 12);
        _positions.Note("B", 1, frame: 12);
        Assert.Equal([("A", 6UL), ("B", 1UL)], Seen());
    }

    [Fact]
    public void Other_run_goes_on_after_what_was_flushed()
    {
        _positions.Note("A", 5, frame: 10);
        _positions.Note("A", 6, frame: 12);
        _positions.Note("B", 1, frame: 12);
        _positions.Flushed(11);
        _positions.TakeBack();
        Assert.Equal([("A", 5UL)], Seen());
    }

    [Fact]
    public void All_that_was_flushed_is_kept()
    {
        _positions.Note("A", 5, frame: 10);
        _positions.Note("A", 6, frame: 12);
        _positions.Flushed(12);
        _positions.TakeBack();
        Assert.Equal([("A", 6UL)], Seen());
    }

    [Fact]
    public void Version_that_is_awaited_is_let_go_only_when_it_is_flushed()
    {
        for (ulong version = 1; version <= 100; version++)
        {
            // The disk is always ten frames behind.
            _positions.Note("A", version, frame: version);
            _positions.Flushed(Math.Max(version, 10) - 10);
        }

        _positions.TakeBack();
        var (symbol, durable) = Assert.Single(Seen());
        Assert.Equal("A", symbol);
        Assert.InRange(durable, 70UL, 90UL);
    }

    [Fact]
    public void Frames_of_another_run_say_nothing_of_this_one()
    {
        _positions.Note("A", 5, frame: 1_000);
        _positions.Flushed(1_000);
        _positions.TakeBack();
        _positions.Flushed(20);
        _positions.Note("A", 6, frame: 21);
        _positions.TakeBack();
        Assert.Equal([("A", 5UL)], Seen());
    }

    private IEnumerable<(string, ulong)> Seen() => _positions.Seen().Select(p => (p.Key, p.Value)).Order();
}
