namespace Grid.Storage.Postgres.Committing;

/// <summary>Cancels what may be in the middle of a statement.</summary>
internal static class QuietCancellation
{
    /// <summary>
    /// Cancels. Of a connection that breaks at the same moment Npgsql finds its own things disposed of and throws; the rest
    /// is cancelled all the same.
    /// </summary>
    public static void CancelQuietly(this CancellationTokenSource source)
    {
        try
        {
            source.Cancel();
        }
        catch (AggregateException e) when (e.InnerExceptions.All(i => i is ObjectDisposedException))
        {
            // The connection is gone, and so is its statement.
        }
    }
}
