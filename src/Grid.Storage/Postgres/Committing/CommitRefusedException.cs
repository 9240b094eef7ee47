namespace Grid.Storage.Postgres.Committing;

/// <summary>Why something is not committed, and will not be when it is asked for again.</summary>
public enum CommitRefusal
{
    /// <summary>A later activation has claimed the grain.</summary>
    StaleGrain = 1,

    /// <summary>A later start has claimed the silo.</summary>
    StaleSilo = 2,

    /// <summary>The database does not take a row; see <see cref="CommitRefusedException.Rows"/>.</summary>
    BadRow = 3,

    /// <summary>An earlier slice of this activation was refused, on which this one builds.</summary>
    BehindRefused = 4,

    /// <summary>The slice's batch is older than the window can tell.</summary>
    TooOld = 5,

    /// <summary>A later life of the slice's producer has sent slices since.</summary>
    OldProducer = 6,

    /// <summary>The committer has stopped; whether it was committed is not known.</summary>
    Stopped = 7,
}

/// <summary>A row that the database does not take.</summary>
/// <param name="Row">Its place in the slice, in the order of adding, from 0.</param>
/// <param name="Message">What the database said.</param>
public readonly record struct RefusedRow(int Row, string Message);

/// <summary>A slice or snapshot is not committed. The grain gives up its state: it no longer is what the database holds.</summary>
public sealed class CommitRefusedException : Exception
{
    internal CommitRefusedException(CommitRefusal reason, string message, IReadOnlyList<RefusedRow>? rows = null, Exception? cause = null)
        : base(message, cause)
    {
        Reason = reason;
        Rows = rows ?? [];
    }

    /// <summary>Why.</summary>
    public CommitRefusal Reason { get; }

    /// <summary>Of <see cref="CommitRefusal.BadRow"/>: the rows, as far as it is known which they are.</summary>
    public IReadOnlyList<RefusedRow> Rows { get; }
}
