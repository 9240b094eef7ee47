using Grid.Domain.Dedup;
using Grid.Domain.Events;
using Grid.Domain.Identifiers;
using Grid.Domain.Tests.Events;

namespace Grid.Domain.Tests.Dedup;

public sealed class ContentWindowTests
{
    private static readonly MarketEvent Trade = new()
    {
        Kind = EventKind.Trade,
        Source = new SourceId(1),
        Instrument = new InstrumentId(2),
        Channel = new ChannelId(3),
        Session = 20131007,
        Conditions = 4,
        Venue = new VenueId(5),
        Sequence = 6,
        EventTime = new UnixNanos(7),
        ReceiveTime = new UnixNanos(1_000_000_000_000),
        F0 = 8,
        F1 = 9,
        F2 = 10,
        F3 = 11,
    };

    [Fact]
    public void The_same_content_is_a_repeat()
    {
        var window = new ContentWindow();
        Assert.False(window.IsRepeat(Trade));
        Assert.True(window.IsRepeat(Trade));
        Assert.Equal(1, window.Count);
    }

    [Fact]
    public void Sequence_receive_time_and_what_grid_notes_are_not_content()
    {
        var window = new ContentWindow();
        window.IsRepeat(Trade);
        Assert.True(window.IsRepeat(Trade with { Sequence = 99 }));
        Assert.True(window.IsRepeat(Trade with { ReceiveTime = new UnixNanos(1_000_000_000_001) }));
        Assert.True(window.IsRepeat(Trade with { Flags = EventFlags.Flagged }));
        Assert.True(window.IsRepeat(Trade with { Detail = 3 }));
    }

    [Fact]
    public void Any_other_difference_makes_another_event()
    {
        var window = new ContentWindow();
        MarketEvent[] others =
        [
            Trade,
            Trade with { Kind = EventKind.Quote },
            Trade with { Flags = EventFlags.Suspicious },
            Trade with { Source = new SourceId(99) },
            Trade with { Instrument = new InstrumentId(99) },
            Trade with { Channel = new ChannelId(99) },
            Trade with { Session = 99 },
            Trade with { Conditions = 99 },
            Trade with { Venue = new VenueId(99) },
            Trade with { EventTime = new UnixNanos(99) },
            Trade with { F0 = 99 },
            Trade with { F1 = 99 },
            Trade with { F2 = 99 },
            Trade with { F3 = 99 },
        ];
        Assert.All(others, e => Assert.False(window.IsRepeat(e)));
        Assert.All(others, e => Assert.True(window.IsRepeat(e)));
    }

    [Fact]
    public void The_wider_part_is_content()
    {
        var window = new ContentWindow();
        Assert.False(window.IsRepeat(Trade, [1, 2, 3]));
        Assert.False(window.IsRepeat(Trade, [1, 2, 4]));
        Assert.False(window.IsRepeat(Trade));
        Assert.True(window.IsRepeat(Trade, [1, 2, 3]));
    }

    [Fact]
    public void Equal_content_received_later_than_the_window_is_another_event()
    {
        var window = new ContentWindow();
        window.IsRepeat(Trade);
        var limit = Trade.ReceiveTime.Value + ContentWindow.WindowNs;
        Assert.True(window.IsRepeat(Trade with { ReceiveTime = new UnixNanos(limit) }));
        Assert.False(window.IsRepeat(Trade with { ReceiveTime = new UnixNanos(limit + 1) }));
        Assert.True(window.IsRepeat(Trade with { ReceiveTime = new UnixNanos(limit + 2) }));
        Assert.False(window.IsRepeat(Trade with { ReceiveTime = new UnixNanos(long.MinValue) }));
    }

    [Fact]
    public void Only_the_newest_events_are_remembered()
    {
        var window = new ContentWindow();
        for (var i = 0; i <= ContentWindow.EventsMax; i++)
        {
            Assert.False(window.IsRepeat(Trade with { F0 = i }));
        }

        Assert.Equal(ContentWindow.EventsMax, window.Count);
        Assert.True(window.IsRepeat(Trade with { F0 = 1 }));
        Assert.False(window.IsRepeat(Trade with { F0 = 0 }));
        Assert.False(window.IsRepeat(Trade with { F0 = 1 }));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Repeats_agree_with_a_list_of_the_newest_also_after_a_restart(int seed)
    {
        var events = new RandomEvents(seed);
        var window = new ContentWindow();
        var remembered = new List<MarketEvent>();
        for (var i = 0; i < 5000; i++)
        {
            var e = Trade with { F0 = events.Random.Next(400), Conditions = (uint)events.Random.Next(2) };
            var isRepeat = remembered.TakeLast(ContentWindow.EventsMax).Contains(e);
            Assert.Equal(isRepeat, window.IsRepeat(e));
            if (!isRepeat)
            {
                remembered.Add(e);
            }

            if (i % 500 == 499 || i == 100)
            {
                window = SavedState.Read(SavedState.Of(window.Save), ContentWindow.Load);
            }
        }
    }

    [Fact]
    public void Saved_bytes_that_cannot_be_are_refused()
    {
        var window = new ContentWindow();
        window.IsRepeat(Trade);
        var bytes = SavedState.Of(window.Save);
        SavedState.AssertCutsAreRefused(bytes, ContentWindow.Load);
        bytes[1] = 2;
        Assert.Equal("a saved content window of 1 events goes on at 2", Assert.Throws<FormatException>(() => SavedState.Read(bytes, ContentWindow.Load)).Message);
        bytes[0] = 3;
        Assert.Throws<FormatException>(() => SavedState.Read(bytes, ContentWindow.Load));
    }
}
