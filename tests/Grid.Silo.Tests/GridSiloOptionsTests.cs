using Grid.Silo.Hosting;

namespace Grid.Silo.Tests;

public sealed class GridSiloOptionsTests
{
    [Fact]
    public void Defaults_are_these_and_only_database_and_name_are_missing()
    {
        var options = new GridSiloOptions();
        Assert.Equal(("grid", "127.0.0.1", 11_111, 30_000), (options.Cluster, options.Address, options.SiloPort, options.GatewayPort));
        Assert.Equal((TimeSpan.FromMilliseconds(500), 2, TimeSpan.FromSeconds(5)), (options.ProbeTimeout, options.ProbesMissedMax, options.ResponseTimeout));
        Assert.Equal((30, TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(2)), (options.SliceAttemptsMax, options.SliceRetryDelay, options.SliceRetryDelayMax));
        Assert.Equal((10_000, TimeSpan.FromSeconds(30), 500, 400, TimeSpan.FromHours(2)), (options.SnapshotEvents, options.SnapshotInterval, options.RecentTicksMax, options.RecentBarsMax, options.IdleMax));
        options.Postgres.ConnectionString = "Host=127.0.0.1;Database=grid";
        options.Commit.Silo = "silo-1";
        options.Validate();
    }

    [Fact]
    public void Everything_wrong_is_told_at_once()
    {
        var options = new GridSiloOptions
        {
            Cluster = string.Empty,
            Address = "here",
            SiloPort = 0,
            GatewayPort = 65_536,
            ProbeTimeout = TimeSpan.Zero,
            ProbesMissedMax = 0,
            ResponseTimeout = TimeSpan.Zero,
            SliceAttemptsMax = 0,
            SliceRetryDelay = TimeSpan.Zero,
            SliceRetryDelayMax = TimeSpan.Zero,
            SnapshotEvents = 99,
            SnapshotInterval = TimeSpan.Zero,
            RecentTicksMax = 9,
            RecentBarsMax = 9,
            IdleMax = TimeSpan.Zero,
        };
        options.Postgres.ConnectionString = "Host=127.0.0.1";
        options.Commit.Silo = "silo 1";
        Assert.Equal(
            """
            Option Commit:Silo: name 'silo 1' has byte 0x20 at position 4; only printable ASCII without spaces (0x21 to 0x7E) is allowed.
            Option Silo:Cluster is ''; it must have 1 to 100 characters.
            Option Silo:Address is 'here'; it must be an IP address.
            Option Silo:SiloPort is 0; it must be 1 to 65535.
            Option Silo:GatewayPort is 65536; it must be 0 to 65535.
            Option Silo:ProbeTimeout is 00:00:00; it must be 00:00:00.1000000 to 00:01:00.
            Option Silo:ProbesMissedMax is 0; it must be 1 to 100.
            Option Silo:ResponseTimeout is 00:00:00; it must be 00:00:00.5000000 to 00:05:00.
            Option Silo:SliceAttemptsMax is 0; it must be 1 to 1000.
            Option Silo:SliceRetryDelay is 00:00:00; it must be 00:00:00.0010000 to 00:01:00.
            Option Silo:SliceRetryDelayMax is 00:00:00; it must be 00:00:00.0010000 to 00:05:00.
            Option Silo:SnapshotEvents is 99; it must be 100 to 10000000.
            Option Silo:SnapshotInterval is 00:00:00; it must be 00:00:01 to 01:00:00.
            Option Silo:RecentTicksMax is 9; it must be 10 to 1000000.
            Option Silo:RecentBarsMax is 9; it must be 10 to 100000.
            Option Silo:IdleMax is 00:00:00; it must be 00:01:00 to 30.00:00:00.
            """,
            Assert.Throws<ArgumentException>(options.Validate).Message);
    }
}
