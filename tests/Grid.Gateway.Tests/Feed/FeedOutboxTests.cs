using System.Net;
using System.Net.Sockets;
using Grid.Domain.Feed;
using Grid.Domain.Validation;
using Grid.Gateway.Feed;
using Grid.Runtime;

namespace Grid.Gateway.Tests.Feed;

public sealed class FeedOutboxTests
{
    private const ulong Acknowledgements = 100_000;

    [Fact]
    public async Task While_nobody_reads_acknowledgements_melt_into_the_newest()
    {
        var cancel = TestContext.Current.CancellationToken;
        var (near, far) = await ConnectAsync(cancel);
        var filler = Fill(near);
        var outbox = new FeedOutbox();
        var writing = outbox.WriteAsync(new FeedTransport(near), static () => null, cancel);
        var counts = new OutcomeCounts();

        // Nobody reads, so the writer stands still (but for what the kernel squeezes in); this does not.
        for (ulong batch = 1; batch <= Acknowledgements; batch++)
        {
            counts.Add(Outcome.Accepted);
            outbox.Acknowledge(new Acknowledgement(batch, (long)batch, counts));
        }

        Assert.Equal(Acknowledgements, outbox.LastAcknowledged);
        outbox.Complete();
        var received = await ReadAllAsync(far, filler, writing, near, cancel);
        await writing;

        var frames = Split(received);
        Assert.InRange(frames.Count, 1, (int)Acknowledgements / 10);
        Assert.Equal(Acknowledgements, frames[^1].Number);
        near.Dispose();
        far.Dispose();
    }

    [Fact]
    public async Task Every_acknowledgement_is_told_in_the_end_however_they_race_with_the_writer()
    {
        var cancel = TestContext.Current.CancellationToken;
        var (near, far) = await ConnectAsync(cancel);
        var outbox = new FeedOutbox();
        var writing = outbox.WriteAsync(new FeedTransport(near), static () => null, cancel);
        var counts = new OutcomeCounts();
        var buffer = new byte[4096];
        var read = new List<byte>();

        for (ulong batch = 1; batch <= 2000; batch++)
        {
            outbox.Acknowledge(new Acknowledgement(batch, (long)batch, counts));
            if (batch % 100 == 0)
            {
                while (Split([.. read]) is not [.., var last] || last.Number < batch)
                {
                    read.AddRange(buffer.AsSpan(0, await far.ReceiveAsync(buffer, SocketFlags.None, cancel)));
                }
            }
        }

        outbox.Complete();
        await writing;
        near.Dispose();
        far.Dispose();
    }

    [Fact]
    public async Task The_last_frame_comes_after_all_others()
    {
        var cancel = TestContext.Current.CancellationToken;
        var (near, far) = await ConnectAsync(cancel);
        var outbox = new FeedOutbox();
        await outbox.PostAsync(FeedHeader.Empty(FeedFrameType.Pong, 1), cancel);
        outbox.Acknowledge(new Acknowledgement(9, 9, new OutcomeCounts()));
        outbox.Complete();

        await outbox.WriteAsync(new FeedTransport(near), static () => FeedHeader.Empty(FeedFrameType.Error, 0), cancel);
        near.Shutdown(SocketShutdown.Send);

        var received = await ReadAllAsync(far, 0, Task.CompletedTask, near, cancel);
        Assert.Equal([FeedFrameType.Pong, FeedFrameType.Ack, FeedFrameType.Error], Split(received).Select(h => h.Type));
        near.Dispose();
        far.Dispose();
    }

    private static async Task<(Socket Near, Socket Far)> ConnectAsync(CancellationToken cancel)
    {
        using var listener = new Socket(SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.IPv6Loopback, 0));
        listener.Listen();
        var near = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await near.ConnectAsync(listener.LocalEndPoint!, cancel);
        return (near, await listener.AcceptAsync(cancel));
    }

    // Sends until not a byte more is taken, and gives the number of bytes.
    private static int Fill(Socket socket)
    {
        socket.Blocking = false;
        var bytes = new byte[64 << 10];
        var sent = 0;
        do
        {
            sent += socket.Send(bytes, SocketFlags.None, out _);
        }
        while (socket.Poll(TimeSpan.FromMilliseconds(200), SelectMode.SelectWrite));
        return sent;
    }

    private static async Task<byte[]> ReadAllAsync(Socket far, int skip, Task writing, Socket near, CancellationToken cancel)
    {
        _ = writing.ContinueWith(_ => near.Shutdown(SocketShutdown.Send), cancel, TaskContinuationOptions.None, TaskScheduler.Default);
        var all = new List<byte>();
        var buffer = new byte[64 << 10];
        int read;
        while ((read = await far.ReceiveAsync(buffer, SocketFlags.None, cancel)) > 0)
        {
            all.AddRange(buffer.AsSpan(0, read));
        }

        return all.ToArray()[skip..];
    }

    private static List<FeedHeader> Split(ReadOnlySpan<byte> bytes)
    {
        var frames = new List<FeedHeader>();
        while (FeedHeader.TryRead(bytes, FeedProtocol.ReplyPayloadBytesMax, out var header) == FeedFault.None)
        {
            frames.Add(header);
            bytes = bytes[header.FrameBytes..];
        }

        return frames;
    }
}
