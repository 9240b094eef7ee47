using System.Net;
using Grid.Domain;
using Grid.Domain.Feed;
using Grid.Gateway.Feed;
using Grid.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Grid.Gateway.Tests.Feed;

public sealed class FeedConnectionsTests
{
    [Fact]
    public async Task A_half_frame_and_a_disconnect_leave_the_others_running()
    {
        await using var fixture = new FeedServerFixture();
        var (bystander, _) = await FeedPeer.OpenAsync(fixture.EndPoint, "bystander");
        var (peer, _) = await FeedPeer.OpenAsync(fixture.EndPoint);
        await peer.AnnounceAsync();
        var frame = FeedPeer.Batch(1, 1, 2, 3);

        await peer.SendAsync(frame.AsMemory(0, frame.Length - 1));
        peer.Dispose();

        await fixture.AssertServesAsync();
        await bystander.SendAsync(FeedHeader.Empty(FeedFrameType.Ping, 1));
        await bystander.ReadAsync(FeedFrameType.Pong);
        Assert.DoesNotContain(fixture.Grid.Events, e => e.Producer == "peer");
        bystander.Dispose();
    }

    [Fact]
    public async Task A_reset_connection_leaves_the_others_running()
    {
        await using var fixture = new FeedServerFixture();
        for (var i = 0; i < 20; i++)
        {
            var (peer, _) = await FeedPeer.OpenAsync(fixture.EndPoint, $"p{i}");
            peer.Socket.LingerState = new(true, 0);
            peer.Dispose();
        }

        await fixture.AssertServesAsync();
    }

    [Fact]
    public async Task A_thousand_idle_connections_cost_little_and_stay_usable()
    {
        const int count = 1000;
        await using var fixture = new FeedServerFixture();
        var peers = new List<FeedPeer>();
        for (var i = 0; i < count; i++)
        {
            peers.Add((await FeedPeer.OpenAsync(fixture.EndPoint, $"p{i}")).Peer);
        }

        Assert.Equal(count, fixture.Server.Connections);
        Assert.Equal(count, fixture.Grid.OpenFeeds);
        await fixture.AssertServesAsync();
        foreach (var peer in peers)
        {
            await peer.AnnounceAsync();
            await peer.SendAsync(FeedPeer.Batch(1, 1));
        }

        foreach (var peer in peers)
        {
            Assert.Equal(1, (await peer.ReadAckAsync(1)).Events);
            peer.Dispose();
        }
    }

    [Fact]
    public void An_idle_connection_holds_no_receive_buffer()
    {
        var buffer = new ReceiveBuffer(64 << 10);
        Assert.Equal(0, buffer.Free.Length);

        buffer.EnsureRoom(FeedHeader.Bytes);
        Assert.True(buffer.Free.Length >= 64 << 10);
        buffer.Received(10);
        buffer.Handled(10);
        Assert.True(buffer.IsEmpty);
        buffer.Release();

        Assert.Equal(0, buffer.Free.Length);
    }

    [Fact]
    public void A_receive_buffer_grows_with_the_bytes_that_came_not_with_those_promised()
    {
        var buffer = new ReceiveBuffer(1024);
        buffer.EnsureRoom(4 << 20);
        Assert.Equal(1024, buffer.Free.Length);
        var expected = new List<byte>();
        for (var next = 0; expected.Count < 10_000; next++)
        {
            buffer.EnsureRoom(4 << 20);
            buffer.Free.Span[0] = (byte)next;
            buffer.Received(1);
            expected.Add((byte)next);
        }

        Assert.Equal(expected, buffer.Unread.ToArray());
        Assert.True(buffer.Free.Length < 20_000);
        buffer.Release();
    }

    [Fact]
    public async Task A_connection_over_the_limit_is_told_so_and_there_is_room_again_after_one_leaves()
    {
        await using var fixture = new FeedServerFixture(o => o.ConnectionsMax = 2);
        var (first, _) = await FeedPeer.OpenAsync(fixture.EndPoint, "first");
        var (second, _) = await FeedPeer.OpenAsync(fixture.EndPoint, "second");
        var third = await FeedPeer.ConnectAsync(fixture.EndPoint);
        await third.SendAsync(new HelloFrame("third", 1, FeedAck.Journaled).ToFrame());

        Assert.Equal(
            (GridErrorCode.TooManyConnections, "2 feed connections are open, which is the limit (option ConnectionsMax)", 0UL, true),
            await third.ReadErrorAsync());

        await first.SendAsync(FeedHeader.Empty(FeedFrameType.Bye, 0));
        Assert.Null(await first.TryReadAsync());
        first.Dispose();
        await OpenWhenThereIsRoomAsync(fixture.EndPoint);
        second.Dispose();
        third.Dispose();
    }

    [Fact]
    public async Task A_silent_connection_is_closed_and_a_ping_keeps_one_open()
    {
        var time = new ManualTime();
        await using var fixture = new FeedServerFixture(
            o =>
            {
                o.IdleTimeout = TimeSpan.FromSeconds(8);
                o.LingerTimeout = TimeSpan.FromSeconds(10);
            },
            time);
        var (silent, _) = await FeedPeer.OpenAsync(fixture.EndPoint, "silent");
        var (alive, _) = await FeedPeer.OpenAsync(fixture.EndPoint, "alive");

        for (var i = 0; i < 5; i++)
        {
            time.Advance(TimeSpan.FromSeconds(2));
            await alive.SendAsync(FeedHeader.Empty(FeedFrameType.Ping, 1));
            await alive.ReadAsync(FeedFrameType.Pong);
        }

        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal((GridErrorCode.TimedOut, "no whole frame came within 8 s; Ping keeps a connection open", 0UL, true), await silent.ReadErrorAsync());
        await alive.SendAsync(FeedHeader.Empty(FeedFrameType.Ping, 2));
        await alive.ReadAsync(FeedFrameType.Pong);
        silent.Dispose();
        alive.Dispose();
    }

    [Fact]
    public async Task While_the_grid_is_full_the_client_is_not_silent_and_the_server_gives_signs_of_life()
    {
        var time = new ManualTime();
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var gate = new TaskCompletionSource();
        await using var fixture = new FeedServerFixture(o => o.IdleTimeout = TimeSpan.FromSeconds(8), time);
        fixture.Grid.SubmitGate = () =>
        {
            entered.TrySetResult();
            return gate.Task;
        };
        var (peer, _) = await FeedPeer.OpenAsync(fixture.EndPoint);
        await peer.AnnounceAsync();
        await peer.SendAsync(FeedPeer.Batch(1, 1));
        await entered.Task;

        time.Advance(TimeSpan.FromMinutes(1));
        await peer.ReadAsync(FeedFrameType.Pong);
        gate.SetResult();

        Assert.Equal(1, (await peer.ReadAckAsync(1)).Events);
        peer.Dispose();
    }

    [Fact]
    public async Task A_server_that_stops_tells_its_clients_and_closes_their_feeds()
    {
        var fixture = new FeedServerFixture();
        var (peer, _) = await FeedPeer.OpenAsync(fixture.EndPoint);

        var stopping = fixture.DisposeAsync();

        Assert.Equal((GridErrorCode.Stopping, "the server is stopping", 0UL, true), await peer.ReadErrorAsync());
        peer.Dispose();
        await stopping;
        Assert.Equal(0, fixture.Grid.OpenFeeds);
        Assert.Equal(0, fixture.Server.Connections);
        await Assert.ThrowsAnyAsync<System.Net.Sockets.SocketException>(() => FeedPeer.ConnectAsync(fixture.EndPoint));
    }

    [Fact]
    public async Task An_address_in_use_is_named()
    {
        await using var fixture = new FeedServerFixture();

        var e = Assert.Throws<IOException>(() => FeedServer.Start(
            new RecordingGrid(), new FeedOptions { EndPoint = fixture.EndPoint }, TimeProvider.System, NullLoggerFactory.Instance));

        Assert.StartsWith($"feed cannot listen on {fixture.EndPoint}: ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Defaults_are_in_range()
    {
        var options = new FeedOptions();

        options.Validate();

        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 7401), options.EndPoint);
        Assert.Equal(4096, options.ConnectionsMax);
        Assert.Equal(TimeSpan.FromSeconds(5), options.HelloTimeout);
        Assert.Equal(TimeSpan.FromMinutes(1), options.IdleTimeout);
        Assert.Equal(TimeSpan.FromSeconds(1), options.LingerTimeout);
        Assert.Equal(512 << 10, options.ReceiveBufferBytes);
        Assert.Equal(256, options.OutstandingBatchesMax);
    }

    [Fact]
    public void Every_option_out_of_its_range_is_named()
    {
        var options = new FeedOptions
        {
            EndPoint = new IPEndPoint(IPAddress.Any, 7401),
            ConnectionsMax = 0,
            HelloTimeout = TimeSpan.FromMilliseconds(99),
            IdleTimeout = TimeSpan.FromHours(2),
            LingerTimeout = TimeSpan.Zero,
            ReceiveBufferBytes = 1,
            OutstandingBatchesMax = 513,
        };

        var e = Assert.Throws<ArgumentException>(options.Validate);

        Assert.Equal(
            """
            Feed option EndPoint is 0.0.0.0:7401, which is not a loopback address; that needs API keys, and the key file has none ('grid keys create' makes one).
            Feed option EndPoint is 0.0.0.0:7401, which is not a loopback address; that needs the option Tls, or keys and events would go in clear text.
            Feed option ConnectionsMax is 0; it must be 1 to 16384 connections.
            Feed option HelloTimeout is 00:00:00.0990000; it must be 00:00:00.1000000 to 00:01:00.
            Feed option IdleTimeout is 02:00:00; it must be 00:00:01 to 01:00:00.
            Feed option LingerTimeout is 00:00:00; it must be 00:00:00.0100000 to 00:00:10.
            Feed option ReceiveBufferBytes is 1; it must be 65536 to 67108864 bytes.
            Feed option OutstandingBatchesMax is 513; it must be 1 to 512 batches.
            """,
            e.Message);
    }

    // The server takes a closed connection off its count a moment after the client sees its end.
    private static async Task OpenWhenThereIsRoomAsync(IPEndPoint server)
    {
        while (true)
        {
            using var peer = await FeedPeer.ConnectAsync(server);
            await peer.SendAsync(new HelloFrame("late", 1, FeedAck.Journaled).ToFrame());
            if (await peer.TryReadAsync() is { Header.Type: FeedFrameType.Welcome })
            {
                return;
            }
        }
    }
}
