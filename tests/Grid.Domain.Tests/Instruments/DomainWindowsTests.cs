using System.Buffers;
using Grid.Domain.Dedup;
using Grid.Domain.Identifiers;
using Grid.Domain.Instruments;

namespace Grid.Domain.Tests.Instruments;

public sealed class DomainWindowsTests
{
    [Fact]
    public void Each_source_channel_and_session_has_numbers_of_its_own()
    {
        var windows = new DomainWindows();
        SequenceDomain[] domains = [In(1), In(2), In(1, source: 2), In(1, channel: 2)];
        foreach (var domain in domains)
        {
            Assert.Equal(SequenceSeen.New, windows.Find(in domain)!.Observe(7));
        }

        foreach (var domain in domains)
        {
            Assert.Equal(SequenceSeen.Duplicate, windows.Find(in domain)!.Observe(7));
        }

        Assert.Equal(domains, windows.All().Select(w => w.Domain));
    }

    [Fact]
    public void Newest_sessions_are_kept_and_older_ones_are_too_old_for_good()
    {
        var windows = new DomainWindows();
        for (uint session = 1; session <= DomainWindows.SessionsMax + 3; session++)
        {
            Assert.NotNull(windows.Find(In(session)));
            Assert.NotNull(windows.Find(In(1, source: 2)));
        }

        Assert.Equal(DomainWindows.SessionsMax + 1, windows.Count);
        Assert.Null(windows.Find(In(1)));
        Assert.Null(windows.Find(In(3)));
        Assert.NotNull(windows.Find(In(4)));
        Assert.NotNull(windows.Find(In(1, source: 2)));
        var loaded = Reloaded(windows);
        Assert.Null(loaded.Find(In(3)));
        Assert.NotNull(loaded.Find(In(4)));
    }

    [Fact]
    public void Session_that_is_older_than_all_that_are_kept_is_not_begun()
    {
        var windows = new DomainWindows();
        for (uint session = 10; session < 10 + DomainWindows.SessionsMax; session++)
        {
            windows.Find(In(session));
        }

        Assert.Null(windows.Find(In(9)));
        Assert.Null(windows.Find(In(9)));
        Assert.NotNull(windows.Find(In(10)));
        Assert.Equal(DomainWindows.SessionsMax, windows.Count);
    }

    [Fact]
    public void Source_and_channel_with_the_most_sessions_makes_room_for_others()
    {
        var windows = new DomainWindows(windowsMax: 4);
        SequenceDomain[] domains = [In(1), In(2), In(3), In(1, source: 2)];
        Assert.All(domains, domain => Assert.Equal(SequenceSeen.New, windows.Observe(in domain, 7)));
        Assert.Equal(SequenceSeen.New, windows.Observe(In(1, channel: 2), 7));
        Assert.Equal(SequenceSeen.TooOld, windows.Observe(In(1), 7));
        Assert.Equal(SequenceSeen.Duplicate, windows.Observe(In(2), 7));
        Assert.Equal(4, windows.Count);
    }

    [Fact]
    public void Session_takes_the_place_of_its_own_and_a_new_source_finds_no_room_where_each_has_one()
    {
        var windows = new DomainWindows(windowsMax: 3);
        for (ushort source = 1; source <= 3; source++)
        {
            Assert.Equal(SequenceSeen.New, windows.Observe(In(5, source), 7));
        }

        Assert.Equal(SequenceSeen.NoRoom, windows.Observe(In(5, source: 4), 7));
        Assert.Equal(SequenceSeen.NoRoom, windows.Observe(In(6, channel: 2), 7));
        Assert.Equal(SequenceSeen.TooOld, windows.Observe(In(4), 7));
        Assert.Equal(SequenceSeen.New, windows.Observe(In(6), 7));
        Assert.Equal(SequenceSeen.TooOld, windows.Observe(In(5), 7));
        Assert.Equal(SequenceSeen.Duplicate, windows.Observe(In(5, source: 2), 7));
        Assert.Equal(3, windows.Count);
    }

    [Fact]
    public void Saved_windows_are_read_back_in_their_order()
    {
        var windows = new DomainWindows();
        windows.Find(In(2))!.Observe(5);
        windows.Find(In(1))!.Observe(6);
        var loaded = Reloaded(windows);
        Assert.Equal([In(2), In(1)], loaded.All().Select(w => w.Domain));
        Assert.Equal(SequenceSeen.Duplicate, loaded.Find(In(1))!.Observe(6));
        Assert.Equal(SequenceSeen.New, loaded.Find(In(2))!.Observe(6));
    }

    private static DomainWindows Reloaded(DomainWindows windows)
    {
        var buffer = new ArrayBufferWriter<byte>();
        windows.Save(new StateWriter(buffer));
        var reader = new StateReader(buffer.WrittenSpan);
        var loaded = DomainWindows.Load(ref reader);
        Assert.True(reader.IsAtEnd);
        return loaded;
    }

    private static SequenceDomain In(uint session, ushort source = 1, uint channel = 1) => new(new SourceId(source), new ChannelId(channel), session);
}
