using System.Globalization;

namespace Grid.Cli.Feeds;

/// <summary>Finds that a server has not acknowledged anything for a while although events wait for it, and that it does again: each is said once.</summary>
internal sealed class SilenceWatch(TimeProvider time)
{
    /// <summary>How long a server may say nothing before it counts as lost.</summary>
    public static readonly TimeSpan SilenceMax = TimeSpan.FromSeconds(5);

    private long _acknowledged;
    private DateTimeOffset _heardAt = time.GetUtcNow();

    // The silence is measured, not told from the wall clock, which may be set meanwhile.
    private long _heardTimestamp = time.GetTimestamp();
    private bool _isLost;

    /// <summary>What is to be said now, or null.</summary>
    /// <param name="sent">Events handed over so far.</param>
    /// <param name="acknowledged">Those of them that were acknowledged.</param>
    public string? Look(long sent, long acknowledged)
    {
        var silence = time.GetElapsedTime(_heardTimestamp);
        if (acknowledged == _acknowledged && sent > acknowledged)
        {
            if (_isLost || silence < SilenceMax)
            {
                return null;
            }

            _isLost = true;
            return $"the server has acknowledged nothing since {Text(_heardAt)}, {sent - acknowledged} events wait; it is tried again and again";
        }

        var said = _isLost ? $"the server answers again, {silence.TotalSeconds:F0} s after {Text(_heardAt)}" : null;
        (_acknowledged, _heardAt, _heardTimestamp, _isLost) = (acknowledged, time.GetUtcNow(), time.GetTimestamp(), false);
        return said;
    }

    private static string Text(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
}
