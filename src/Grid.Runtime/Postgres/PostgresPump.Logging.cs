using Microsoft.Extensions.Logging;

namespace Grid.Runtime.Postgres;

/// <content>What is logged.</content>
internal sealed partial class PostgresPump
{
    [LoggerMessage(EventId = 1030, Level = LogLevel.Information, Message = "PostgreSQL claimed with epoch {Epoch}; it holds the journal up to frame {Lsn}")]
    private partial void LogClaimed(int epoch, ulong lsn);

    [LoggerMessage(EventId = 1031, Level = LogLevel.Warning, Message = "Writing to PostgreSQL failed; the next attempt is in {Next}")]
    private partial void LogNotReached(Exception cause, TimeSpan next);

    [LoggerMessage(EventId = 1032, Level = LogLevel.Error, Message = "PostgreSQL failed several times in a row; the next attempt is in {Next}. The journal keeps the {Bytes} bytes that are owed")]
    private partial void LogCircuitOpen(Exception cause, TimeSpan next, long bytes);

    [LoggerMessage(EventId = 1033, Level = LogLevel.Critical, Message = "Nothing is written to PostgreSQL any more")]
    private partial void LogEnded(Exception cause);

    [LoggerMessage(EventId = 1034, Level = LogLevel.Warning, Message = "PostgreSQL refused {Rows} rows, which are in its quarantine; the last: {Refusal}")]
    private partial void LogRefused(long rows, string refusal);

    [LoggerMessage(EventId = 1035, Level = LogLevel.Warning, Message = "Journal frames behind {Lsn} are missing and will not be in PostgreSQL")]
    private partial void LogMissing(Exception cause, ulong lsn);

    [LoggerMessage(EventId = 1037, Level = LogLevel.Warning, Message = "The journal begins with frame {Lsn}: ticks before it will not be in PostgreSQL")]
    private partial void LogBegins(ulong lsn);

    [LoggerMessage(EventId = 1036, Level = LogLevel.Warning, Message = "What was decided of journal frame {Lsn} was lost before a repair: its ticks will not be in PostgreSQL")]
    private partial void LogUndecided(ulong lsn);
}
