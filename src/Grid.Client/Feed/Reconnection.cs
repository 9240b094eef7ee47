using Grid.Domain;
using Grid.Domain.Feed;

namespace Grid.Client.Feed;

/// <summary>Connects again after a connection was lost: waits longer each time, gives up after too many attempts without progress.</summary>
internal sealed class Reconnection(FeedClientOptions options, TimeProvider time, BatchWindow window)
{
    // Attempts since the last progress: an acknowledgement, or a connection that stood longer than the longest wait.
    private int _attempts;
    private long _connectedAt;
    private long _acknowledgedBefore;

    /// <summary>A connection stands.</summary>
    public void Connected()
    {
        _connectedAt = time.GetTimestamp();
        _acknowledgedBefore = window.BatchesAcknowledged;
    }

    /// <summary>Makes the next connection and prepares the window for it.</summary>
    /// <param name="reason">Why the last one ended.</param>
    /// <param name="epoch">The epoch in use.</param>
    /// <param name="cancel">Ends the waiting.</param>
    /// <exception cref="GridException">Trying again cannot help, or was tried often enough.</exception>
    public async Task<(FeedLink Link, ulong Epoch)> ConnectAsync(Exception reason, ulong epoch, CancellationToken cancel)
    {
        if (window.BatchesAcknowledged > _acknowledgedBefore || time.GetElapsedTime(_connectedAt) > options.BackoffMax)
        {
            _attempts = 0;
        }

        while (true)
        {
            if (reason is GridException refusal && !GridError.MayRetry(refusal.Code))
            {
                throw refusal;
            }

            if (_attempts == options.ReconnectAttemptsMax)
            {
                throw new GridException(
                    GridErrorCode.Unreachable, $"the connection to {options.Server} was lost and {_attempts} attempts to go on failed; the last: {reason.Message}", reason);
            }

            await Task.Delay(Backoff.After(_attempts++, options.BackoffMin, options.BackoffMax), time, cancel);
            try
            {
                return await OpenAsync(epoch, cancel);
            }
            catch (GridException e)
            {
                reason = e;
            }
        }
    }

    private async Task<(FeedLink Link, ulong Epoch)> OpenAsync(ulong epoch, CancellationToken cancel)
    {
        var link = await FeedLink.OpenAsync(options, epoch, time, cancel);
        try
        {
            if (window.TryResume(link.LastDurableBatch, link.Welcome.OutstandingBatchesMax))
            {
                return (link, epoch);
            }

            if (options.Ack != FeedAck.Received)
            {
                throw new GridException(
                    GridErrorCode.BatchTooOld, $"the server has only batch {link.LastDurableBatch} of this epoch, but acknowledged later ones as {options.Ack}: its data is not what it was");
            }
        }
        catch
        {
            await link.DisposeAsync();
            throw;
        }

        // The server crashed with batches that it had received and not flushed. They are lost, as that acknowledgement
        // allows; those after them cannot follow in the same epoch, and none of them can be known there.
        await link.DisposeAsync();
        link = await FeedLink.OpenAsync(options, epoch + 1, time, cancel);
        window.Renumber(link.LastDurableBatch, link.Welcome.OutstandingBatchesMax);
        return (link, epoch + 1);
    }
}
