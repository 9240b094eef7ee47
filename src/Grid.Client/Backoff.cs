namespace Grid.Client;

/// <summary>How long to wait before the next attempt to connect: twice as long each time, up to the longest.</summary>
internal static class Backoff
{
    private const int DoublingsMax = 40;

    /// <param name="attempt">Attempts that failed since the last progress.</param>
    /// <param name="shortest">The first wait.</param>
    /// <param name="longest">No wait is longer.</param>
    public static TimeSpan After(int attempt, TimeSpan shortest, TimeSpan longest)
    {
        var wait = shortest.Ticks * Math.Pow(2, Math.Min(attempt, DoublingsMax));
        return wait < longest.Ticks ? TimeSpan.FromTicks((long)wait) : longest;
    }
}
