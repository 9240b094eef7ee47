using System.Text;

namespace Grid.Storage.Postgres;

/// <summary>What is sent to PostgreSQL, by name. What goes in one round trip, or is one step of a start, has one name.</summary>
public enum PostgresStatement
{
    /// <summary>Looking at the schema's version and shape, and migrating where the options say so.</summary>
    CheckSchema,

    /// <summary>Holding up others who claim the database.</summary>
    LockClaims,

    /// <summary>Asking whether a cluster has the database.</summary>
    ReadSilos,

    /// <summary>Asking whose the database is.</summary>
    ReadWatermarks,

    /// <summary>Claiming the database for a data folder.</summary>
    ClaimGrid,

    /// <summary>How far producers are in.</summary>
    ReadProducers,

    /// <summary>The newest event times of instruments.</summary>
    ReadNewestTimes,

    /// <summary>Numbers of names.</summary>
    FindNames,

    /// <summary>New names.</summary>
    MakeNames,

    /// <summary>Partitions of new days.</summary>
    MakePartitions,

    /// <summary>From which day the days that are kept are counted back.</summary>
    ReadDays,

    /// <summary>Dropping the days that are not kept.</summary>
    DropPartitions,

    /// <summary>The beginning of a flush, with its time limit.</summary>
    Begin,

    /// <summary>The row that says how far a journal is in.</summary>
    LockWatermark,

    /// <summary>A temporary table for rows on their way.</summary>
    MakeStaging,

    /// <summary>Emptying it, where refused rows are looked for.</summary>
    ClearStaging,

    /// <summary>Savepoints, where refused rows are looked for.</summary>
    Savepoint,

    /// <summary>COPY of ticks.</summary>
    CopyTicks,

    /// <summary>COPY of runs.</summary>
    CopyRuns,

    /// <summary>COPY of latest values, to their temporary table.</summary>
    CopyLatest,

    /// <summary>COPY of minute bars, to their temporary table.</summary>
    CopyBars,

    /// <summary>COPY of dealers' newest runs, to their temporary table.</summary>
    CopyRunLatest,

    /// <summary>COPY of rejected events, to their temporary table.</summary>
    CopyQuarantine,

    /// <summary>Latest values, from there into their table.</summary>
    MergeLatest,

    /// <summary>Minute bars, from there into their table.</summary>
    MergeBars,

    /// <summary>Dealers' newest runs, from there into their table.</summary>
    MergeRunLatest,

    /// <summary>Rejected events, from there into their table.</summary>
    InsertQuarantine,

    /// <summary>Definitions, producers, quality, gaps, bars that are gone, and the watermark, in one round trip.</summary>
    WriteSmallTables,

    /// <summary>COMMIT: what the server's disk takes.</summary>
    Commit,

    /// <summary>Which states of the grid are saved.</summary>
    ReadSavedStates,

    /// <summary>Saving the state of the grid, part by part.</summary>
    SaveState,

    /// <summary>Claiming a silo.</summary>
    ClaimSilo,

    /// <summary>The beginning of a group commit: its limits and locks, in one round trip.</summary>
    LockGrains,

    /// <summary>Definitions, in a group commit.</summary>
    WriteDefinitions,

    /// <summary>The commit's row, windows, tails and snapshots, in one round trip.</summary>
    WriteCommit,

    /// <summary>Rows of new grains.</summary>
    MakeGrains,

    /// <summary>Claiming grains.</summary>
    ClaimGrains,

    /// <summary>Windows, snapshots and later events of grains that were claimed.</summary>
    LoadGrains,
}

/// <summary>A statement that was sent and answered.</summary>
/// <param name="Statement">Which.</param>
/// <param name="Took">From sending it until its answer was read.</param>
/// <param name="Rows">Rows that it brought, as far as that is known.</param>
/// <param name="Failure">The SQLSTATE that it failed with, or <c>connection</c> where none came; null if it did not fail.</param>
public readonly record struct StatementRun(PostgresStatement Statement, TimeSpan Took, long Rows, string? Failure);

/// <summary>The names of statements as metrics and logs show them.</summary>
public static class PostgresStatements
{
    private static readonly string[] Names = [.. Enum.GetNames<PostgresStatement>().Select(SnakeCase)];

    /// <summary>How many there are.</summary>
    public static int Count => Names.Length;

    /// <summary>The name: <c>copy_ticks</c>.</summary>
    public static string Text(this PostgresStatement statement) => Names[(int)statement];

    private static string SnakeCase(string name)
    {
        var text = new StringBuilder();
        foreach (var letter in name)
        {
            text.Append(char.IsUpper(letter) && text.Length > 0 ? "_" : string.Empty).Append(char.ToLowerInvariant(letter));
        }

        return text.ToString();
    }
}
