using System.IO.Pipelines;
using Grid.Domain;
using Grid.Gateway.Http;

namespace Grid.Gateway.Publishing;

/// <summary>
/// Publishes the rows of one body while it comes in, segment by segment. A client that makes the server wait, or sends less than
/// <see cref="BytesPerSecondMin"/>, does not keep a feed meanwhile: what it sent is completed and the feed given back.
/// </summary>
internal sealed class BodyPump(EventPublisher publisher, PublicationTerms terms, RowIntake intake, TimeProvider time) : IAsyncDisposable
{
    /// <summary>Wait for a client after which others may have the feed.</summary>
    public static readonly TimeSpan Stall = TimeSpan.FromSeconds(1);

    /// <summary>Rate below which others may have the feed.</summary>
    public const int BytesPerSecondMin = 64 << 10;

    /// <summary>Time that a body with a batch number has, which cannot be published in parts.</summary>
    public static readonly TimeSpan BatchTimeout = TimeSpan.FromSeconds(30);

    private Publication? _publication;

    // Of the publication: when it began, and the bytes that came since.
    private long _begunAt;
    private long _bytesSince;
    private PublishedCounts _total = PublishedCounts.None;

    /// <summary>Publishes all of it and tells what became of it.</summary>
    /// <param name="body">The bytes.</param>
    /// <param name="bytesMax">Most bytes.</param>
    /// <param name="cancel">The client went away.</param>
    /// <exception cref="GridException">The body is too large, or the grid refuses.</exception>
    public async Task<PublishedCounts> RunAsync(PipeReader body, long bytesMax, CancellationToken cancel)
    {
        long bytes = 0;
        for (var isCompleted = false; !isCompleted;)
        {
            var read = await OffSocketThread.ThenAsync(ReadAsync(body, cancel)).ConfigureAwait(false);
            if (_publication is null)
            {
                _publication = intake.Target = await publisher.BeginAsync(terms, cancel).ConfigureAwait(false);
                _begunAt = time.GetTimestamp();
                _bytesSince = 0;
            }

            bytes += read.Buffer.Length;
            _bytesSince += read.Buffer.Length;
            if (bytes > bytesMax)
            {
                throw new GridException(
                    GridErrorCode.TooLarge,
                    $"the body has more than {bytesMax} bytes once it is decompressed (option {nameof(GatewayOptions.InflatedBytesMax)}, and at most {GridLimits.HttpInflatedRatioMax} times its own size)");
            }

            foreach (var segment in read.Buffer)
            {
                await TakeAsync(segment, cancel).ConfigureAwait(false);
            }

            body.AdvanceTo(read.Buffer.End);
            isCompleted = read.IsCompleted;
        }

        while (!intake.TryFinish())
        {
            await _publication!.FlushAsync(cancel).ConfigureAwait(false);
        }

        return _total.Plus(await _publication!.CompleteAsync(cancel).ConfigureAwait(false));
    }

    public ValueTask DisposeAsync() => _publication is { } publication ? publication.DisposeAsync() : default;

    private async ValueTask<ReadResult> ReadAsync(PipeReader body, CancellationToken cancel)
    {
        if (body.TryRead(out var read))
        {
            return read;
        }

        var reading = body.ReadAsync(cancel);
        if (reading.IsCompleted || _publication is null)
        {
            return await reading.ConfigureAwait(false);
        }

        var pending = reading.AsTask();
        if (!IsSlow() && await CompletesSoonAsync(pending, cancel).ConfigureAwait(false))
        {
            return await pending.ConfigureAwait(false);
        }

        if (terms.Batch is not null)
        {
            body.CancelPendingRead();
            await pending.ConfigureAwait(false);
            throw new GridException(
                GridErrorCode.TimedOut,
                $"the body did not come in time; with a batch number it comes within {BatchTimeout.TotalSeconds} s and without a pause of {Stall.TotalSeconds} s");
        }

        await GiveBackAsync(_publication, cancel).ConfigureAwait(false);
        return await pending.ConfigureAwait(false);
    }

    private bool IsSlow()
    {
        var held = time.GetElapsedTime(_begunAt);
        return terms.Batch is null ? held > Stall && _bytesSince < held.TotalSeconds * BytesPerSecondMin : held > BatchTimeout;
    }

    private async ValueTask<bool> CompletesSoonAsync(Task pending, CancellationToken cancel)
    {
        try
        {
            await pending.WaitAsync(Stall, time, cancel).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException) when (!pending.IsCompleted)
        {
            return false;
        }
    }

    private async ValueTask GiveBackAsync(Publication publication, CancellationToken cancel)
    {
        _total = _total.Plus(await publication.CompleteAsync(cancel).ConfigureAwait(false));
        _publication = null;
        await publication.DisposeAsync().ConfigureAwait(false);
    }

    private async ValueTask TakeAsync(ReadOnlyMemory<byte> rest, CancellationToken cancel)
    {
        while (!rest.IsEmpty)
        {
            rest = rest[intake.Consume(rest.Span)..];
            if (_publication!.IsFull)
            {
                await _publication.FlushAsync(cancel).ConfigureAwait(false);
            }
        }
    }
}
