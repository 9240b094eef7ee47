using System.Text;
using Grid.Domain;
using Grid.Domain.Feed;
using Grid.Testing;

namespace Grid.Gateway.Tests.Feed;

public sealed class FeedHandshakeTests
{
    private const int MagicAt = FeedHeader.Bytes;
    private const int VersionAt = MagicAt + 8;

    [Fact]
    public async Task Welcome_gives_the_limits_and_the_last_durable_batch()
    {
        await using var fixture = new FeedServerFixture(o => o.OutstandingBatchesMax = 7);
        using var peer = await FeedPeer.ConnectAsync(fixture.EndPoint);

        await peer.SendAsync(new HelloFrame("p", 5, FeedAck.Received).ToFrame());

        var (header, payload) = await peer.ReadAsync(FeedFrameType.Welcome);
        Assert.True(WelcomeFrame.TryRead(payload, out var welcome, out _));
        Assert.Equal(new WelcomeFrame(GridLimits.BatchBytesMax, GridLimits.BatchEventsMax, 7), welcome);
        Assert.Equal(0UL, header.Number);
    }

    [Fact]
    public async Task Hello_without_the_magic_is_refused()
    {
        await AssertRefusedAsync(Changed(MagicAt, (byte)'g'), GridErrorCode.Malformed,
            "frame 1 at byte 0: Hello begins with 0x6752494446454544; it must begin with 'GRIDFEED'");
    }

    [Fact]
    public async Task Another_version_is_refused()
    {
        await AssertRefusedAsync(Changed(VersionAt, 9), GridErrorCode.UnsupportedVersion,
            "frame 1 at byte 0: Hello asks for protocol version 9; this server speaks version 1");
    }

    [Fact]
    public async Task An_acknowledgement_that_does_not_exist_is_refused()
    {
        await AssertRefusedAsync(Changed(VersionAt + 1, 3), GridErrorCode.Malformed,
            "frame 1 at byte 0: Hello asks for acknowledgement 3; 0 (received), 1 (journaled) and 2 (committed) are known");
    }

    [Fact]
    public async Task A_producer_name_with_a_space_is_refused()
    {
        await AssertRefusedAsync(Changed(FeedHeader.Bytes + 20, (byte)' '), GridErrorCode.BadName,
            "frame 1 at byte 0: Hello's producer: name ' eer' has byte 0x20 at position 0; only printable ASCII without spaces (0x21 to 0x7E) is allowed");
    }

    [Fact]
    public async Task A_name_length_that_does_not_fit_is_refused()
    {
        await AssertRefusedAsync(Changed(VersionAt + 2, 9), GridErrorCode.Malformed,
            "frame 1 at byte 0: Hello says that its producer's name has 9 bytes, but 4 follow");
    }

    [Fact]
    public async Task A_short_hello_is_refused()
    {
        await AssertRefusedAsync(FeedPeer.Frame(1, 0, "GRIDFEED\u0001"u8), GridErrorCode.Malformed,
            "frame 1 at byte 0: Hello has 9 bytes of payload; it has at least 20");
    }

    [Fact]
    public async Task A_first_frame_that_is_not_hello_is_refused()
    {
        await AssertRefusedAsync(FeedHeader.Empty(FeedFrameType.Ping, 1), GridErrorCode.Malformed,
            "frame 1 at byte 0 has the type 5 (Ping); the first frame must be Hello (1)");
    }

    [Fact]
    public async Task A_wrong_checksum_is_refused()
    {
        var hello = new HelloFrame("peer", 1, FeedAck.Journaled).ToFrame();
        hello[^1] ^= 1;

        var error = await RefusedAsync(hello);

        Assert.Equal(GridErrorCode.BadChecksum, error.Code);
        Assert.StartsWith("frame 1 at byte 0 (Hello, 24 bytes of payload) has the checksum 0x", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_browser_is_told_that_this_is_not_the_place()
    {
        await AssertRefusedAsync(Encoding.ASCII.GetBytes("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), GridErrorCode.TooLarge,
            "frame 1 at byte 0 claims a payload of 542393671 bytes; at most 84 are allowed there");
    }

    [Fact]
    public async Task What_the_grid_refuses_is_told_with_its_code()
    {
        await using var fixture = new FeedServerFixture();
        fixture.Grid.RefuseNextFeed = new GridException(GridErrorCode.AckUnavailable, "no PostgreSQL is configured");
        using var peer = await FeedPeer.ConnectAsync(fixture.EndPoint);

        await peer.SendAsync(new HelloFrame("p", 1, FeedAck.Committed).ToFrame());

        Assert.Equal((GridErrorCode.AckUnavailable, "no PostgreSQL is configured", 0UL, true), await peer.ReadErrorAsync());
    }

    [Fact]
    public async Task An_older_epoch_and_a_second_connection_of_the_same_are_refused()
    {
        await using var fixture = new FeedServerFixture();
        var (first, _) = await FeedPeer.OpenAsync(fixture.EndPoint, "p", epoch: 5);
        using var second = await FeedPeer.ConnectAsync(fixture.EndPoint);
        using var third = await FeedPeer.ConnectAsync(fixture.EndPoint);

        await second.SendAsync(new HelloFrame("p", 5, FeedAck.Journaled).ToFrame());
        await third.SendAsync(new HelloFrame("p", 4, FeedAck.Journaled).ToFrame());

        Assert.Equal(GridErrorCode.ProducerBusy, (await second.ReadErrorAsync()).Code);
        Assert.Equal(GridErrorCode.EpochStale, (await third.ReadErrorAsync()).Code);
        first.Dispose();
    }

    [Fact]
    public async Task A_newer_epoch_closes_the_older_connection()
    {
        await using var fixture = new FeedServerFixture();
        var (older, _) = await FeedPeer.OpenAsync(fixture.EndPoint, "p", epoch: 5);

        var (newer, _) = await FeedPeer.OpenAsync(fixture.EndPoint, "p", epoch: 6);

        Assert.Equal(GridErrorCode.EpochStale, (await older.ReadErrorAsync()).Code);
        older.Dispose();
        newer.Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(30)]
    public async Task A_hello_that_does_not_come_whole_in_time_ends_the_connection(int bytes)
    {
        var time = new ManualTime();
        await using var fixture = new FeedServerFixture(o => o.HelloTimeout = TimeSpan.FromSeconds(2), time);
        using var peer = await FeedPeer.ConnectAsync(fixture.EndPoint);
        using var other = await FeedPeer.ConnectAsync(fixture.EndPoint);
        await other.SendAsync(new HelloFrame("other", 1, FeedAck.Journaled).ToFrame());
        await other.ReadAsync(FeedFrameType.Welcome);
        await peer.SendAsync(new HelloFrame("peer", 1, FeedAck.Journaled).ToFrame().AsMemory(0, bytes));

        time.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal((GridErrorCode.TimedOut, "no whole Hello came within 2 s of connecting", 0UL, true), await peer.ReadErrorAsync());
        await other.SendAsync(FeedHeader.Empty(FeedFrameType.Ping, 3));
        Assert.Equal(3UL, (await other.ReadAsync(FeedFrameType.Pong)).Header.Number);
    }

    [Fact]
    public void Acknowledgement_levels_have_the_same_numbers_on_both_sides()
    {
        Assert.Equal(Enum.GetNames<Runtime.AckLevel>(), Enum.GetNames<FeedAck>());
        Assert.Equal(Enum.GetValues<Runtime.AckLevel>().Select(v => (byte)v), Enum.GetValues<FeedAck>().Select(v => (byte)v));
    }

    private static byte[] Changed(int at, byte value)
    {
        var frame = new HelloFrame("peer", 1, FeedAck.Journaled).ToFrame();
        frame[at] = value;
        FeedHeader.Seal(frame, FeedFrameType.Hello, 0);
        return frame;
    }

    private static async Task AssertRefusedAsync(byte[] bytes, GridErrorCode code, string message) =>
        Assert.Equal((code, message, 0UL, true), await RefusedAsync(bytes));

    private static async Task<(GridErrorCode Code, string Message, ulong Batch, bool IsFatal)> RefusedAsync(byte[] bytes)
    {
        await using var fixture = new FeedServerFixture();
        using var peer = await FeedPeer.ConnectAsync(fixture.EndPoint);
        await peer.SendAsync(bytes);
        var error = await peer.ReadErrorAsync();
        peer.Dispose();
        await fixture.AssertServesAsync();
        return error;
    }
}
