namespace Grid.Gateway.Feed;

/// <summary>How a connection comes to its end: the first reason wins, whoever gives it, and ends what waits.</summary>
/// <typeparam name="T">What a reason is.</typeparam>
internal sealed class ConnectionEnd<T> : IDisposable
    where T : class
{
    private readonly CancellationTokenSource _ending = new();
    private T? _reason;

    public ConnectionEnd() => Token = _ending.Token;

    /// <summary>Is cancelled when the connection ends.</summary>
    public CancellationToken Token { get; }

    /// <summary>Why; null while it is open, or if nobody gave a reason.</summary>
    public T? Reason => Volatile.Read(ref _reason);

    /// <summary>Ends the connection. Never waits.</summary>
    public void Close(T reason)
    {
        if (Interlocked.CompareExchange(ref _reason, reason, null) is null)
        {
            _ = CancelAsync();
        }
    }

    /// <summary>Ends what waits without a reason of the server's: the client is gone.</summary>
    public Task CancelAsync()
    {
        try
        {
            return _ending.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // The connection ended by itself at this moment.
            return Task.CompletedTask;
        }
    }

    public void Dispose() => _ending.Dispose();
}
