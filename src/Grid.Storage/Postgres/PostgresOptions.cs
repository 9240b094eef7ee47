using System.Globalization;

namespace Grid.Storage.Postgres;

/// <summary>Options of what a grid keeps in PostgreSQL. <see cref="Validate"/> names every one that is out of its range.</summary>
public sealed class PostgresOptions
{
    /// <summary>Longest name that PostgreSQL shows of an application.</summary>
    public const int ApplicationNameMax = 63;

    /// <summary>Where the database is and who writes, as a connection string or a URI (<see cref="PostgresAddress"/>). Required.</summary>
    public string ConnectionString { get; set; } = string.Empty;

    /// <summary>From the beginning of one flush to that of the next, unless somebody waits for it; 1 ms to 1 minute, 200 ms by default.</summary>
    public TimeSpan FlushInterval { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Fewest rows that a flush is limited to when commits are slow; 100 to 1 million, 10,000 by default.</summary>
    public int FlushRowsMin { get; set; } = 10_000;

    /// <summary>Most rows that a flush takes when commits are quick; 100 to 5 million, 500,000 by default. A row takes about 100 bytes of memory, twice.</summary>
    public int FlushRowsMax { get; set; } = 500_000;

    /// <summary>What a flush may take before the next ones are made smaller; 10 ms to 1 minute, 3 s by default.</summary>
    public TimeSpan CommitTarget { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>Connections of the pool; 2 to 100, 4 by default.</summary>
    public int ConnectionsMax { get; set; } = 4;

    /// <summary>What connecting may take; 1 s to 5 minutes, 5 s by default.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>What one statement may take, on the server too; 1 s to 1 hour, 1 minute by default.</summary>
    public TimeSpan StatementTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// A statement that takes as long is logged, by its name and how many rows it brought, never with what is in them; 0 logs none, up to
    /// 1 hour, 1 s by default.
    /// </summary>
    public TimeSpan SlowStatement { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long stopping waits for what is still owed; what is not written then is written by the next start. 0 s to 10 minutes, 10 s by default.</summary>
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How the server shows the grid's connections; 1 to 63 characters, <c>grid</c> by default.</summary>
    public string ApplicationName { get; set; } = "grid";

    /// <summary>Classes of instruments whose ticks are kept; all if null, none if empty. Latest, bars and everything else is kept of all.</summary>
    public IReadOnlyList<string>? TickClasses { get; set; }

    /// <summary>
    /// Days of ticks that are kept, by event time, counted back from the day of the newest event (or from today, where events are ahead
    /// of it); 0 keeps all, up to 36,500. Older ones go by whole days, once a day.
    /// </summary>
    public int TickDays { get; set; }

    /// <summary>Days of runs that are kept, by session date; 0 keeps all, up to 36,500. Older ones go by whole months.</summary>
    public int RunDays { get; set; }

    /// <summary>Days of bars that are kept; 0 keeps all, up to 36,500. Older ones go by whole months.</summary>
    public int BarDays { get; set; }

    /// <summary>
    /// How old the newest saved state of the grid may be before another is saved, with which one can begin whose disk is lost; 10 ms to 30 days, 1 day by
    /// default, 0 for none. Beginning takes what came after the older of the two that are kept, which the days of ticks that are kept must reach back to.
    /// </summary>
    public TimeSpan StateInterval { get; set; } = TimeSpan.FromDays(1);

    /// <summary>Makes the schema, or brings it up to date, before anything is written; else a schema that is missing or older stops the start.</summary>
    public bool Migrate { get; set; }

    /// <summary>
    /// Takes a database over from the data folder that wrote to it before, which is then shut out. A data folder that is empty begins with what the database holds.
    /// </summary>
    public bool TakeOver { get; set; }

    /// <summary>Goes on where the journal lost frames that the database does not have yet; else that stops the start.</summary>
    public bool AcceptMissing { get; set; }

    /// <summary>Wait before the second attempt; doubled for each further one, up to <see cref="RetryDelayMax"/>, each time with jitter. 1 ms to 1 minute, 100 ms by default.</summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest wait between two attempts; 1 ms to 10 minutes, 5 s by default.</summary>
    public TimeSpan RetryDelayMax { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Attempts in a row that must fail before none is made for <see cref="CircuitOpenFor"/>; 1 to 1,000, 5 by default.</summary>
    public int CircuitFailures { get; set; } = 5;

    /// <summary>How long no attempt is made then; 10 ms to 1 hour, 30 s by default.</summary>
    public TimeSpan CircuitOpenFor { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Attempts in a row that must succeed afterwards before a failure counts as the first again; 1 to 1,000, 3 by default.</summary>
    public int CircuitSuccesses { get; set; } = 3;

    /// <summary>Checks every value.</summary>
    /// <exception cref="ArgumentException">One line for each that is wrong: its name, its value and the rule.</exception>
    public void Validate()
    {
        var faults = new List<string>();
        CheckConnectionString(faults);
        CheckRange(nameof(FlushInterval), FlushInterval, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1));
        CheckRange(nameof(FlushRowsMin), FlushRowsMin, 100, 1_000_000);
        CheckRange(nameof(FlushRowsMax), FlushRowsMax, 100, 5_000_000);
        if (FlushRowsMin > FlushRowsMax)
        {
            faults.Add($"Option Postgres:{nameof(FlushRowsMin)} is {FlushRowsMin}; it must be at most {nameof(FlushRowsMax)}, {FlushRowsMax}.");
        }

        CheckRange(nameof(CommitTarget), CommitTarget, TimeSpan.FromMilliseconds(10), TimeSpan.FromMinutes(1));
        CheckRange(nameof(ConnectionsMax), ConnectionsMax, 2, 100);
        CheckRange(nameof(ConnectTimeout), ConnectTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5));
        CheckRange(nameof(StatementTimeout), StatementTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
        CheckRange(nameof(SlowStatement), SlowStatement, TimeSpan.Zero, TimeSpan.FromHours(1));
        CheckRange(nameof(StopTimeout), StopTimeout, TimeSpan.Zero, TimeSpan.FromMinutes(10));
        if (ApplicationName.Length is 0 or > ApplicationNameMax)
        {
            faults.Add($"Option Postgres:{nameof(ApplicationName)} is '{ApplicationName}'; it must have 1 to {ApplicationNameMax} characters.");
        }

        CheckRange(nameof(TickDays), TickDays, 0, 36_500);
        CheckRange(nameof(RunDays), RunDays, 0, 36_500);
        CheckRange(nameof(BarDays), BarDays, 0, 36_500);
        if (StateInterval != TimeSpan.Zero)
        {
            CheckRange(nameof(StateInterval), StateInterval, TimeSpan.FromMilliseconds(10), TimeSpan.FromDays(30));
        }

        CheckRange(nameof(RetryDelay), RetryDelay, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(1));
        CheckRange(nameof(RetryDelayMax), RetryDelayMax, TimeSpan.FromMilliseconds(1), TimeSpan.FromMinutes(10));
        CheckRange(nameof(CircuitFailures), CircuitFailures, 1, 1000);
        CheckRange(nameof(CircuitOpenFor), CircuitOpenFor, TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1));
        CheckRange(nameof(CircuitSuccesses), CircuitSuccesses, 1, 1000);
        if (faults.Count > 0)
        {
            throw new ArgumentException(string.Join('\n', faults));
        }

        void CheckRange<T>(string option, T value, T lowest, T highest)
            where T : IComparable<T>, IFormattable
        {
            if (value.CompareTo(lowest) < 0 || value.CompareTo(highest) > 0)
            {
                faults.Add(string.Create(CultureInfo.InvariantCulture, $"Option Postgres:{option} is {value}; it must be {lowest} to {highest}."));
            }
        }
    }

    /// <summary>The connection string with the options that belong into it.</summary>
    internal string Settings()
    {
        var settings = PostgresAddress.Parse(ConnectionString).Settings(ApplicationName);
        settings.Timeout = (int)ConnectTimeout.TotalSeconds;

        // The server ends a statement itself; this is for a server that does not answer at all.
        settings.CommandTimeout = (int)StatementTimeout.TotalSeconds + 5;
        settings.CancellationTimeout = (int)ConnectTimeout.TotalMilliseconds;
        settings.MaxPoolSize = ConnectionsMax;
        return settings.ConnectionString;
    }

    private void CheckConnectionString(List<string> faults)
    {
        try
        {
            PostgresAddress.Parse(ConnectionString);
        }
        catch (ArgumentException e)
        {
            faults.Add($"Option Postgres:{nameof(ConnectionString)}: {e.Message}.");
        }
    }
}
