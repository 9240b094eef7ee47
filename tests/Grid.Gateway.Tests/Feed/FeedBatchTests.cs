using System.Net.Sockets;
using Grid.Domain;
using Grid.Domain.Events;
using Grid.Domain.Feed;
using Grid.Domain.Identifiers;
using Grid.Domain.Validation;

namespace Grid.Gateway.Tests.Feed;

public sealed class FeedBatchTests
{
    [Fact]
    public async Task A_batch_is_applied_and_acknowledged_with_its_counts()
    {
        await using var fixture = new FeedServerFixture();
        var (peer, _) = await FeedPeer.OpenAsync(fixture.EndPoint);
        await peer.AnnounceAsync();

        await peer.SendAsync(FeedPeer.Batch(1, 1, 2, 3));
        var first = await peer.ReadAckAsync(1);
        await peer.SendAsync(FeedPeer.Batch(2, 3));
        var second = await peer.ReadAckAsync(2);

        Assert.Equal((1UL, 3L, 3L), (first.Batch, first.Events, first.Counts[Outcome.Accepted]));
        Assert.Equal((2UL, 4L, 4L), (second.Batch, second.Events, second.Counts[Outcome.Accepted]));
        Assert.Equal(["I1", "I2", "I3", "I3"], fixture.Grid.Events.Select(e => fixture.Grid.Names.Symbol(e.Event.Instrument)));
        peer.Dispose();
    }

    [Fact]
    public async Task Received_is_acknowledged_without_outcomes()
    {
        await using var fixture = new FeedServerFixture();
        var (peer, _) = await FeedPeer.OpenAsync(fixture.EndPoint, ack: FeedAck.Received);
        await peer.AnnounceAsync();

        await peer.SendAsync(FeedPeer.Batch(1, 1, 2));

        var ack = await peer.ReadAckAsync(1);
        Assert.Equal((2L, 0L), (ack.Events, ack.Counts.Total));
        peer.Dispose();
    }

    [Fact]
    public async Task Frames_may_come_byte_by_byte()
    {
        await using var fixture = new FeedServerFixture();
        var (peer, _) = await FeedPeer.OpenAsync(fixture.EndPoint);
        byte[] all = [.. FeedPeer.Names(NameKind.Source, 1, "S"), .. FeedPeer.Names(NameKind.Instrument, 1, "I1"), .. FeedPeer.Batch(1, 1), .. FeedPeer.Batch(2, 1, 1)];

        foreach (var one in all)
        {
            await peer.SendAsync(new[] { one });
        }

        Assert.Equal(3, (await peer.ReadAckAsync(2)).Events);
        peer.Dispose();
    }

    [Fact]
    public async Task Frames_larger_than_the_buffer_are_taken_whole()
    {
        await using var fixture = new FeedServerFixture(o => o.ReceiveBufferBytes = 64 << 10);
        var (peer, _) = await FeedPeer.OpenAsync(fixture.EndPoint);
        await peer.AnnounceAsync();
        var encoder = new EventBatchEncoder();
        var random = new Random(7);
        while (encoder.Count < GridLimits.BatchEventsMax)
        {
            encoder.Add(new MarketEvent { Kind = EventKind.Trade, Source = new SourceId(1), Instrument = new InstrumentId(1), Sequence = (ulong)random.NextInt64(), F0 = random.NextInt64(), F1 = random.NextInt64() });
        }

        var big = encoder.Finish().ToArray();
        await peer.SendAsync(FeedPeer.Batch(1, 1));
        await peer.SendAsync(FeedPeer.Frame((byte)FeedFrameType.Batch, 2, big));
        await peer.SendAsync(FeedPeer.Batch(3, 2));

        Assert.True(big.Length > 5 * 64 << 10);
        Assert.Equal(GridLimits.BatchEventsMax + 2, (await peer.ReadAckAsync(3)).Events);
        Assert.Equal("I2", fixture.Grid.Names.Symbol(fixture.Grid.Events[^1].Event.Instrument));
        peer.Dispose();
    }

    [Fact]
    public async Task A_batch_with_an_unknown_name_is_refused_and_the_connection_goes_on()
    {
        await using var fixture = new FeedServerFixture();
        var (peer, _) = await FeedPeer.OpenAsync(fixture.EndPoint);
        await peer.AnnounceAsync();

        await peer.SendAsync(FeedPeer.Batch(1, 1, 4));
        Assert.Equal((GridErrorCode.UnknownName, "batch 1, row 1: Name", 1UL, false), await peer.ReadErrorAsync());

        await peer.SendAsync(FeedPeer.Batch(1, 1, 3));
        Assert.Equal(2, (await peer.ReadAckAsync(1)).Events);
        peer.Dispose();
    }

    [Fact]
    public async Task A_payload_that_is_no_batch_is_refused_and_the_connection_goes_on()
    {
        await using var fixture = new FeedServerFixture();
        var (peer, _) = await FeedPeer.OpenAsync(fixture.EndPoint);
        await peer.AnnounceAsync();

        await peer.SendAsync(FeedPeer.Frame((byte)FeedFrameType.Batch, 1, "rubbish"u8));
        Assert.Equal((GridErrorCode.Malformed, "batch 1, row 0: Length", 1UL, false), await peer.ReadErrorAsync());

        await peer.SendAsync(FeedPeer.Batch(1, 1));
        await peer.ReadAckAsync(1);
        peer.Dispose();
    }

    [Fact]
    public async Task A_number_that_is_used_again_with_other_content_is_refused()
    {
        await using var fixture = new FeedServerFixture();
        var (peer, _) = await FeedPeer.OpenAsync(fixture.EndPoint);
        await peer.AnnounceAsync();
        await peer.SendAsync(FeedPeer.Batch(1, 1));
        await peer.ReadAckAsync(1);

        await peer.SendAsync(FeedPeer.Batch(1, 2));
        Assert.Equal((GridErrorCode.BatchNumberReused, "batch 1 was used before with other content", 1UL, false), await peer.ReadErrorAsync());

        await peer.SendAsync(FeedPeer.Batch(1, 1));
        var ack = await peer.ReadAckAsync(1);
        Assert.Equal((1L, 1L), (ack.Counts.Accepted, ack.Counts.Duplicate));
        Assert.Single(fixture.Grid.Events);
        peer.Dispose();
    }

    [Fact]
    public async Task A_number_that_leaves_one_out_is_refused()
    {
        await using var fixture = new FeedServerFixture();
        var (peer, _) = await FeedPeer.OpenAsync(fixture.EndPoint);
        await peer.AnnounceAsync();

        await peer.SendAsync(FeedPeer.Batch(2, 1));

        Assert.Equal((GridErrorCode.BatchNumberSkipped, "batch 2 leaves out batch 1", 2UL, false), await peer.ReadErrorAsync());
        peer.Dispose();
    }

    [Fact]
    public async Task More_outstanding_batches_than_welcome_allowed_end_the_connection()
    {
        await using var fixture = new FeedServerFixture(o => o.OutstandingBatchesMax = 2);
        fixture.Grid.HoldsAcknowledgements = true;
        var (peer, _) = await FeedPeer.OpenAsync(fixture.EndPoint);
        await peer.AnnounceAsync();

        for (ulong number = 1; number <= 3; number++)
        {
            await peer.SendAsync(FeedPeer.Batch(number, 1));
        }

        var error = await peer.ReadErrorAsync();
        Assert.Equal(GridErrorCode.TooLarge, error.Code);
        Assert.Equal("batch 3 was sent while only batch 0 is acknowledged; at most 2 batches may be outstanding, as Welcome said", error.Message);
        Assert.True(error.IsFatal);
        peer.Dispose();
    }

    [Fact]
    public async Task While_the_grid_is_full_the_server_stops_reading_and_drops_nothing()
    {
        var gate = new TaskCompletionSource();
        await using var fixture = new FeedServerFixture();
        fixture.Grid.SubmitGate = () => gate.Task;
        var (peer, _) = await FeedPeer.OpenAsync(fixture.EndPoint);
        await peer.AnnounceAsync();
        var payload = FeedPeer.Payload(Enumerable.Repeat(1u, GridLimits.BatchEventsMax).ToArray());
        ulong sent = 0;
        byte[] frame;

        // Fill the server's buffer and both kernels' until not a byte more is taken.
        peer.Socket.Blocking = false;
        int rest;
        do
        {
            frame = FeedPeer.Frame((byte)FeedFrameType.Batch, ++sent, payload);
            rest = frame.Length;
            while (rest > 0 && CanSend(peer, frame.AsSpan(frame.Length - rest), out var taken))
            {
                rest -= taken;
            }
        }
        while (rest == 0 && sent < 200);

        Assert.True(sent < 200);
        Assert.Empty(fixture.Grid.Events);
        gate.SetResult();
        await peer.SendAsync(frame.AsMemory(frame.Length - rest));
        Assert.Equal((long)sent * GridLimits.BatchEventsMax, (await peer.ReadAckAsync(sent)).Events);
        peer.Dispose();
    }

    [Fact]
    public async Task A_client_may_read_its_acknowledgements_last()
    {
        const int batches = 2000;
        await using var fixture = new FeedServerFixture();
        var (peer, _) = await FeedPeer.OpenAsync(fixture.EndPoint);
        await peer.AnnounceAsync();

        for (ulong number = 1; number <= batches; number++)
        {
            await peer.SendAsync(FeedPeer.Batch(number, 1));
        }

        await fixture.Grid.WaitForEventsAsync(batches);
        Assert.Equal(batches, (await peer.ReadAckAsync(batches)).Events);
        peer.Dispose();
    }

    [Fact]
    public async Task When_the_grid_closes_a_feed_its_client_is_told_why()
    {
        await using var fixture = new FeedServerFixture();
        var (peer, _) = await FeedPeer.OpenAsync(fixture.EndPoint, "p");

        fixture.Grid.CloseFeed("p", new GridException(GridErrorCode.StorageFailed, "the journal failed"));

        Assert.Equal((GridErrorCode.StorageFailed, "the journal failed", 0UL, true), await peer.ReadErrorAsync());
        peer.Dispose();
    }

    private static bool CanSend(FeedPeer peer, ReadOnlySpan<byte> bytes, out int taken)
    {
        taken = peer.Socket.Send(bytes, SocketFlags.None, out var error);

        // The loopback may still be moving what it has; only a second of refusal means that the reader stands still.
        return error == SocketError.Success || peer.Socket.Poll(TimeSpan.FromSeconds(1), SelectMode.SelectWrite);
    }
}
