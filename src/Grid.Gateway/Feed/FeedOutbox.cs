using System.Buffers;
using System.Threading.Channels;
using Grid.Domain.Feed;
using Grid.Domain.Validation;
using Grid.Runtime;

namespace Grid.Gateway.Feed;

/// <summary>
/// What a connection still has to tell its client. Acknowledgements are cumulative, so only the newest is kept: a client
/// that reads slowly gets fewer of them, and the grid's threads never wait for it.
/// </summary>
internal sealed class FeedOutbox
{
    private const int FramesMax = 64;
    private static readonly byte[] AckMark = [];

    // Frames in order; AckMark wakes the writer for an acknowledgement. Completed when nothing more is posted.
    private readonly Channel<byte[]> _frames = Channel.CreateBounded<byte[]>(
        new BoundedChannelOptions(FramesMax) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    // Guards the four fields below.
    private readonly Lock _gate = new();

    // The newest acknowledgement; unsent while _ackPending.
    private readonly OutcomeCounts _counts = new();
    private ulong _batch;
    private long _events;
    private bool _ackPending;

    /// <summary>Highest batch that was acknowledged; may be read by any thread.</summary>
    public ulong LastAcknowledged => Volatile.Read(ref _batch);

    /// <summary>Takes an acknowledgement. Called by the grid's threads; never waits.</summary>
    public void Acknowledge(in Acknowledgement acknowledgement)
    {
        bool wake;
        lock (_gate)
        {
            Volatile.Write(ref _batch, acknowledgement.Batch);
            _events = acknowledgement.Events;
            _counts.Clear();
            _counts.Add(acknowledgement.Counts);
            wake = !_ackPending;
            _ackPending = true;
        }

        if (wake)
        {
            // Full means that the writer has frames before it, and it looks for an acknowledgement after each.
            _frames.Writer.TryWrite(AckMark);
        }
    }

    /// <summary>Starts from the batch that was durable when the feed was opened.</summary>
    public void StartAfter(ulong lastDurableBatch) => Volatile.Write(ref _batch, lastDurableBatch);

    /// <summary>Posts a frame; waits while the client is too slow to take those before it.</summary>
    public ValueTask PostAsync(byte[] frame, CancellationToken cancel) => _frames.Writer.WriteAsync(frame, cancel);

    /// <summary>Posts a frame unless too many wait before it.</summary>
    public bool TryPost(byte[] frame) => _frames.Writer.TryWrite(frame);

    /// <summary>Nothing more is posted; what waits is still written.</summary>
    public void Complete() => _frames.Writer.TryComplete();

    /// <summary>Writes until completed, then <paramref name="last"/>'s frame if it gives one.</summary>
    public async Task WriteAsync(FeedTransport transport, Func<byte[]?> last, CancellationToken cancel)
    {
        var frames = _frames.Reader;
        while (await frames.WaitToReadAsync(cancel))
        {
            while (frames.TryRead(out var frame))
            {
                if (frame.Length > 0)
                {
                    await transport.SendAsync(frame, cancel);
                }

                await WriteAcknowledgementAsync(transport, cancel);
            }
        }

        await WriteAcknowledgementAsync(transport, cancel);
        if (last() is { } error)
        {
            await transport.SendAsync(error, cancel);
        }
    }

    private async ValueTask WriteAcknowledgementAsync(FeedTransport transport, CancellationToken cancel)
    {
        if (!Volatile.Read(ref _ackPending))
        {
            return;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(FeedHeader.Bytes + AckFrame.PayloadBytesMax);
        try
        {
            await transport.SendAsync(buffer.AsMemory(0, TakeAcknowledgement(buffer)), cancel);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private int TakeAcknowledgement(Span<byte> frame)
    {
        lock (_gate)
        {
            _ackPending = false;
            return AckFrame.Write(frame, _batch, _events, _counts);
        }
    }
}
