namespace Grid.Gateway.Http;

/// <summary>
/// Waits for the socket in such a way that what follows runs on the pool. The web server goes on with a request on the thread that
/// received for it, which is right for the shortest answer and wrong for whatever takes a while: that thread receives for other
/// connections too. Where nothing was waited for, nothing is moved.
/// </summary>
internal static class OffSocketThread
{
    public static async ValueTask<T> ThenAsync<T>(ValueTask<T> pending)
    {
        if (pending.IsCompleted)
        {
            return await pending.ConfigureAwait(false);
        }

        var result = await pending.ConfigureAwait(false);
        await HopAsync().ConfigureAwait(false);
        return result;
    }

    public static async ValueTask ThenAsync(ValueTask pending)
    {
        if (pending.IsCompleted)
        {
            await pending.ConfigureAwait(false);
            return;
        }

        await pending.ConfigureAwait(false);
        await HopAsync().ConfigureAwait(false);
    }

    /// <summary>Goes on on the pool whatever thread this is.</summary>
    public static async Task HopAsync() => await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
}
