using Grid.Storage.Postgres;
using Npgsql;

namespace Grid.Storage.Tests.Postgres;

public sealed class PostgresOptionsTests
{
    [Fact]
    public void Defaults_are_these_and_only_the_address_is_missing()
    {
        var options = new PostgresOptions();
        Assert.Equal(
            ("", TimeSpan.FromMilliseconds(200), 10_000, 500_000, TimeSpan.FromSeconds(3)),
            (options.ConnectionString, options.FlushInterval, options.FlushRowsMin, options.FlushRowsMax, options.CommitTarget));
        Assert.Equal(
            (4, TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(10), "grid"),
            (options.ConnectionsMax, options.ConnectTimeout, options.StatementTimeout, options.StopTimeout, options.ApplicationName));
        Assert.Equal(TimeSpan.FromSeconds(1), options.SlowStatement);
        Assert.Equal((null, 0, 0, 0), (options.TickClasses, options.TickDays, options.RunDays, options.BarDays));
        Assert.Equal(TimeSpan.FromDays(1), options.StateInterval);
        Assert.Equal((false, false, false), (options.Migrate, options.TakeOver, options.AcceptMissing));
        Assert.Equal(
            (TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5), 5, TimeSpan.FromSeconds(30), 3),
            (options.RetryDelay, options.RetryDelayMax, options.CircuitFailures, options.CircuitOpenFor, options.CircuitSuccesses));
        options.ConnectionString = "Host=db";
        options.Validate();
    }

    [Fact]
    public void Everything_wrong_is_told_at_once()
    {
        var options = new PostgresOptions
        {
            ConnectionString = "Database=grid",
            FlushInterval = TimeSpan.Zero,
            FlushRowsMin = 99,
            FlushRowsMax = 98,
            CommitTarget = TimeSpan.Zero,
            ConnectionsMax = 1,
            ConnectTimeout = TimeSpan.Zero,
            StatementTimeout = TimeSpan.FromDays(1),
            SlowStatement = TimeSpan.FromMinutes(61),
            StopTimeout = TimeSpan.FromSeconds(-1),
            ApplicationName = "",
            TickDays = -1,
            RunDays = 40_000,
            BarDays = -2,
            StateInterval = TimeSpan.FromDays(31),
            RetryDelay = TimeSpan.Zero,
            RetryDelayMax = TimeSpan.FromHours(1),
            CircuitFailures = 0,
            CircuitOpenFor = TimeSpan.Zero,
            CircuitSuccesses = 1001,
        };
        Assert.Equal(
            """
            Option Postgres:ConnectionString: the PostgreSQL address names no host; it reads Host=…;Username=…;Password=…;Database=… or postgresql://user:password@host:port/database.
            Option Postgres:FlushInterval is 00:00:00; it must be 00:00:00.0010000 to 00:01:00.
            Option Postgres:FlushRowsMin is 99; it must be 100 to 1000000.
            Option Postgres:FlushRowsMax is 98; it must be 100 to 5000000.
            Option Postgres:FlushRowsMin is 99; it must be at most FlushRowsMax, 98.
            Option Postgres:CommitTarget is 00:00:00; it must be 00:00:00.0100000 to 00:01:00.
            Option Postgres:ConnectionsMax is 1; it must be 2 to 100.
            Option Postgres:ConnectTimeout is 00:00:00; it must be 00:00:01 to 00:05:00.
            Option Postgres:StatementTimeout is 1.00:00:00; it must be 00:00:01 to 01:00:00.
            Option Postgres:SlowStatement is 01:01:00; it must be 00:00:00 to 01:00:00.
            Option Postgres:StopTimeout is -00:00:01; it must be 00:00:00 to 00:10:00.
            Option Postgres:ApplicationName is ''; it must have 1 to 63 characters.
            Option Postgres:TickDays is -1; it must be 0 to 36500.
            Option Postgres:RunDays is 40000; it must be 0 to 36500.
            Option Postgres:BarDays is -2; it must be 0 to 36500.
            Option Postgres:StateInterval is 31.00:00:00; it must be 00:00:00.0100000 to 30.00:00:00.
            Option Postgres:RetryDelay is 00:00:00; it must be 00:00:00.0010000 to 00:01:00.
            Option Postgres:RetryDelayMax is 01:00:00; it must be 00:00:00.0010000 to 00:10:00.
            Option Postgres:CircuitFailures is 0; it must be 1 to 1000.
            Option Postgres:CircuitOpenFor is 00:00:00; it must be 00:00:00.0100000 to 01:00:00.
            Option Postgres:CircuitSuccesses is 1001; it must be 1 to 1000.
            """,
            Assert.Throws<ArgumentException>(options.Validate).Message);
    }

    [Fact]
    public void A_password_is_never_shown()
    {
        var options = new PostgresOptions { ConnectionString = "Host=db;Password=hidden;Nonsense=1" };
        Assert.DoesNotContain("hidden", Assert.Throws<ArgumentException>(options.Validate).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Limits_go_into_the_connection_string()
    {
        var settings = new NpgsqlConnectionStringBuilder(new PostgresOptions { ConnectionString = "postgresql://me@db/grid", ConnectionsMax = 7, ConnectTimeout = TimeSpan.FromSeconds(3) }.Settings());
        Assert.Equal((7, 3, 65, "grid", "db"), (settings.MaxPoolSize, settings.Timeout, settings.CommandTimeout, settings.ApplicationName, settings.Host));
    }
}
