using Grid.Runtime.Metrics;
using Grid.Storage;
using Grid.Storage.Postgres;
using Microsoft.Extensions.Logging;

namespace Grid.Runtime.Postgres;

/// <summary>
/// Has what is older than the options keep dropped from PostgreSQL, once a day. Not by a wall clock that was set meanwhile: a year
/// ahead, it would have everything dropped.
/// </summary>
internal sealed partial class Retention(PostgresWriter writer, ClockWatch clock, TimeProvider time, ILogger log)
{
    private DateOnly _droppedOn;
    private bool _isHeld;

    /// <summary>Drops what is to go, if that was not done today. What cannot be dropped, as somebody reads it, is dropped tomorrow.</summary>
    public async Task DropOldAsync(CancellationToken cancel)
    {
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        if (today == _droppedOn || !writer.DropsOld || IsHeld())
        {
            return;
        }

        _droppedOn = today;
        try
        {
            foreach (var table in await writer.DropOldAsync(today, cancel).ConfigureAwait(false))
            {
                LogDropped(table);
            }
        }
        catch (GridStorageException e)
        {
            LogNotDropped(e);
        }
    }

    // Said once for each time that the clock was set.
    private bool IsHeld()
    {
        var isHeld = !clock.IsSteady;
        if (isHeld && !_isHeld)
        {
            LogHeld(clock.Drift);
        }

        return _isHeld = isHeld;
    }

    [LoggerMessage(EventId = 1038, Level = LogLevel.Information, Message = "Dropped {Table} from PostgreSQL: it is older than the options keep")]
    private partial void LogDropped(string table);

    [LoggerMessage(EventId = 1039, Level = LogLevel.Warning, Message = "What is older than the options keep could not be dropped from PostgreSQL; tomorrow again")]
    private partial void LogNotDropped(Exception cause);

    [LoggerMessage(EventId = 1040, Level = LogLevel.Warning, Message = "The clock was set by {Drift} since the start: nothing is dropped from PostgreSQL until it is set back or the grid is started again")]
    private partial void LogHeld(TimeSpan drift);
}
