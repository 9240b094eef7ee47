using System.Text;
using Grid.Domain;
using Grid.Domain.Feed;
using Grid.Domain.Identifiers;
using Grid.Gateway.Access;
using Grid.Runtime;

namespace Grid.Gateway.Feed;

/// <summary>An opened feed: hands the frames after Hello to the grid. Used by the connection's reader alone.</summary>
internal sealed class FeedSession(IFeed feed, FeedOutbox outbox, int outstandingBatchesMax, Gatekeeper gatekeeper, Caller caller) : IAsyncDisposable
{
    // Names announced so far, by kind.
    private readonly ulong[] _announced = new ulong[4];

    // Highest batch that the grid took over this connection.
    private ulong _lastSubmitted = feed.LastDurableBatch;

    /// <summary>Handles one frame; false if it was Bye. The payload is not kept.</summary>
    /// <exception cref="GridException">The connection cannot go on.</exception>
    public ValueTask<bool> HandleAsync(FeedHeader header, ReadOnlyMemory<byte> payload, FeedPlace place, CancellationToken cancel) =>
        header.Type == FeedFrameType.Batch && header.Flags == 0
            ? SubmitAsync(header.Number, payload, cancel)
            : HandleControlAsync(header, payload, place, cancel);

    public ValueTask DisposeAsync() => feed.DisposeAsync();

    private async ValueTask<bool> SubmitAsync(ulong number, ReadOnlyMemory<byte> payload, CancellationToken cancel)
    {
        var acknowledged = outbox.LastAcknowledged;
        if (number > _lastSubmitted && _lastSubmitted >= acknowledged + (ulong)outstandingBatchesMax)
        {
            throw new GridException(
                GridErrorCode.TooLarge,
                $"batch {number} was sent while only batch {acknowledged} is acknowledged; at most {outstandingBatchesMax} batches may be outstanding, as Welcome said");
        }

        if (gatekeeper.RateOf(caller) is { } rate)
        {
            // Nothing is dropped: the connection stops reading, and the client's own buffers fill.
            await rate.TakeAsync(cancel);
        }

        try
        {
            await feed.SubmitAsync(number, payload, cancel);
            _lastSubmitted = Math.Max(_lastSubmitted, number);
        }
        catch (GridException refusal)
        {
            await outbox.PostAsync(new ErrorFrame(refusal.Code, refusal.Message).ToFrame(number, isFatal: false), cancel);
        }

        return true;
    }

    private async ValueTask<bool> HandleControlAsync(FeedHeader header, ReadOnlyMemory<byte> payload, FeedPlace place, CancellationToken cancel)
    {
        if (header.Flags != 0)
        {
            throw Malformed(place, $"{header.Type} has the flags 0x{header.Flags:X2}; version {FeedProtocol.Version} defines none for it");
        }

        switch (header.Type)
        {
            case FeedFrameType.Names:
                AddNames(header.Number, payload.Span, place);
                return true;
            case FeedFrameType.Source:
                await DeclareAsync(payload, place, cancel);
                return true;
            case FeedFrameType.Ping when payload.IsEmpty:
                await outbox.PostAsync(FeedHeader.Empty(FeedFrameType.Pong, header.Number), cancel);
                return true;
            case FeedFrameType.Bye when payload.IsEmpty:
                return false;
            case FeedFrameType.Ping or FeedFrameType.Bye:
                throw Malformed(place, $"{header.Type} has {payload.Length} bytes of payload; it has none");
            case FeedFrameType.Authenticate:
                throw Malformed(place, "Authenticate came after Hello; it comes before");
            case FeedFrameType.Hello:
                throw Malformed(place, "Hello came again; it is the first frame and no other");
            default:
                throw Malformed(place, $"the type {(byte)header.Type} is not one that a client sends: Hello 1, Names 2, Source 3, Batch 4, Ping 5, Bye 6, Authenticate 7");
        }
    }

    private void AddNames(ulong first, ReadOnlySpan<byte> payload, FeedPlace place)
    {
        if (!NamesFrame.TryRead(payload, out var names, out var refusal))
        {
            throw new GridException(refusal.Code, $"{place}: {refusal.Message}");
        }

        ref var announced = ref _announced[(int)names.Kind];
        if (first != announced + 1)
        {
            throw Malformed(place, $"Names of kind {names.Kind} begins with number {first}; the next number is {announced + 1}");
        }

        foreach (var name in names)
        {
            if (names.Kind == NameKind.Source)
            {
                RequireSource(Encoding.Latin1.GetString(name), place);
            }

            try
            {
                feed.AddName(names.Kind, name);
            }
            catch (GridException e)
            {
                // Numbers after it would mean something else to each side.
                throw new GridException(e.Code, $"{place}: {names.Kind} number {announced + 1}: {e.Message}", e);
            }

            announced++;
        }
    }

    private async ValueTask DeclareAsync(ReadOnlyMemory<byte> payload, FeedPlace place, CancellationToken cancel)
    {
        if (!SourceFrame.TryRead(payload.Span, out var source, out var refusal))
        {
            throw new GridException(refusal.Code, $"{place}: {refusal.Message}");
        }

        RequireSource(source.Name, place);
        try
        {
            await feed.DeclareSourceAsync(source, cancel);
        }
        catch (GridException e)
        {
            throw new GridException(e.Code, $"{place}: source '{source.Name}': {e.Message}", e);
        }
    }

    // Events can only name a source that was announced, so this is the one place to look.
    private void RequireSource(string source, FeedPlace place)
    {
        if (!caller.MayWrite(source))
        {
            throw new GridException(GridErrorCode.Forbidden, $"{place}: {caller.MayNotWrite(source)}");
        }
    }

    private static GridException Malformed(FeedPlace place, string message) => new(GridErrorCode.Malformed, $"{place}: {message}");
}
