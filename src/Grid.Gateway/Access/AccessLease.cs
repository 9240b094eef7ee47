using Grid.Domain;

namespace Grid.Gateway.Access;

/// <summary>
/// The right of something that lasts, a feed's connection or a stream, to go on: it ends when the caller's key is revoked,
/// expires or changes. Whoever holds it stops when <see cref="Ended"/> is cancelled, and disposes of it at its own end.
/// </summary>
internal sealed class AccessLease : IDisposable
{
    private readonly CancellationTokenSource _ended = new();
    private readonly Action<AccessLease> _release;

    public AccessLease(Caller caller, Action<AccessLease> release)
    {
        Caller = caller;
        _release = release;
        Ended = _ended.Token;
    }

    public Caller Caller { get; }

    /// <summary>Is cancelled when the caller may not go on; callbacks must not block.</summary>
    public CancellationToken Ended { get; }

    /// <summary>Why it ended; set before <see cref="Ended"/> is cancelled.</summary>
    public GridException? Reason { get; private set; }

    public void Dispose()
    {
        _release(this);
        _ended.Dispose();
    }

    internal void End(GridException reason)
    {
        if (Reason is not null)
        {
            return;
        }

        Reason = reason;
        try
        {
            _ended.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // Its holder came to an end by itself at this moment.
        }
    }
}
